"""What clients send and coverage shows: names of tests, methods and paths, without secrets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emulator.budgets import MAX_PLACES, MAX_TEST_NAME

if TYPE_CHECKING:
    from emulator.journal.entry import Entry

OTHERS = "(others)"
"""The name of what is not told apart any more."""

MAX_METHOD = 40
"""Characters that are shown of a method, which may be any word."""


def shown_name(name: str) -> str:
    """Return a name that a client sends as it is counted: without secrets, and not too long."""
    if not name:
        return name
    from emulator.masking.texts import mask_text  # with the first named test

    return mask_text(name[:MAX_TEST_NAME])


class Places:
    """Methods and paths of requests that belong to no operation, as they are shown and counted."""

    def __init__(self) -> None:
        self._counters = 0
        self._shown: dict[tuple[str, str], str] = {}

    def of(self, entry: Entry) -> str:
        """Return method and path of a call; they are remembered, because masking takes long."""
        sent = (entry.method[:MAX_METHOD], entry.path[:MAX_TEST_NAME])
        shown = self._shown.get(sent)
        if shown is None:
            if len(self._shown) >= MAX_PLACES:
                return OTHERS
            from emulator.journal.masked import masked  # with the first unknown path

            shown = f"{sent[0]} {masked(entry).path[:MAX_TEST_NAME]}"
            self._shown[sent] = shown
        return shown

    def count(self, counts: Counter[str], place: str, number: int = 1) -> None:
        """Count requests of one method and path; those that there is no room for are one."""
        if place not in counts and place != OTHERS:
            if self._counters >= MAX_PLACES:
                place = OTHERS
            else:
                self._counters += 1
        counts[place] += number
