"""Token endpoints. Parameters come in a form body, a multipart body or the query string."""

from __future__ import annotations

from emulator.services.ims.service import LIFE, Ims
from emulator.web import Call, Reply, operation


@operation("ims.token_v3")
@operation("ims.token_v2")
@operation("ims.token_v1")
def token(service: Ims, call: Call) -> Reply:
    """Exchange client credentials (or an authorization code) for an access token."""
    access_token = service.issue(call.body.get("client_id", ""), call.body.get("scope", ""))
    body = {"access_token": access_token, "token_type": "bearer", "expires_in": LIFE - 1}
    return Reply(200, body)


@operation("ims.exchange_jwt")
def exchange_jwt(service: Ims, call: Call) -> Reply:
    """Exchange a signed JWT for an access token; `expires_in` is in milliseconds here."""
    access_token = service.issue(call.body.get("client_id", ""), "")
    body = {"token_type": "bearer", "access_token": access_token, "expires_in": LIFE * 1000 - 8}
    return Reply(200, body)
