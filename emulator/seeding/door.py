"""Calls to an emulator in this process, without a socket and without Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from emulator.fixtures.journey import Answer, Request, Send
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.seeding.errors import SeedError
from emulator.web.call import Incoming
from emulator.web.routing import Router

if TYPE_CHECKING:
    from emulator.sandbox import Sandbox
    from emulator.web.engine import Engine

SCOPE = "openid,AdobeID,read_organizations"


class Door:
    """Calls operations by their ids, in one sandbox, with a token of the emulator's own."""

    def __init__(self, engine: Engine, sandbox: Sandbox) -> None:
        """Remember whom to call, and as whom: the first of the API keys that exist."""
        self._engine = engine
        known = engine.platform.settings.api_keys
        self.api_key = known[0] if known else "seed"
        token = engine.platform.services.ims.issue(self.api_key, SCOPE)
        self._headers = {
            "authorization": f"Bearer {token}",
            "x-api-key": self.api_key,
            "x-gw-ims-org-id": sandbox.organization,
            "x-sandbox-name": sandbox.name,
            "content-type": "application/json",
        }

    def call(self, operation: str, body: Json = None, **query: str) -> Any:
        """Return the answer's JSON.

        Raises:
            SeedError: The call is refused: by a house rule, or because there is no such sandbox.
        """
        found = self._engine.contract.operations[operation]
        content = b"" if body is None else dumps(body)
        incoming = Incoming(found, {}, urlencode(query), dict(self._headers), content)
        reply = self._engine.answer(incoming)
        answer = loads(reply.body) if isinstance(reply.body, bytes) else reply.body
        if reply.status >= 300:
            rule = reply.headers.get("x-emulator-rule", "")
            said = dumps(answer).decode()
            raise SeedError(f"{operation} was refused with {reply.status} by {rule}: {said}")
        return answer


def created_id(answer: JsonObject | list[str]) -> str:
    """Return the id that a creation answers, in the form of any service."""
    if isinstance(answer, list):
        return answer[0].rpartition("/")[2]
    return str(answer.get("$id") or answer["id"])


def sender(engine: Engine) -> Send:
    """Return a door for journeys: it finds the operation of a path by itself."""
    router = Router(engine.contract)

    def send(request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        route = router.find(request.method, path)
        if route.operation is None:
            raise SeedError(f"{request.method} {path}: no operation is there")
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Incoming(
            route.operation,
            route.path,
            query,
            headers,
            request.body or b"",
            method=request.method,
            target=request.target,
        )
        reply = engine.answer(incoming)
        body = loads(reply.body) if isinstance(reply.body, bytes) else reply.body
        return Answer(reply.status, reply.headers, body)

    return send
