"""Who may call: what the settings list, or anything well-formed."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.scope import Finder, Lister, Scope


class Gateway:
    """Answers the gate's questions about headers."""

    def __init__(self, platform: Platform) -> None:
        self._settings = platform.settings

    def finders(self) -> Mapping[str, Finder]:
        return {"api_key": self._api_key, "organization": self._organization}

    def listers(self) -> Mapping[str, Lister]:
        return {}

    def _api_key(self, scope: Scope, key: str) -> JsonObject | None:
        listed = self._settings.api_keys
        known = key in listed if listed else key.isprintable() and " " not in key
        return {"id": key} if known else None

    def _organization(self, scope: Scope, key: str) -> JsonObject | None:
        listed = self._settings.organizations
        return {"id": key} if not listed or key in listed else None
