"""The data landing zone's credentials and keys for encrypted files, all of them invented."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import NamedTuple

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import PLATFORM, Sandbox
from emulator.scope import Finder, Scope
from emulator.services.interfaces import Domain

REFRESH = "landing_zone_refresh"
KEY = "encryption_key"
ACCOUNT = "storage_account"

CONTAINERS = {"user_drop_zone": "dlz-user-container", "dlz_destination": "dlz-destination"}
"""Containers by type. Only the first is in a document; the second's name is this emulator's."""

DAYS_KEPT = 7
"""How long the landing zone keeps a file, by "Data Landing Zone"."""

TOKEN_LIFE = 90 * 24 * 3600 * 1000
"""Milliseconds that an access signature is valid. No document says how long: this emulator's."""

KEY_LIFE = 180 * 24 * 3600 * 1000
"""Milliseconds that an encryption key is valid, by "Encrypted data ingestion"."""


class Credentials(NamedTuple):
    """How to reach a container. `policy` and `signature` make the token; `expires` is in ms."""

    container: str
    account: str
    policy: str
    signature: bytes
    expires: int

    @property
    def sig(self) -> str:
        """The signature as text."""
        return base64.b64encode(self.signature).decode()


class Connectors(Domain):
    """Landing zones and encryption keys of every sandbox."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def finders(self) -> Mapping[str, Finder]:
        return {KEY: lambda scope, id: scope.read(KEY, id)}

    def credentials(self, scope: Scope, type: str) -> Credentials:
        """Return the credentials in force.

        Reading them writes nothing but, the first time, whose account it is, so that the storage
        knows who comes with the token.
        """
        found = self._credentials(scope.sandbox, type)
        accounts = Scope(scope.platform, scope.edition, PLATFORM)
        if accounts.read(ACCOUNT, found.account) is None:
            owner = {"sandbox": list(scope.sandbox)}
            accounts.write(accounts.change(ACCOUNT, found.account, owner))
        return found

    def _credentials(self, sandbox: Sandbox, type: str) -> Credentials:
        """Return the credentials of a sandbox.

        A token that has expired is replaced by itself. So it is a function of the last refresh and
        of how many lives have passed since then.
        """
        stored = self._platform.store.read(sandbox, REFRESH, type)
        since = stored.body["at"] if stored else 0
        lives = (self._platform.clock.now() - since) // TOKEN_LIFE
        ids = self._platform.ids
        token = f"{type} {stored.version if stored else 0} {lives}"
        return Credentials(
            container=CONTAINERS.get(type, type),
            account="dlblobstore" + ids.hex(sandbox, "landing_zone_account", 0, 13),
            policy=ids.uuid(sandbox, f"landing_zone_policy {token}", 0),
            signature=bytes.fromhex(ids.hex(sandbox, f"landing_zone_signature {token}", 0, 64)),
            expires=since + (lives + 1) * TOKEN_LIFE,
        )

    def account(self, name: str) -> tuple[Sandbox, list[tuple[str, str, str]]] | None:
        """Return whose a storage account is, and what opens it: container, `si` and `sig`.

        None for an account whose credentials nobody has asked for.
        """
        stored = self._platform.store.read(PLATFORM, ACCOUNT, name)
        if stored is None:
            return None
        sandbox = Sandbox(*stored.body["sandbox"])
        found = [self._credentials(sandbox, type) for type in CONTAINERS]
        return sandbox, [(one.container, f"dlz-{one.policy}", one.sig) for one in found]

    def refresh(self, scope: Scope, type: str) -> Credentials:
        """Replace the credentials by new ones."""
        scope.write(scope.change(REFRESH, type, {"at": scope.now()}))
        return self.credentials(scope, type)

    def create_key(self, scope: Scope, algorithm: str) -> JsonObject:
        """Make a key pair and return what is public of it.

        The key has the look of one, and nothing can be encrypted with it. The pass phrase is not
        kept.
        """
        id = scope.new_uuid(KEY)
        digits = scope.platform.ids.hex(scope.sandbox, f"{KEY} {id}", 0, 128)
        body = base64.encodebytes(bytes.fromhex(digits)).decode()
        armoured = (
            f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}-----END PGP PUBLIC KEY BLOCK-----"
        )
        key = {
            "id": id,
            "algorithm": algorithm,
            "publicKey": base64.b64encode(armoured.encode()).decode(),
            "expires": scope.now() + KEY_LIFE,
        }
        scope.write(scope.change(KEY, id, key, expected=0))
        return key
