"""Entries as JSON, with long bodies truncated. They are masked before: `journal.masked`."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.budgets import JOURNAL_EXCERPT_BYTES
from emulator.journal.entry import Entry, EntryFinding
from emulator.journal.masked import MaskedEntry
from emulator.json_types import MAX_DEPTH, MISSING, Json, JsonObject, is_deeper_than, loads
from emulator.moments import utc_text

FAULT_HEADER = "x-emulator-fault"
"""The request header that brings a fault for one call."""


def short_entry(entry: MaskedEntry) -> JsonObject:
    """Return the summary of an entry that lists show (`format=short`)."""
    classifications = entry.classifications()
    row = {
        "id": entry.number,
        "time": iso_time(entry.time),
        "test": entry.test,
        "operation": entry.operation,
        "service": entry.service,
        "method": entry.method,
        "path": target(entry),
        "status": entry.status,
        "outcome": outcome(entry),
        "organization": entry.organization,
        "sandbox": entry.sandbox,
        "edition": entry.edition,
        "enforce": entry.enforce,
        "client": {
            "userAgent": entry.user_agent,
            "apiKey": entry.headers.get("x-api-key", ""),
        },
        "expects": list(entry.expects),
        "faults": list(entry.faults),
        "findings": [finding_json(item, classifications[item.rule]) for item in entry.findings],
    }
    recorded = {
        "faulted": fault_text(entry),
        "source": entry.source,
        "deviations": list(entry.deviations),
    }
    return row | {name: value for name, value in recorded.items() if value}


def full_entry(entry: MaskedEntry, max_body: int = JOURNAL_EXCERPT_BYTES) -> JsonObject:
    """Return the summary of an entry, and its request and response (`format=full`).

    Of a body of more than `max_body` bytes the beginning is shown.
    """
    sent, answered = entry.body, entry.response_body
    return {
        **short_entry(entry),
        "request": {
            "method": entry.method,
            "url": entry.base_url + target(entry),
            "path": dict(entry.parameters),
            "headers": dict(entry.headers),
            **_body(sent, max_body, is_truncated=entry.body_truncated),
        },
        "response": {
            "status": entry.status,
            "headers": dict(entry.response_headers),
            **_body(answered, max_body, is_truncated=entry.response_truncated),
        },
    }


def outcome(entry: Entry) -> str:
    """Return `refused`, `warned` or `accepted`."""
    if entry.status >= 400:
        return "refused"
    return "warned" if any(not item.mute_reason for item in entry.findings) else "accepted"


def fault_text(entry: Entry) -> str:
    """Return what faults did to a call, and what ends them; empty if none hit it."""
    if not entry.faults:
        return ""
    named = f"{'fault' if len(entry.faults) == 1 else 'faults'} {', '.join(entry.faults)}"
    said = f"answered by {named}" if entry.is_faulted else f"hit by {named}"
    own = "the call's own header asks for it" if FAULT_HEADER in entry.headers else ""
    return f"{said}: {own or '`aep-emulator faults clear` ends that'}"


def target(entry: MaskedEntry) -> str:
    """Return path and query string."""
    return f"{entry.path}?{entry.query_string}" if entry.query_string else entry.path


def finding_json(item: EntryFinding, classification: str) -> JsonObject:
    """Return a finding as JSON."""
    row = {
        "rule": item.rule,
        "severity": item.severity,
        "at": item.at,
        "reason": item.reason,
        "refused": item.refused,
        "isRule": item.is_rule,
        "classification": classification,
    }
    return {**row, "muteReason": item.mute_reason} if item.mute_reason else row


def iso_time(milliseconds: int) -> str:
    """Return a time in ISO 8601, UTC."""
    return utc_text(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _body(body: bytes, max_body: int, *, is_truncated: bool) -> JsonObject:
    """Return the members `size` and, if it is JSON, `body`, else `text` and maybe `truncated`."""
    if not body:
        return {}
    members: JsonObject = {"size": len(body)}
    if len(body) <= max_body and not is_truncated:
        value = _json(body)
        if value is not MISSING:
            return {**members, "body": value}
    members["text"] = body[:max_body].decode("utf-8", "replace")
    if is_truncated or len(body) > max_body:
        members["truncated"] = True
    return members


def _json(body: bytes) -> Json:
    """Return the JSON value of a body; MISSING if it is not JSON or too deep."""
    if is_deeper_than(body, MAX_DEPTH):
        return MISSING
    try:
        return loads(body)
    except ValueError:
        return MISSING
