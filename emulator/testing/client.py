"""A client that needs no library: it sends valid headers, and its responses name their rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import IncompleteRead
from typing import TYPE_CHECKING, NamedTuple

from emulator.fixtures.journey import GIVEN
from emulator.json_types import Json, dumps, loads
from emulator.testing.assertions import describe_rule
from emulator.testing.in_process import InProcessTransport
from emulator.web.self_check import HEADER as SELF_CHECK

if TYPE_CHECKING:
    from emulator.contract import Contract


def valid_headers() -> dict[str, str]:
    """Return what every call to the platform carries, in valid form."""
    return {
        "Authorization": "Bearer any-token",
        "x-api-key": GIVEN["apiKey"],
        "x-gw-ims-org-id": GIVEN["organization"],
        "x-sandbox-name": GIVEN["sandbox"],
    }


class Response(NamedTuple):
    """A response, with header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Json:
        """The content as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return loads(self.content)

    @property
    def rule(self) -> str:
        """The id of the rule that refused the request, or of the problem without one; or empty."""
        return self.headers.get("x-emulator-rule", "")

    @property
    def warnings(self) -> list[str]:
        """The ids of the rules that the request broke without being refused."""
        sent = self.headers.get("x-emulator-warning", "")
        return sent.split(", ") if sent else []


Send = Callable[[str, str, Mapping[str, str], bytes | None], Response]
"""Sends a method, a path, headers and a body or None, and returns the response."""


@dataclass
class AepClient:
    """Sends requests to an emulator by `send`, each with `headers` unless a call says otherwise."""

    send: Send
    contract: Contract
    headers: dict[str, str] = field(default_factory=valid_headers)

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        content: bytes | None = None,
        without: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        **named: str,
    ) -> Response:
        """Send a request and return the response, whatever its status.

        Args:
            method: Of HTTP.
            path: With its query; or a whole URL, such as a link of a response.
            body: Sent as JSON.
            content: Sent as it is, in place of `body`.
            without: Names of headers that are left out.
            headers: Headers beside the client's own, or in place of those.
            named: Headers too; in all names underscores stand for hyphens.

        Raises:
            AssertionError: The emulator was started with the setting `self_check`, and its
                response is not one that the contract documents.
            ConnectionResetError, http.client.IncompleteRead: A fault asked for it.
        """
        sent = {name: value for name, value in self.headers.items() if name not in without}
        if body is not None:
            content = dumps(body)
        if content is not None and "Content-Type" not in without:
            sent["Content-Type"] = "application/json"
        more = {**(headers or {}), **named}
        sent.update({name.replace("_", "-"): value for name, value in more.items()})
        return self.exchange(method, path, sent, content)

    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Response:
        """Send a request with these headers alone and return the response; see `call`."""
        response = self.send(method, path, headers, content)
        mistakes = response.headers.get(SELF_CHECK)
        assert mistakes is None, f"{method} {path}: {mistakes}"  # noqa: S101 - it is for tests
        return response

    def ok(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        headers: Mapping[str, str] | None = None,
        **named: str,
    ) -> Json:
        """Send a request that has to be accepted; return the response's JSON, None without content.

        Raises:
            AssertionError: It was refused; the message explains why.
        """
        __tracebackhide__ = True
        response = self.call(method, path, body, headers={**(headers or {}), **named})
        if response.status >= 300:
            raise AssertionError(self._explained(f"{method} {path}", response))
        return response.json if response.content else None

    def _explained(self, request: str, response: Response) -> str:
        rule = (
            f"{response.rule}: {describe_rule(self.contract, response.rule)}"
            if response.rule
            else ""
        )
        text = response.content.decode(errors="replace")
        return "\n  ".join(
            [f"{request} was answered {response.status}", *filter(None, [rule]), text]
        )


def in_process(transport: InProcessTransport, url: str) -> Send:
    """Return a way to send requests without a socket to the emulator that is called under a URL."""

    def send(method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        target = url + path if path.startswith("/") else path
        response = transport.send(method, target, headers.items(), content or b"")
        if response.is_reset:
            raise ConnectionResetError("a fault has reset the connection")
        if len(response.sent_body) < len(response.body):
            raise IncompleteRead(response.sent_body)
        found = {name.lower(): value for name, value in response.headers}
        return Response(response.status, found, response.body)

    return send
