"""A progress bar for terminals. Not a command."""

from __future__ import annotations

import sys
from typing import Self, TextIO

WIDTH = 30
STEPS = 200
"""How often the bar is drawn at most."""


class ProgressBar:
    """Shows how many bytes of a total have been read; only on a terminal."""

    def __init__(self, total: int, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._total = total
        self._is_shown = not quiet and total > 0 and self._stream.isatty()
        self._done = 0
        self._drawn = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn >= 0:
            # Erase the bar: the next output begins in its line.
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def advance(self, amount: int) -> None:
        """Count bytes, and draw the bar if it has moved."""
        self._done += amount
        if not self._is_shown:
            return
        step = min(STEPS, self._done * STEPS // self._total)
        if step != self._drawn:
            self._drawn = step
            self._draw(step)

    def _draw(self, step: int) -> None:
        filled = WIDTH * step // STEPS
        bar = "#" * filled + "-" * (WIDTH - filled)
        megabytes = f"{self._done / 1e6:.1f} of {self._total / 1e6:.1f} MB"
        self._stream.write(f"\r[{bar}] {100 * step // STEPS:3} %  {megabytes}")
        self._stream.flush()
