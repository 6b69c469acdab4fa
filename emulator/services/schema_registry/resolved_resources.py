"""Resolved resources, remembered while nothing that went into them has changed."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from emulator import budgets
from emulator.fixtures.library import Fixtures
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.schema_registry.resources import Resources
from emulator.xdm.identity import canonical
from emulator.xdm.resolution import Resolver

_LEAST_FIELDS = 400
"""As how many fields a small resource counts, so that there are not too many of them either."""


class Resolved(NamedTuple):
    """A resolved resource.

    `tags` are the entity tags of the tenant's resources that went into it, `fields` how many it has
    wherever they stand.
    """

    body: JsonObject
    tags: dict[str, str]
    fields: int


class ResolvedResources:
    """Resolves resources, each once for as long as that holds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: OrderedDict[tuple[Sandbox, Fixtures, str], Resolved] = OrderedDict()
        self._lock = Lock()
        self._fields = 0

    def __len__(self) -> int:
        return len(self._known)

    def of(self, scope: Scope, resource: JsonObject) -> Resolved:
        """Return a resource with `allOf` and `$ref` resolved. Do not change it."""
        place = (scope.sandbox, scope.fixtures, resource["$id"])
        known = self._known.get(place)
        if known is None or not self._is_current(scope, known):
            known = self.resolve(scope, resource)
            self._keep(place, known)
        return known

    def _keep(self, place: tuple[Sandbox, Fixtures, str], resolved: Resolved) -> None:
        with self._lock:
            old = self._known.pop(place, None)
            self._known[place] = resolved
            self._fields += _weight(resolved) - (_weight(old) if old else 0)
            while self._fields > budgets.RESOLVED_FIELDS and len(self._known) > 1:
                _, oldest = self._known.popitem(last=False)
                self._fields -= _weight(oldest)

    def resolve(self, scope: Scope, resource: JsonObject) -> Resolved:
        """Return a resource with `allOf` and `$ref` resolved anew."""
        tags = {resource["$id"]: _tag(resource)}

        def find(id: str) -> JsonObject | None:
            found = self._resources.find(scope, id) or {}
            # The library never changes; what is not there yet may come, so it is noted as well.
            if not found or found.get("meta:containerId") == "tenant":
                tags[canonical(id)] = _tag(found)
            return found

        resolver = Resolver(find)
        body = resolver.resolve(resource)
        return Resolved(body, tags, resolver.fields)

    def _is_current(self, scope: Scope, known: Resolved) -> bool:
        return all(
            _tag(self._resources.find(scope, id) or {}) == tag for id, tag in known.tags.items()
        )


def _weight(resolved: Resolved) -> int:
    return max(resolved.fields, _LEAST_FIELDS)


def _tag(resource: JsonObject) -> str:
    metadata = resource.get("meta:registryMetadata") or {}
    return str(metadata.get("eTag", resource.get("version", "")))
