"""HTTP/1.1 on a connection: uvicorn reads and keeps it, a handler answers each whole request."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, TypeVar

from emulator.serving.answers import PIECE_BYTES
from emulator.serving.reading import ReadingProtocol
from emulator.serving.workers import Workers
from emulator.web.controls import HEALTH
from emulator.web.failures import failure_text
from emulator.web.heads import HeadError
from emulator.web.message import Deferred, DeferringHandler, HeadObserver, Request, Response

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_T = TypeVar("_T")

Begin = Callable[[Request], Response | Deferred]

_log = logging.getLogger("emulator")

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class HandlerProtocol(ReadingProtocol):
    """One connection; a subclass of it says what answers and what sends.

    The body of a request is read whole before the handler is called, so slow clients do not block
    others. What the handler defers is answered by a worker while this thread serves others.
    Responses keep the order of requests.
    """

    workers: ClassVar[Workers]
    large_bodies: ClassVar[Workers]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Begin as uvicorn's protocol does, without a request."""
        super().__init__(config, server_state, app_state, _loop)
        handler = self.handler
        self._begin: Begin = (
            handler.begin if isinstance(handler, DeferringHandler) else handler.handle
        )
        self._late: asyncio.TimerHandle | None = None
        self._is_working = False
        # What is left of a long response, and whether the connection ends behind it.
        self._unsent: memoryview | None = None
        self._ends = False

    # Called by the transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel a late response: its client has gone."""
        if self._late is not None:
            self._late.cancel()
        if self._unsent is not None:
            self.answers.release(len(self._unsent))
            self._unsent = None
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection of a client that sends no more until it has been answered."""
        self._is_last = True
        return self._is_waiting or bool(self._ready)

    def resume_writing(self) -> None:
        """Continue: the client has read what was sent."""
        super().resume_writing()
        self._send_on()
        self._answer()

    def shutdown(self) -> None:
        """End the connection after the responses to the requests that have arrived."""
        self._is_last = True
        if self._request is None and not self._is_waiting and not self._ready:
            self.transport.close()

    # Responses

    def _answer(self) -> None:
        """Answer requests in their order, as long as nothing has to be waited for."""
        while self._ready and not self._is_waiting:
            if self.transport.is_closing() or self.flow.write_paused or self._waits_for_room():
                break
            request = self._ready.popleft()
            answered = _answered(self._begin, request)
            if isinstance(answered, Deferred):
                self._defer(answered, request)
            else:
                self._reply(answered)
        if self._ready:
            self.flow.pause_reading()
        elif self._refusal is not None and not self._is_waiting:
            self._send_refusal(self._refusal)

    def _send_refusal(self, error: HeadError) -> None:
        """Send why no more is read, once; the client ends the connection, or we do soon."""
        if not (self._is_refused or self.transport.is_closing()):
            self._is_refused = True
            if isinstance(self.handler, HeadObserver):
                self.handler.refused_head(error.status, error.rule, str(error))
            _log.info("a connection was refused: %d %s: %s", error.status, error.rule, error)
            response = _refusal(error.status, error.rule, str(error))
            self.outbox.write(self.transport, self._head(response, is_last=True) + response.body)
            self.outbox.half_close(self.transport)

    @property
    def _is_waiting(self) -> bool:
        """Whether the response to an earlier request is still to come, or to be sent."""
        return self._is_working or self._late is not None or self._unsent is not None

    @property
    def _unread(self) -> int:
        """How many bytes of responses the client has not taken yet."""
        return self.transport.get_write_buffer_size() + len(self._unsent or b"")

    def _waits_for_room(self) -> bool:
        """Whether the next request is answered when others have read their long answers."""
        if not self.answers.is_full or self._ready[0].target.endswith(HEALTH):
            return False
        self.answers.wait(self._answer)
        return True

    def _defer(self, deferred: Deferred, request: Request) -> None:
        """Have a worker make a response, and reply with it then."""

        def work() -> None:
            self.answers.wait_for_room()
            response = _answered(lambda _: deferred.answer(), request)
            with suppress(RuntimeError):  # the loop has been closed: the server has ended
                self.loop.call_soon_threadsafe(self._worked, response)

        self._is_working = True
        (self.large_bodies if deferred.is_large else self.workers).submit(work)

    def _worked(self, response: Response) -> None:
        self._is_working = False
        if not self.transport.is_closing():
            self._reply(response)
            self._answer()

    def _reply(self, response: Response) -> None:
        """Send a response, late if its fault says so."""
        delay = 0.0 if response.fault is None else response.fault.delay
        if delay:
            self._late = self.loop.call_later(delay, self._send_late, response)
        else:
            self._send(response)

    def _send_late(self, response: Response) -> None:
        self._late = None
        self._send(response)
        self._answer()

    def _send(self, response: Response) -> None:
        """Send a response, or as much of it as its fault lets through."""
        if response.is_reset:
            self.outbox.reset(self.transport)
            return
        body = response.sent_body
        is_last = self._is_last and not self._ready and self._request is None
        self._ends = is_last or len(body) < len(response.body)
        head = self._head(response, is_last=is_last)
        if len(body) <= PIECE_BYTES:
            self.outbox.write(self.transport, head + body)
            self._sent()
        else:
            self.outbox.write(self.transport, head)
            self.outbox.release(self.transport)
            self._unsent = memoryview(body)
            self.answers.add(len(body))
            self._send_on()

    def _send_on(self) -> None:
        """Send as much of a long response as the client takes: the rest need not be copied."""
        while self._unsent is not None and not self.flow.write_paused:
            if self.transport.is_closing():
                return
            piece, rest = self._unsent[:PIECE_BYTES], self._unsent[PIECE_BYTES:]
            self._unsent = rest or None
            self.transport.write(piece)
            self.answers.release(len(piece))
            if self._unsent is None:
                self._sent()

    def _sent(self) -> None:
        """Go on behind a response, or end the connection there."""
        has_ended = self._is_last and not self._ready and self._request is None
        if self._ends or has_ended:
            self.outbox.close(self.transport)
        else:
            self.on_response_complete()

    def _head(self, response: Response, *, is_last: bool) -> bytes:
        status = response.status
        lines = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} "]
        is_sized = status in _BODILESS
        for name, value in response.headers:
            field = name.lower()
            is_sized = is_sized or field == "content-length"
            lines.append(f"{field}: {value}")
        if not is_sized:
            lines.append(f"content-length: {len(response.body)}")
        if is_last:
            lines.append("connection: close")
        for raw_name, raw_value in self.server_state.default_headers:
            lines.append(f"{raw_name.decode()}: {raw_value.decode()}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _answered(answer: Callable[[Request], _T], request: Request) -> _T | Response:
    """Return what a function answers to a request: one that fails must not end the others."""
    try:
        return answer(request)
    except Exception:  # noqa: BLE001 - whatever it is, the log has it
        _log.error("a request failed: %s", failure_text(request))
        return _refusal(500, "platform.internal_error", "The emulator failed.")


def _refusal(status: int, rule: str, message: str) -> Response:
    """Return a refusal in the gateway's form."""
    body = json.dumps({"error_code": f"{status}900", "message": message}).encode()
    return Response(status, [("x-emulator-rule", rule), ("content-type", "application/json")], body)
