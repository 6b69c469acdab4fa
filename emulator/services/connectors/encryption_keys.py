"""Keys for encrypted files, all of them invented."""

from __future__ import annotations

import base64

from emulator.json_types import JsonObject
from emulator.scope import Scope

KEY = "encryption_key"

KEY_LIFE = 180 * 24 * 3600 * 1000
"""Milliseconds that an encryption key is valid, by "Encrypted data ingestion"."""


def create(scope: Scope, algorithm: str) -> JsonObject:
    """Make a key pair and return what is public of it.

    It looks like a key, and nothing can be encrypted with it. The pass phrase is not kept.
    """
    id = scope.new_uuid(KEY)
    digits = scope.platform.ids.hex(scope.sandbox, f"{KEY} {id}", 0, 128)
    body = base64.encodebytes(bytes.fromhex(digits)).decode()
    armoured = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}-----END PGP PUBLIC KEY BLOCK-----"
    key = {
        "id": id,
        "algorithm": algorithm,
        "publicKey": base64.b64encode(armoured.encode()).decode(),
        "expires": scope.now() + KEY_LIFE,
    }
    scope.write(scope.change(KEY, id, key, expected=0))
    return key
