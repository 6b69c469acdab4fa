"""The ids of requests: those that clients send, or else numbers that no other process gives."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from emulator.ids import Ids
from emulator.sandbox import PLATFORM

MAX_SENT = 128
"""Characters of an id that a client may send."""


class RequestIds:
    """Gives ids to the requests of one emulator; `count` is how many it has given."""

    def __init__(self, ids: Ids, process: int) -> None:
        """Give ids that follow from the seed, the number of the process and a count."""
        self.count = 0
        self._counting = threading.Lock()
        self._prefix = ids.hex(PLATFORM, "request", process, 16)

    def of(self, headers: Mapping[str, str]) -> str:
        """Return the id of a request with these headers."""
        sent = headers.get("x-request-id", "")
        if sent.isascii() and sent.isprintable() and 0 < len(sent) <= MAX_SENT:
            return sent
        with self._counting:
            self.count += 1
            return f"{self._prefix}{self.count:016x}"
