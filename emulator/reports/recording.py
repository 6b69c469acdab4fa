"""What a report on recorded traffic adds: what was read, and what another edition changes."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.json_types import JsonObject
from emulator.plurals import counted

KINDS = {
    "nowRefused": "refused, though accepted before",
    "nowWarned": "accepted with a new warning",
    "errorChanged": "refused as before, with another answer",
    "responseChanged": "accepted as before, answered in another shape",
    "nowAccepted": "accepted, though refused before",
    "undecided": "rules that the recording cannot decide",
}
"""Kinds of changes in words, the worst first."""


def with_recording(
    report: JsonObject, recording: JsonObject, comparison: JsonObject | None
) -> JsonObject:
    """Return a report with the counts of what was read, and the comparison of editions if any.

    `sections` has the same as titles and lines, which every format of a report shows.
    """
    sections = [{"title": "Recording", "lines": list(recording_lines(recording))}]
    found: JsonObject = {"recording": recording}
    if comparison is not None:
        found["comparison"] = comparison
        title = f"From {comparison['from']} to {comparison['to']}"
        sections.append({"title": title, "lines": list(comparison_lines(comparison))})
    return {**report, **found, "sections": sections}


def recording_lines(recording: JsonObject) -> Iterator[str]:
    """Yield how much was read, judged and skipped."""
    read, judged = recording["read"], recording["judged"]
    yield f"{_calls(read)} read, {judged} judged"
    if recording["unanswered"]:
        yield f"{_calls(recording['unanswered'])} without a response"
    if recording["undecided"]:
        yield f"{_calls(recording['undecided'])} for which the recording leaves a rule undecided"
    skipped = recording["skipped"]
    for host, times in skipped["hosts"].items():
        yield f"{_calls(times)} to {host} skipped: not a host of the platform"
    if times := skipped["preflights"]:
        yield f"{_calls(times)} skipped: a browser's preflight"
    for path, times in skipped["apis"].items():
        yield f"{_calls(times)} to {path} skipped: an API that the contract does not cover"


def comparison_lines(comparison: JsonObject) -> Iterator[str]:
    """Yield the changes of each operation, the worst first, each with its reason."""
    yield f"{comparison['unchanged']} of {_calls(comparison['calls'])} are treated as before"
    kind = ""
    for row in comparison["changes"]:
        if row["kind"] != kind:
            kind = row["kind"]
            yield f"{_calls(comparison['counts'][kind])} {KINDS[kind]}:"
        yield f"  {row['operation'] or 'no operation'}: {row['cause']}  ({_calls(row['count'])})"
        yield f"    {row['states']}"
        for document in row["documents"][:2]:
            yield f"    {document['title']}, {document['publisher']} {document['date']}"
        if row.get("counterpart"):
            yield f"    before: {row['counterpart']['states']}"
        if row["detail"]:
            yield f"    {row['detail']}"
        for example in row["examples"][:1]:
            place = f" at {example['at']}" if example.get("at") else ""
            yield f"    {example['source']}: {example['method']} {example['path']}{place}"


def _calls(number: int) -> str:
    return counted(number, "call")
