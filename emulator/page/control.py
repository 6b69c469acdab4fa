"""The control API as the page calls it: the same views as over HTTP, within the process."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.web.isolation import HEADER
from emulator.web.message import Handler, Request, Response

ROOT = "/_emulator"


class Refused(Exception):
    """The control API refused a call; `error` and `detail` are what it says."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.status, self.error, self.detail = status, error, detail


class ControlApi:
    """The control API of one emulator; whoever may use the page may use it."""

    def __init__(self, handler: Handler, test: str | None) -> None:
        """Call it, for the isolated emulator of that name if there is one."""
        self._handler = handler
        self._headers = {} if test is None else {HEADER: test}

    def get(self, path: str, query: Mapping[str, str] | None = None) -> JsonObject:
        """Return what a call answers.

        Raises:
            Refused: It is refused.
        """
        read: JsonObject = loads(self.text(path, query))
        return read

    def text(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Return what a call answers as it is sent; see `get`."""
        return self.send("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        body: Json = None,
        query: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> bytes:
        """Carry a call out: with a body in JSON, or with bytes as they are; see `get`."""
        target = f"{ROOT}{path}?{urlencode(query)}" if query else f"{ROOT}{path}"
        sent = content if body is None else dumps(body)
        request = Request(method, target, dict(self._headers), sent, is_in_process=True)
        response = self._handler.handle(request)
        if response.status >= 400:
            raise _refused(response)
        return response.body


def _refused(response: Response) -> Refused:
    said = loads(response.body)
    return Refused(response.status, said["error"], said["detail"])
