"""The data landing zone: its container, and the credentials that open it.

They are invented and lead to this emulator, unless the setting `storage` has a container of Azure
for the landing zone: then they are a signature of that.
"""

from __future__ import annotations

import base64
from typing import NamedTuple
from urllib.parse import quote

from emulator.clock import SystemClock, on_the_machine
from emulator.data_plane.areas import endpoint_of
from emulator.data_plane.files import LANDING_ZONE
from emulator.sandbox import PLATFORM, Sandbox
from emulator.scope import PlatformBase, Scope
from emulator.storage.signatures import container_of

REFRESH = "landing_zone_refresh"
ACCOUNT = "storage_account"

CONTAINERS = {"user_drop_zone": LANDING_ZONE, "dlz_destination": "dlz-destination"}
"""Containers by type. Only the first is in a document; the second's name is this emulator's."""

TOKEN_LIFE = 90 * 24 * 3600 * 1000
"""Milliseconds that an access signature is valid. No document says how long: this emulator's."""


class Credentials(NamedTuple):
    """How to reach a container. `policy` and `signature` make the token; `expires` is in ms.

    `refreshes` counts how often they have been replaced. `address` is where the account is, and
    `signed` its own token, if it is not this emulator's.
    """

    container: str
    account: str
    policy: str
    signature: bytes
    expires: int
    refreshes: int
    address: str = ""
    signed: str = ""

    @property
    def sig(self) -> str:
        """The signature as text."""
        return base64.b64encode(self.signature).decode()

    @property
    def token(self) -> str:
        """The shared access signature, as the query of a URI."""
        sig = quote(self.sig, safe="")
        return self.signed or f"sv=2020-04-08&si=dlz-{self.policy}&sr=c&sp=racwdlm&sig={sig}"


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
    return _of_real_container(scope, found) or found


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
        refreshes=stored.version if stored else 0,
    )


def _of_real_container(scope: Scope, found: Credentials) -> Credentials | None:
    """Return credentials of the container in which a landing zone really lies, or None.

    Clients take the container's name for the beginning of paths, so it has to be the documented
    one. It knows the machine's time alone; there are whole seconds in a signature, so each refresh
    adds one: no two are the same.
    """
    endpoint = endpoint_of(scope, found.container) if found.container == LANDING_ZONE else None
    container = container_of(endpoint) if endpoint is not None else None
    if container is None or container.name != LANDING_ZONE:
        return None
    expires = on_the_machine(scope.platform.clock, found.expires)
    if expires is None:
        expires = (SystemClock().now() // TOKEN_LIFE + 2) * TOKEN_LIFE
    signed = container.signature(expires + found.refreshes * 1000)
    if signed is None:
        return None
    return found._replace(account=container.account, address=container.address, signed=signed)
