"""What is known of a database that does not answer, so that few wait for it in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from emulator.store.base import StoreUnavailable

RETRY_SECONDS = 1.0
"""How long nobody tries again after somebody has waited in vain."""


class StoreSilent(StoreUnavailable):
    """The store has let a call wait, and has not answered."""


class Outages:
    """After one call has waited in vain the next ones fail at once; now and then one tries."""

    def __init__(self) -> None:
        """Begin with a database that answers."""
        self._reason = ""
        self._next_try = 0.0
        self._tries = threading.Lock()

    @contextmanager
    def watched(self) -> Iterator[bool]:
        """Ask the database in the block, which is told whether it is a try.

        Raises:
            StoreSilent: It is known not to answer, or does not.
        """
        is_try = bool(self._reason) and self._begins_try()
        try:
            yield is_try
            if is_try:
                self._reason = ""
        except StoreSilent as error:
            self._next_try, self._reason = time.monotonic() + RETRY_SECONDS, str(error)
            raise
        except BaseException:
            if is_try:
                self._reason = ""  # it has answered, if not as it should
            raise
        finally:
            if is_try:
                self._tries.release()

    def _begins_try(self) -> bool:
        reason = self._reason
        if time.monotonic() < self._next_try or not self._tries.acquire(blocking=False):
            raise StoreUnavailable(reason)
        return True
