"""What an emulator has been told to be like while it runs: its edition and its enforcement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Values(Protocol):
    """Texts by name, which are as they were last set, by whichever process."""

    def all(self) -> Mapping[str, str]:
        """Return the values that are not as the settings have them."""

    def set(self, name: str, value: str) -> None:
        """Set a value."""

    def clear(self) -> None:
        """Let everything be as the settings have it."""


class MemoryValues:
    """The values of one process."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self.clear = self._values.clear

    def all(self) -> Mapping[str, str]:
        return self._values

    def set(self, name: str, value: str) -> None:
        self._values[name] = value
