"""What a terminal shows while something takes long. Not a command."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TextIO

from emulator.commands.tables import is_for_people
from emulator.output import plain

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 0.5
"""Seconds after which something takes long."""


class ProgressBar:
    """Shows how many bytes of a total have been read; only on a terminal."""

    def __init__(self, total: int, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        stream = stream or sys.stderr
        is_shown = not quiet and total > 0 and is_for_people(stream)
        self._bar = _bar(stream, total) if is_shown else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, amount: int) -> None:
        """Count bytes."""
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], amount)


def _bar(stream: TextIO, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn

    columns = (BarColumn(), TaskProgressColumn(), DownloadColumn())
    bar = Progress(*columns, console=Console(file=stream), transient=True)
    bar.add_task("", total=total)
    return bar


@contextmanager
def waiting(text: str, *, stream: TextIO | None = None) -> Iterator[None]:
    """Say on a terminal what is waited for, once that takes long, and take it away at the end."""
    stream = stream or sys.stderr
    if not is_for_people(stream):
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_show_wait, args=(stream, text, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show_wait(stream: TextIO, text: str, over: threading.Event) -> None:
    if over.wait(DELAY):
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=stream).status(Text(plain(text))):
        over.wait()
