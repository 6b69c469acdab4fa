"""A line in the log about each request, written beside the thread that answers them.

What answers leaves a few references; a thread of its own makes lines of them, many at a time. If
nobody takes the lines, the oldest are dropped and counted, so that no request waits for a reader.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from emulator.clock import SystemClock
from emulator.web.controls import CONTROL, HEALTH
from emulator.web.message import Deferred, DeferringHandler, Request, Response

MAX_WAITING = 10_000
"""How many lines wait for their writer at most."""

PAUSE_SECONDS = 0.02
"""How long lines are gathered before they are written together."""

_CLOCK = SystemClock()
_END_SECONDS = 0.5
_MAX_TARGET = 400
_MIN_SECRET = 7
_QUIET = frozenset(("GET", "HEAD", "OPTIONS"))


class RequestLine(NamedTuple):
    """What the log says of one request.

    Args:
        time: When it was answered, in milliseconds by the machine's clock.
        method: As it was sent, as is the target.
        target: Path and query.
        headers: Of the request, by names in lower case; for finding secrets in the target.
        status: Of the response; 0 if the connection was reset instead.
        rule: The rule that refused it, or the entry of the error catalogue; empty if none did.
        warnings: The rules that it broke and that refused nothing, as the response names them.
        number: Its number in the journal; 0 if it is not there.
        seconds: How long it took, without the time in which it was received and sent.
        operation: The id of the operation; empty if it belongs to none.
    """

    time: int
    method: str
    target: str
    headers: Mapping[str, str]
    status: int
    rule: str
    warnings: str
    number: int
    seconds: float
    operation: str

    @property
    def shown_target(self) -> str:
        """The target without secrets, and not too long."""
        # Imported by the writing thread: the start does without.
        from emulator.masking.masker import Masker

        masker = Masker()
        target = self.target
        if self._shows_a_header:
            masker.headers(self.headers)
            target = unquote(target)
        path, mark, query = target.partition("?")
        target = masker.absent_from(path + mark + masker.query(query))
        return target if len(target) <= _MAX_TARGET else f"{target[:_MAX_TARGET]}…"

    @property
    def _shows_a_header(self) -> bool:
        target = unquote(self.target)
        values = (value.rpartition(" ")[2] for value in self.headers.values())
        return any(len(value) >= _MIN_SECRET and value in target for value in values)


class RequestLog:
    """Hands requests to a handler, and has a line written about each.

    Health checks, reading calls of the control API and what the page loads say nothing.
    """

    def __init__(
        self, handler: DeferringHandler, write: Callable[[list[RequestLine], int], object]
    ) -> None:
        """Write with a function of lines and of how many have been dropped before them."""
        self._handler = handler
        self.handle = handler.handle
        self.body_limit = handler.body_limit
        self._write = write
        self._lines: deque[RequestLine] = deque()
        self._dropped = 0
        self._is_new = threading.Event()
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what is left, unless nobody takes it."""
        self._has_ended = True
        self._is_new.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def begin(self, request: Request) -> Response | Deferred:
        """Return the handler's answer, or what makes it."""
        started = time.perf_counter()
        # The handler takes the name of an isolated emulator away.
        target = request.target
        answered = self._handler.begin(request)
        if isinstance(answered, Deferred):

            def answer() -> Response:
                response = answered.answer()
                self._note(request, target, response, started)
                return response

            return Deferred(answer, answered.is_large)
        self._note(request, target, answered, started)
        return answered

    def _note(self, request: Request, target: str, response: Response, started: float) -> None:
        if is_quiet(request.method, request.target, response.status):
            return
        rule = warnings = ""
        for name, value in response.headers:
            if name == "x-emulator-rule":
                rule = value
            elif name == "x-emulator-warning":
                warnings = value
        line = RequestLine(
            _CLOCK.now(),
            request.method,
            target,
            request.headers,
            0 if response.is_reset else response.status,
            rule,
            warnings,
            request.number,
            time.perf_counter() - started,
            request.operation.id,
        )
        if len(self._lines) >= MAX_WAITING:
            self._lines.popleft()
            self._dropped += 1
        self._lines.append(line)
        if not self._is_new.is_set():
            self._is_new.set()

    def _run(self) -> None:
        while not self._has_ended:
            self._is_new.wait()
            time.sleep(0 if self._has_ended else PAUSE_SECONDS)
            self._is_new.clear()
            self._flush()
        self._flush()

    def _flush(self) -> None:
        dropped, self._dropped = self._dropped, 0
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if lines:
            self._write(lines, dropped)


def is_quiet(method: str, target: str, status: int) -> bool:
    """Tell whether the log says nothing of a request: somebody only looks."""
    if not target.startswith(CONTROL):
        return False
    return target.startswith(HEALTH) or (method in _QUIET and status < 400)
