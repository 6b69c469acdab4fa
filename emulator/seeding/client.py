"""A client of an engine in this process, without a socket and without Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from emulator.contract.replies import shown_in
from emulator.fixtures.journey import Answer, Request, Send
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.seeding import SeedError
from emulator.web import message
from emulator.web.routing import Router

if TYPE_CHECKING:
    from emulator.sandbox import Sandbox
    from emulator.web.engine import Engine

SCOPE = "openid,AdobeID,read_organizations"


class InProcessClient:
    """Calls operations by their ids, in one sandbox, with a token that the emulator issues."""

    def __init__(self, engine: Engine, sandbox: Sandbox) -> None:
        """Call an engine with the first of the API keys of its settings."""
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

    def call(self, operation: str, body: Json = None, **query: str) -> Json:
        """Return the answer's JSON.

        Raises:
            SeedError: The call is refused, by a house rule or because the sandbox does not exist.
        """
        found = self._engine.contract.operations[operation]
        content = b"" if body is None else dumps(body)
        target = found.base_path + found.path + (f"?{urlencode(query)}" if query else "")
        headers = dict(self._headers)
        reply = self._engine.answer(
            message.Request(found.method, target, headers, content, operation=found)
        )
        answer = loads(reply.body) if isinstance(reply.body, bytes) else reply.body
        if reply.status >= 300:
            rule = reply.headers.get("x-emulator-rule", "")
            said = dumps(answer).decode()
            raise SeedError(f"{operation} was refused with {reply.status} by {rule}: {said}")
        return answer

    def create(self, operation: str, body: JsonObject) -> str:
        """Create a resource and return its id, where the contract says that the reply holds it.

        Raises:
            SeedError: As for `call`.
        """
        resource, role = self._engine.contract.resources.by_operation[operation]
        (created,) = shown_in(resource, role, self.call(operation, body))
        return created.ids[0]


def transport(engine: Engine) -> Send:
    """Return a function that sends the requests of journeys to an engine."""
    router = Router.of(engine.contract)

    def send(request: Request) -> Answer:
        path = request.target.partition("?")[0]
        route = router.find(request.method, path)
        if route.operation is None:
            raise SeedError(f"{request.method} {path}: not a path of an operation")
        reply = engine.answer(
            message.Request(
                request.method,
                request.target,
                {name.lower(): value for name, value in request.headers.items()},
                request.body or b"",
                operation=route.operation,
                path=route.path,
            )
        )
        body = loads(reply.body) if isinstance(reply.body, bytes) else reply.body
        return Answer(reply.status, reply.headers, body)

    return send
