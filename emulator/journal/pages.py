"""Pages of journaled calls, written one call at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emulator.budgets import JOURNAL_PAGE_BYTES
from emulator.journal.entry import Entry
from emulator.journal.entry_json import full_entry, short_entry
from emulator.journal.masked import masked
from emulator.json_types import dumps


def page(entries: Iterable[Entry], limit: int, *, is_full: bool) -> Iterator[bytes]:
    """Yield a page piece by piece: `entries`, and `nextCursor` if there are more than fit.

    The cursor is the number of the page's last entry. A page ends early where it becomes too long.
    """
    show = full_entry if is_full else short_entry
    left = JOURNAL_PAGE_BYTES
    last = 0
    yield b'{"entries":['
    for number, entry in enumerate(entries):
        if number == limit or left <= 0:
            yield b'],"nextCursor":%d}' % last
            return
        shown = dumps(show(masked(entry)))
        left -= len(shown)
        last = entry.number
        yield shown if number == 0 else b"," + shown
    yield b"]}"
