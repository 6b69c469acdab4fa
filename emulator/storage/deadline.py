"""Calls of drivers that may hang: they get a time, and whoever waits can be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from emulator.storage.base import StorageError

_T = TypeVar("_T")
_STEP = 0.05
"""Seconds between two looks at whether to go on."""


class _Task(Generic[_T]):
    """A call in a thread of its own, which nobody has to wait for."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._call = call
        self._done = threading.Event()
        self.results: list[_T] = []
        self.error: BaseException | None = None
        threading.Thread(target=self._work, name="storage", daemon=True).start()

    def _work(self) -> None:
        try:
            self.results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self.error = error
        self._done.set()

    def ends_within(self, seconds: float) -> bool:
        return self._done.wait(seconds)


def within(seconds: float, check: Callable[[], object], call: Callable[[], _T]) -> _T:
    """Return what a call returns, or raise what it raises.

    Args:
        seconds: How long it may take.
        check: Raises an exception if nobody wants the result any more.
        call: What may hang. If it takes too long it is left alone, in a thread of its own.

    Raises:
        StorageError: It took longer.
    """
    task, left = _Task(call), seconds
    while not task.ends_within(min(_STEP, left)):
        check()
        left -= _STEP
        if left <= 0:
            raise StorageError("unreachable", f"It has not answered for {seconds:g} seconds.")
    if task.error is not None:
        raise task.error
    return task.results[0]
