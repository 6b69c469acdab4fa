"""Parameters of a token request: from the query string, a form body or a multipart body."""

from __future__ import annotations

from urllib.parse import parse_qsl

from emulator.json_types import JsonObject
from emulator.jwt import jwt_claims


def read_form(query: JsonObject, content_type: str, body: bytes) -> JsonObject:
    """Return all parameters by name, those of the body over those of the query string.

    A parameter `jwt_token` that can be decoded adds its claims as `jwt_claims`.
    """
    sent: JsonObject = dict(query)
    if content_type.lower().startswith("multipart/form-data"):
        sent.update(_multipart(content_type, body))
    else:
        sent.update(parse_qsl(body.decode("utf-8", "replace")))
    claims = jwt_claims(sent.get("jwt_token", ""))
    return sent if claims is None else {**sent, "jwt_claims": claims}


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    from email.parser import BytesParser  # hardly any client sends tokens as multipart
    from email.policy import HTTP

    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = content.decode("utf-8", "replace").strip()
    return parts
