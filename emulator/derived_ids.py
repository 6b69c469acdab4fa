"""Ids that follow from a name alone, such as a sandbox: they are there before it is used."""

from __future__ import annotations

from collections.abc import Callable

from emulator.ids import Ids
from emulator.sandbox import Sandbox
from emulator.settings import Settings

_MAX_KEPT = 1024
"""How many are remembered."""


class DerivedIds:
    """The ids of an emulator that depend on its seed and their name, and on no counter."""

    def __init__(self, ids: Ids, settings: Settings) -> None:
        self._ids = ids
        self._settings = settings
        self._kept: dict[tuple[str, object], str] = {}

    def sandbox_id(self, sandbox: Sandbox) -> str:
        """Return the UUID under which services know a sandbox."""
        return self._remembered(("sandbox", sandbox), lambda: self._ids.uuid(sandbox, "sandbox", 0))

    def tenant_id(self, organization: str) -> str:
        """Return an organization's tenant id, without the underscore of its namespace."""
        if self._settings.tenant:
            return self._settings.tenant.lstrip("_")
        return "t" + self._ids.hex(Sandbox(organization, ""), "tenant", 0, 8)

    def user_id(self, api_key: str) -> str:
        """Return the technical account that an API key acts as."""
        return self._remembered(("user", api_key), lambda: self._user_id(api_key))

    def _user_id(self, api_key: str) -> str:
        digits = self._ids.hex(Sandbox("", api_key), "user", 0, 24)
        return f"{digits.upper()}@techacct.adobe.com"

    def _remembered(self, key: tuple[str, object], make: Callable[[], str]) -> str:
        """Return an id without deriving it at every write."""
        if key not in self._kept:
            if len(self._kept) > _MAX_KEPT:
                self._kept.clear()
            self._kept[key] = make()
        return self._kept[key]
