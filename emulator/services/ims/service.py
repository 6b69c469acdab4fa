"""Access tokens: signed, so that they survive a restart with the same seed without any state."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from emulator.json_types import JsonObject, dumps, loads
from emulator.jwt import decode_base64
from emulator.platform import Platform
from emulator.sandbox import PLATFORM
from emulator.services.interfaces import Domain

LIFE = 24 * 3600
"""Seconds that a token is valid: a day, as every document says."""

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


class Ims(Domain):
    """Issues access tokens and tells whether one is good."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._key = sha256(f"ims\x00{platform.settings.seed}".encode()).digest()

    def issue(self, client_id: str, scope: str) -> str:
        """Return a new access token. Earlier ones stay valid."""
        number = self._platform.store.next(PLATFORM, "token")
        claims = {
            "id": self._platform.ids.uuid(PLATFORM, "token", number),
            "type": "access_token",
            "client_id": client_id,
            "user_id": self._platform.derived.user_id(client_id),
            "scope": scope,
            "created_at": str(self._platform.clock.now()),
            "expires_in": str(LIFE * 1000),
        }
        signed = _HEADER + b"." + base64.urlsafe_b64encode(dumps(claims)).rstrip(b"=")
        return (signed + b"." + self._sign(signed)).decode()

    def _sign(self, signed: bytes) -> bytes:
        return base64.urlsafe_b64encode(hmac.digest(self._key, signed, "sha256")).rstrip(b"=")

    def claims(self, token: str) -> JsonObject | None:
        """Return what a token of this emulator says, or None if it is not one or has expired."""
        signed, _, signature = token.rpartition(".")
        try:
            if not hmac.compare_digest(self._sign(signed.encode()), signature.encode()):
                return None
            claims: JsonObject = loads(decode_base64(signed.partition(".")[2]))
        except ValueError:
            return None
        expires = int(claims["created_at"]) + int(claims["expires_in"])
        return claims if self._platform.clock.now() < expires else None
