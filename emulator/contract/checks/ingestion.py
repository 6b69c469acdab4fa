"""Checks of files that come and go in ranges of bytes."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.byte_ranges import read_byte_range, read_content_range
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, short_json


def content_range(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A header Content-Range names a range within its total, and the body has as many bytes."""
    found = read_content_range(str(value))
    if found is None:
        yield Reason(f"{short_json(value)} is not of the form bytes 0-82/164")
        return
    first, last, total = found
    length = lookup.request["content"].get("length", 0)
    if not first <= last < total:
        yield Reason(f"{short_json(value)} is not a range of {total} bytes")
    elif last - first + 1 != length:
        yield Reason(f"{short_json(value)} names {last - first + 1} bytes, but {length} were sent")


def satisfiable_range(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A header Range begins within a file; the fact, as in `ask`, is how many bytes it has."""
    size = ask(value, arguments, lookup)
    found = None if size is None else read_byte_range(str(value), size)
    if found and found.first >= size:
        yield Reason(f"the file has {size} bytes", values={"size": size, "value": value})


def cover_once(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Ranges of bytes cover a file once: no holes, no overlaps, one total, and some bytes.

    The fact, as in `ask`, lists them as [first, last, total], or is None if there is no such file.
    """
    ranges = ask(value, arguments, lookup)
    if ranges is None:
        return
    totals = sorted({total for _, _, total in ranges})
    expected = 0
    for first, last, _ in sorted(ranges) if len(totals) == 1 else ():
        if first != expected:
            fault = "overlap" if first < expected else "leave a hole"
            yield Reason(f"its ranges {fault} at byte {min(first, expected)}")
            return
        expected = last + 1
    if not totals:
        yield Reason("nothing was sent of it")
    elif len(totals) > 1:
        yield Reason(f"its ranges are of {totals} bytes")
    elif expected != totals[0]:
        yield Reason(f"its ranges end at byte {expected} of {totals[0]}")
