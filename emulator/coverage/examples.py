"""Calls that a coverage keeps as examples of broken rules, masked, as JSON."""

from __future__ import annotations

from emulator.budgets import KIB, MAX_EXAMPLE_BYTES
from emulator.journal.entry import Entry
from emulator.journal.entry_json import full_entry, short_entry
from emulator.journal.masked import masked
from emulator.json_types import JsonObject, dumps

_CUT = 4 * KIB
"""Bytes that are kept of each body, where both are too long together."""


def example_of(entry: Entry) -> bytes:
    """Return a call as JSON, as `format=full` shows it; of a long one less."""
    shown = masked(entry)
    for max_body in (MAX_EXAMPLE_BYTES, _CUT):
        content = dumps(full_entry(shown, max_body))
        if len(content) <= MAX_EXAMPLE_BYTES:
            return content
    short = short_entry(shown)
    request = {"method": entry.method, "url": short["path"][:_CUT], "headers": {}}
    row: JsonObject = {**short, "path": request["url"], "request": request, "response": {}}
    return dumps({**row, "findings": short["findings"][:1]})
