"""What an expression may know besides its arguments: the row, the time, and chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from emulator.json_types import Json, JsonObject
from emulator.moments import EPOCH

if TYPE_CHECKING:
    from emulator.clock import Clock


@dataclass(slots=True)
class Context:
    """One row's surroundings. The same clock, seed, number and row give the same values."""

    clock: Clock
    seed: str = ""
    number: int = 0
    row: JsonObject = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    _milliseconds: int | None = None
    _drawn: int = 0

    def milliseconds(self) -> int:
        """Return milliseconds since 1970-01-01 UTC, the same all through a row."""
        if self._milliseconds is None:
            self._milliseconds = self.clock.now()
        return self._milliseconds

    def now(self) -> datetime:
        """Return the moment of this row, in UTC."""
        return EPOCH + timedelta(milliseconds=self.milliseconds())

    def uuid(self) -> str:
        """Return the next version 4 UUID, a pure function of seed, row number and order."""
        self._drawn += 1
        text = f"{self.seed}\x00mapping\x00{self.number}\x00{self._drawn}"
        digits = blake2b(text.encode(), digest_size=16).hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )
