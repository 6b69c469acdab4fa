"""Entries as JSON: every secret masked, and long bodies truncated."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.journal.entry import Entry, EntryFinding
from emulator.journal.masks import mask_api_key, mask_body, mask_headers, mask_query
from emulator.json_types import MAX_DEPTH, MISSING, Json, JsonObject, is_deeper_than, loads
from emulator.moments import utc_text

MAX_BODY_BYTES = 64 * 1024
"""How many bytes of a body are shown."""


def short_entry(entry: Entry) -> JsonObject:
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
            "apiKey": mask_api_key(entry.headers.get("x-api-key", "")),
        },
        "expects": list(entry.expects),
        "faults": list(entry.faults),
        "findings": [finding_json(item, classifications[item.rule]) for item in entry.findings],
    }
    recorded = {"source": entry.source, "deviations": list(entry.deviations)}
    return row | {name: value for name, value in recorded.items() if value}


def full_entry(entry: Entry) -> JsonObject:
    """Return the summary of an entry, and its request and response (`format=full`)."""
    parameters = {} if entry.document is None else entry.document.get("path", {})
    return {
        **short_entry(entry),
        "request": {
            "method": entry.method,
            "url": entry.base_url + target(entry),
            "path": dict(parameters),
            "headers": mask_headers(entry.headers),
            **_body(entry.body, entry.headers.get("content-type", ""), entry.body_truncated),
        },
        "response": {
            "status": entry.status,
            "headers": mask_headers({k.lower(): v for k, v in entry.response_headers.items()}),
            **_body(entry.response_body, "", entry.response_truncated),
        },
    }


def outcome(entry: Entry) -> str:
    """Return `refused`, `warned` or `accepted`."""
    if entry.status >= 400:
        return "refused"
    return "warned" if any(not item.mute_reason for item in entry.findings) else "accepted"


def target(entry: Entry) -> str:
    """Return path and query string, masked."""
    query = mask_query(entry.query_string)
    return f"{entry.path}?{query}" if query else entry.path


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


def _body(body: bytes, content_type: str, is_truncated: bool) -> JsonObject:
    """Return the members `size` and, if it is JSON, `body`, else `text` and maybe `truncated`."""
    if not body:
        return {}
    masked = mask_body(body, content_type)
    members: JsonObject = {"size": len(body)}
    if len(masked) <= MAX_BODY_BYTES and not is_truncated:
        value = _json(masked)
        if value is not MISSING:
            return {**members, "body": value}
    members["text"] = masked[:MAX_BODY_BYTES].decode("utf-8", "replace")
    if is_truncated or len(masked) > MAX_BODY_BYTES:
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
