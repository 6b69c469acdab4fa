"""JSON Web Tokens, as far as reading what they say."""

from __future__ import annotations

import base64

from emulator.json_types import JsonObject, loads


def jwt_claims(token: str) -> JsonObject | None:
    """Return what a JWT says, without verifying who signed it; None if it cannot be decoded."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = loads(decode_base64(parts[1]))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def decode_base64(text: str) -> bytes:
    """Decode unpadded URL-safe base64.

    Raises:
        ValueError: The text is not base64.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
