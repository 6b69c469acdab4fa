"""Parameters of a token request: from the query string, a form body or a multipart body."""

from __future__ import annotations

import io
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
    """Return fields and files as texts; nothing where the body is malformed."""
    from werkzeug.formparser import FormDataParser  # hardly any client sends multipart
    from werkzeug.http import parse_options_header

    media_type, options = parse_options_header(content_type)
    parser = FormDataParser(stream_factory=lambda *_, **__: io.BytesIO())
    _, fields, files = parser.parse(io.BytesIO(body), media_type, len(body), options)
    parts = dict(fields.items(multi=True))
    for name, file in files.items(multi=True):
        parts[name] = file.read().decode("utf-8", "replace")
    return {name: text.strip() for name, text in parts.items() if name}
