"""Resolved resources, remembered while nothing that went into them has changed."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from emulator.fixtures.library import Fixtures
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.schema_registry.resources import Resources
from emulator.xdm.identity import canonical
from emulator.xdm.resolution import resolve

_MAX_KNOWN = 256


class Resolved(NamedTuple):
    """A resolved resource, and the entity tags of the tenant's resources that went into it."""

    body: JsonObject
    tags: dict[str, str]


class ResolvedResources:
    """Resolves resources, each once for as long as that holds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: OrderedDict[tuple[Sandbox, Fixtures, str], Resolved] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, scope: Scope, resource: JsonObject) -> Resolved:
        """Return a resource with `allOf` and `$ref` resolved. Do not change it."""
        place = (scope.sandbox, scope.fixtures, resource["$id"])
        known = self._known.get(place)
        if known is None or not self._is_current(scope, known):
            known = self._resolve(scope, resource)
            with self._lock:
                self._known[place] = known
                if len(self._known) > _MAX_KNOWN:
                    self._known.popitem(last=False)
        return known

    def _resolve(self, scope: Scope, resource: JsonObject) -> Resolved:
        tags = {resource["$id"]: _tag(resource)}

        def find(id: str) -> JsonObject | None:
            found = self._resources.find(scope, id) or {}
            # The library never changes; what is not there yet may come, so it is noted as well.
            if not found or found.get("meta:containerId") == "tenant":
                tags[canonical(id)] = _tag(found)
            return found

        return Resolved(resolve(resource, find), tags)

    def _is_current(self, scope: Scope, known: Resolved) -> bool:
        return all(
            _tag(self._resources.find(scope, id) or {}) == tag for id, tag in known.tags.items()
        )


def _tag(resource: JsonObject) -> str:
    metadata = resource.get("meta:registryMetadata") or {}
    return str(metadata.get("eTag", resource.get("version", "")))
