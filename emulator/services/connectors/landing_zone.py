"""The data landing zone: its container, and the invented credentials that open it."""

from __future__ import annotations

import base64
from typing import NamedTuple

from emulator.data_plane.files import LANDING_ZONE
from emulator.sandbox import PLATFORM, Sandbox
from emulator.scope import PlatformBase, Scope

REFRESH = "landing_zone_refresh"
ACCOUNT = "storage_account"

CONTAINERS = {"user_drop_zone": LANDING_ZONE, "dlz_destination": "dlz-destination"}
"""Containers by type. Only the first is in a document; the second's name is this emulator's."""

TOKEN_LIFE = 90 * 24 * 3600 * 1000
"""Milliseconds that an access signature is valid. No document says how long: this emulator's."""


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


def credentials(scope: Scope, type: str) -> Credentials:
    """Return the credentials in force.

    Reading them writes nothing but, the first time, whose account it is, so that the storage knows
    whose token it is shown.
    """
    found = _credentials(scope.platform, scope.sandbox, type)
    accounts = Scope(scope.platform, scope.edition, PLATFORM)
    if accounts.read(ACCOUNT, found.account) is None:
        owner = {"sandbox": list(scope.sandbox)}
        accounts.write(accounts.change(ACCOUNT, found.account, owner))
    return found


def refresh(scope: Scope, type: str) -> Credentials:
    """Replace the credentials by new ones."""
    scope.write(scope.change(REFRESH, type, {"at": scope.now()}))
    return credentials(scope, type)


def account(platform: PlatformBase, name: str) -> tuple[Sandbox, list[tuple[str, str, str]]] | None:
    """Return whose a storage account is, and what opens it: container, `si` and `sig`.

    None for an account whose credentials have never been read.
    """
    stored = platform.store.read(PLATFORM, ACCOUNT, name)
    if stored is None:
        return None
    sandbox = Sandbox(*stored.body["sandbox"])
    found = [_credentials(platform, sandbox, type) for type in CONTAINERS]
    return sandbox, [(one.container, f"dlz-{one.policy}", one.sig) for one in found]


def _credentials(platform: PlatformBase, sandbox: Sandbox, type: str) -> Credentials:
    """Return the credentials of a sandbox.

    A token that has expired is replaced by itself. So it is a function of the last refresh and of
    how many lives have passed since then.
    """
    stored = platform.store.read(sandbox, REFRESH, type)
    since = stored.body["at"] if stored else 0
    lives = (platform.clock.now() - since) // TOKEN_LIFE
    ids = platform.ids
    token = f"{type} {stored.version if stored else 0} {lives}"
    return Credentials(
        container=CONTAINERS.get(type, type),
        account="dlblobstore" + ids.hex(sandbox, "landing_zone_account", 0, 13),
        policy=ids.uuid(sandbox, f"landing_zone_policy {token}", 0),
        signature=bytes.fromhex(ids.hex(sandbox, f"landing_zone_signature {token}", 0, 64)),
        expires=since + (lives + 1) * TOKEN_LIFE,
    )
