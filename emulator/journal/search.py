"""The filters and pages of `GET /_emulator/journal`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile

from emulator.journal.entry import Entry
from emulator.journal.entry_json import outcome
from emulator.json_types import JsonObject
from emulator.moments import to_milliseconds

PAGE = 50
"""How many entries a page has unless the parameter `limit` says otherwise."""

MAX_PAGE = 1000

Test = Callable[[Entry], bool]


class SearchError(ValueError):
    """A filter is unknown or has a value that cannot be used; the message says which."""


def _equal(name: str) -> Callable[[str], Test]:
    return lambda wanted: lambda entry: bool(getattr(entry, name) == wanted)


def _status(wanted: str) -> Test:
    if len(wanted) != 3 or not wanted[0].isdecimal():
        raise SearchError(f"status: {wanted!r} is not a status such as 404 or 4xx")
    if wanted[1:].lower() == "xx":
        return lambda entry: entry.status // 100 == int(wanted[0])
    if not wanted.isdecimal():
        raise SearchError(f"status: {wanted!r} is not a status such as 404 or 4xx")
    return lambda entry: entry.status == int(wanted)


def _rule(wanted: str) -> Test:
    return lambda entry: any(item.rule == wanted for item in entry.findings)


def _client(wanted: str) -> Test:
    return lambda entry: wanted in entry.user_agent or entry.headers.get("x-api-key") == wanted


def _outcome(wanted: str) -> Test:
    if wanted not in ("accepted", "warned", "refused"):
        raise SearchError(f"outcome: {wanted!r} is not one of accepted, warned, refused")
    return lambda entry: outcome(entry) == wanted


def _since(wanted: str) -> Test:
    since = _milliseconds(wanted)
    return lambda entry: entry.time >= since


def _milliseconds(text: str) -> int:
    if text.isdecimal() and len(text) <= 18:
        return int(text)
    try:
        return to_milliseconds(text)
    except ValueError as error:
        expected = "milliseconds since 1970, or a time with its zone such as 2026-01-31T12:00:00Z"
        raise SearchError(f"since: {error}; expected {expected}") from error


FILTERS: dict[str, Callable[[str], Test]] = {
    "operation": _equal("operation"),
    "service": _equal("service"),
    "status": _status,
    "rule": _rule,
    "test": _equal("test"),
    "client": _client,
    "sandbox": _equal("sandbox"),
    "organization": _equal("organization"),
    "outcome": _outcome,
    "since": _since,
}


def filtered(entries: Iterable[Entry], asked: Mapping[str, str]) -> Iterable[Entry]:
    """Return the entries that pass every filter.

    Raises:
        SearchError: A filter is unknown, or its value cannot be used.
    """
    unknown = set(asked) - set(FILTERS)
    if unknown:
        known = ", ".join(FILTERS)
        raise SearchError(f"{', '.join(sorted(unknown))}: unknown; expected one of {known}")
    tests = [FILTERS[name](value) for name, value in asked.items()]
    return (entry for entry in entries if all(test(entry) for test in tests))


def last_remarkable(newest_first: Iterable[Entry]) -> Entry | None:
    """Return the latest call that was refused, by a rule or a fault; else that with the most.

    That is the latest with a violation or a warning, or without such the latest with a note; if
    there is nothing to say of any call, it is None.
    """
    found: Entry | None = None
    best = 0
    for entry in newest_first:
        if entry.refusal is not None or entry.is_faulted:
            return entry
        severities = {item.severity for item in entry.findings}
        weight = 2 if severities & {"error", "warning"} else 1 if severities else 0
        if weight > best:
            found, best = entry, weight
    return found


def later_than(found: Entry, newest_first: Iterable[Entry]) -> JsonObject:
    """Return what came after the `last_remarkable` call: nothing that was refused.

    `lastAccepted` is the number of the last call, or None; `later` has how many `calls` there were,
    and the number of the `lastWarned`, or None.
    """
    later = list(takewhile(lambda entry: entry.number > found.number, newest_first))
    warned = (entry.number for entry in later if outcome(entry) == "warned")
    return {
        "lastAccepted": later[0].number if later else None,
        "later": {"calls": len(later), "lastWarned": next(warned, None)},
    }
