"""What a report on recorded traffic says besides: what was read, what another edition changes."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.json_types import JsonObject

KINDS = {
    "nowRefused": "refused, though accepted before",
    "nowWarned": "accepted with a new warning",
    "errorChanged": "refused as before, with another answer",
    "responseChanged": "accepted as before, answered in another shape",
    "nowAccepted": "accepted, though refused before",
    "undecided": "rules that the recording cannot decide",
}
"""In words, by the kind of change."""


def with_recording(
    report: JsonObject, recording: JsonObject, comparison: JsonObject | None
) -> JsonObject:
    """Return a report with what was read, and with what a comparison of editions has found.

    `sections` says the same for people: titles and lines, which every form of a report shows.
    """
    sections = [{"title": "Recording", "lines": list(recording_lines(recording))}]
    found: JsonObject = {"recording": recording}
    if comparison is not None:
        found["comparison"] = comparison
        title = f"From {comparison['from']} to {comparison['to']}"
        sections.append({"title": title, "lines": list(comparison_lines(comparison))})
    return {**report, **found, "sections": sections}


def recording_lines(recording: JsonObject) -> Iterator[str]:
    """Yield how much was read, judged and left out."""
    read, judged = recording["read"], recording["judged"]
    yield f"{_calls(read)} read, {judged} judged"
    if recording["unanswered"]:
        yield f"{_calls(recording['unanswered'])} without a reply"
    if recording["undecided"]:
        yield f"{_calls(recording['undecided'])} about which the recording leaves a rule undecided"
    left_out = recording["skipped"]
    for host, times in left_out["hosts"].items():
        yield f"{_calls(times)} to {host} left out: not the platform"
    if times := left_out["preflights"]:
        yield f"{_calls(times)} left out: a browser's preflight"
    for path, times in left_out["apis"].items():
        yield f"{_calls(times)} to {path} left out: no document covers it"


def comparison_lines(comparison: JsonObject) -> Iterator[str]:
    """Yield what changes for whom, the worst first, each with its reason."""
    yield f"{comparison['unchanged']} of {_calls(comparison['calls'])} are taken as before"
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
    return f"{number} call{'' if number == 1 else 's'}"
