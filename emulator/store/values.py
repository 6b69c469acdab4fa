"""What an emulator has been told to be like while it runs: edition, enforcement, clock, faults."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

MADE = "made"
"""Of an isolated emulator: that there is one."""

CLOCK = "clock"
"""Where a clock stands that has been moved; a reset moves it back and keeps this."""

FAULTS = "faults"
"""The faults that are set, and what they have hit."""

FAULTS_FILE = "faults file"
"""Which file the first of them came from."""

LASTING = (MADE, CLOCK)
"""What a reset does not take away."""


class Values(Protocol):
    """Texts by name, which are as they were last set, by whichever process."""

    def all(self) -> Mapping[str, str]:
        """Return the values that are not as the settings have them."""

    def set(self, name: str, value: str) -> None:
        """Set a value; an empty one is as the settings have it."""

    def clear(self) -> None:
        """Let everything be as the settings have it, but for what lasts."""

    def forget(self) -> None:
        """Forget everything."""

    def exclusive(self) -> AbstractContextManager[object]:
        """Let nobody else, in any process, change in the block what it reads and sets.

        In memory nobody else does.
        """


class MemoryValues:
    """The values of one process."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self.clear = self.forget = self._values.clear

    def all(self) -> Mapping[str, str]:
        return self._values

    def set(self, name: str, value: str) -> None:
        if value:
            self._values[name] = value
        else:
            self._values.pop(name, None)

    def exclusive(self) -> AbstractContextManager[object]:
        return nullcontext()
