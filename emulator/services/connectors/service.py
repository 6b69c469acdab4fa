"""The Connectors API: the data landing zone, and keys for encrypted files. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder
from emulator.services.connectors import landing_zone
from emulator.services.connectors.encryption_keys import KEY
from emulator.services.interfaces import Domain


class Connectors(Domain):
    """Landing zones and encryption keys of every sandbox."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def finders(self) -> Mapping[str, Finder]:
        return {KEY: lambda scope, id: scope.read(KEY, id)}

    def account(self, name: str) -> tuple[Sandbox, list[tuple[str, str, str]]] | None:
        """Return whose a storage account of a landing zone is, and what opens it."""
        return landing_zone.account(self._platform, name)
