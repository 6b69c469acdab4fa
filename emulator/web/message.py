"""HTTP messages as plain values, the same for every transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from emulator.contract import Operation
from emulator.web.transport_fault import TransportFault

UNROUTED = Operation("", "GET", "", "", ())
"""Stands for the operation of a request that belongs to none: it has no id."""


@dataclass(slots=True)
class Request:
    """A request as it arrived; the application finds out which operation it calls.

    Args:
        method: As it was sent.
        target: Path and query as they were sent, percent-encoded.
        headers: The values by names in lower case; those of a repeated name are joined by commas.
        body: What was read of it: one byte more than its limit at most.
        too_long: The body is longer than its limit, and nothing of it is here.
        base_url: What the client has written before the target: scheme and host.
        operation: What it calls; without an id where no document knows its path and method.
        path: The parameters in the operation's path, by name.
        adobe_host: Adobe's own host that the client takes this emulator for, if it does.
        isolate: Whether it may choose an isolated emulator by its header, path or organization.
        local_address: The address of ours at which it arrived, if the transport knows.
        is_in_process: It comes from this process, so there is no browser behind it.
        number: Its number in the journal, once it is there; else 0.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    too_long: bool = False
    base_url: str = ""
    operation: Operation = UNROUTED
    path: dict[str, str] = field(default_factory=dict)
    adobe_host: str = ""
    isolate: bool = True
    local_address: str = ""
    is_in_process: bool = False
    number: int = 0

    @property
    def query_string(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]


@dataclass(slots=True)
class Response:
    """A response, ready to be sent; `fault` says how the transport is to fail in sending it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    fault: TransportFault | None = None

    @property
    def is_reset(self) -> bool:
        """Whether the connection is reset in place of sending anything."""
        return self.fault is not None and self.fault.reset

    @property
    def sent_body(self) -> bytes:
        """The part of the body that is sent before the connection ends, all of it by default."""
        return self.body if self.fault is None else self.body[: self.fault.sent(len(self.body))]


class Deferred(NamedTuple):
    """A request whose answer may take longer than others should wait for it.

    Args:
        answer: Returns the response; it is called once, on another thread.
        is_large: Whether its body is long and has to be parsed: of such there is one at a time.
    """

    answer: Callable[[], Response]
    is_large: bool = False


class Handler(Protocol):
    """What a transport hands requests to."""

    def handle(self, request: Request) -> Response:
        """Return the response to a request."""

    def body_limit(self, method: str, target: str) -> int:
        """Return how many bytes of a request's body are to be read, before it is handed over."""


@runtime_checkable
class DeferringHandler(Handler, Protocol):
    """A handler that tells what others should not wait for."""

    def begin(self, request: Request) -> Response | Deferred:
        """Return the response to a request, or what makes it on another thread."""


@runtime_checkable
class HeadObserver(Protocol):
    """A handler that wants to know of requests that never reach it."""

    def refused_head(self, status: int, rule: str, reason: str) -> None:
        """Learn that a request was refused for its head, or because it never came as a whole."""


def joined_headers(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return header lines as `Request` holds them."""
    headers: dict[str, str] = {}
    for name, value in lines:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def base_url_of(scheme: str, headers: Mapping[str, str]) -> str:
    """Return the address that a client has called: a proxy's that speaks HTTPS for us, too."""
    if headers.get("x-forwarded-proto") == "https":
        scheme = "https"
    return f"{scheme}://{headers.get('host', 'localhost')}"
