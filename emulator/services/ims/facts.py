"""What rules ask of clients and tokens."""

from __future__ import annotations

from emulator.facts import fact
from emulator.json_types import JsonObject
from emulator.jwt import jwt_claims
from emulator.scope import Scope
from emulator.services.ims.service import Ims


@fact(stateless=True)
def client(service: Ims, scope: Scope, client_id: str) -> JsonObject | None:
    """Return a client with the end of the `audience` that its JWTs name; None if there is none."""
    listed = scope.platform.settings.api_keys
    known = client_id in listed if listed else bool(client_id)
    return {"id": client_id, "audience": f"/c/{client_id}"} if known else None


@fact(stateless=True)
def token(service: Ims, scope: Scope, header: str) -> bool:
    """Tell whether an Authorization header has a token that is accepted."""
    sent = header.partition(" ")[2].strip()
    if scope.platform.settings.auth == "any":
        return bool(sent)
    return service.claims(sent) is not None


@fact()
def unexpired_jwt(service: Ims, scope: Scope, jwt: str) -> bool:
    """Tell whether a JWT says when it expires, and has not expired."""
    expiry = (jwt_claims(jwt) or {}).get("exp")
    return isinstance(expiry, int) and expiry * 1000 > scope.now()
