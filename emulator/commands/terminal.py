"""Everything that commands print: names of requests and recordings cannot command the terminal."""

from __future__ import annotations

import sys

from emulator.output import plain


def say(text: str, *, is_error: bool = False, end: str = "\n", flush: bool = False) -> None:
    """Print a text to standard output, or to standard error."""
    stream = sys.stderr if is_error else sys.stdout
    stream.write(plain(text) + end)
    if flush:
        stream.flush()
