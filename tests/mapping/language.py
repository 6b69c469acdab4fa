"""What the tests of the mapping language share: a clock that stands still, and short ways in."""

from __future__ import annotations

from typing import Any

from emulator.clock import ManualClock
from emulator.mapping import Context, Mapped, compile_expression, compile_mapping_set
from emulator.mapping.values import plain

CLOCK = ManualClock(1_635_243_024_000)
"""2021-10-26T10:10:24Z."""


def evaluated(expression: str, row: dict[str, Any] | None = None, clock: int | None = None) -> Any:
    """The value of an expression for a row, as JSON."""
    row = row or {}
    time = CLOCK if clock is None else ManualClock(clock)
    return plain(compile_expression(expression).read(row, Context(time, row=row)))


def mapped(row: dict[str, Any], *mappings: tuple[str, Any, str], **options: Any) -> Mapped:
    """What a row becomes by mappings given as (sourceType, source, destination)."""
    names = ("sourceType", "source", "destination")
    stored = [dict(zip(names, one, strict=True)) for one in mappings]
    return compile_mapping_set(stored, clock=CLOCK, **options).apply(row)
