"""Connection specs and flow specs: the platform's, and over them an organization's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from emulator.fixtures.library import Fixtures
from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Scope
from emulator.store import Change

_SERVER_MADE = (
    "id",
    "createdAt",
    "updatedAt",
    "createdBy",
    "updatedBy",
    "createdClient",
    "updatedClient",
    "x-emulator",
)


class SpecKind(NamedTuple):
    """One kind of spec: its name among our kinds, its collection in paths, its fixtures."""

    name: str
    collection: str
    fixtures: str


CONNECTION_SPEC = SpecKind("connection_spec", "connectionSpecs", "connection_specs")
FLOW_SPEC = SpecKind("flow_spec", "flowSpecs", "flow_specs")
SPEC_KINDS = (CONNECTION_SPEC, FLOW_SPEC)


class Specs:
    """What an organization sees: all its sandboxes see the same specs."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store

    def finders(self) -> Mapping[str, Finder]:
        return {kind.name: self._finder(kind) for kind in SPEC_KINDS}

    def _finder(self, kind: SpecKind) -> Finder:
        def find(scope: Scope, key: str) -> JsonObject | None:
            stored = self._store.read(_owner(scope.sandbox), kind.name, key)
            return stored.body if stored else scope.fixtures.get(kind.fixtures, key)

        return find

    def all(self, sandbox: Sandbox, fixtures: Fixtures, kind: SpecKind) -> list[JsonObject]:
        """Return the platform's specs in their order, replaced or not, and then the added ones."""
        own = {row.key: row.body for row in self._store.scan(_owner(sandbox), kind.name)}
        shipped = [own.pop(spec["id"], spec) for spec in fixtures.all(kind.fixtures)]
        return [*shipped, *own.values()]

    def create(self, sandbox: Sandbox, kind: SpecKind, body: JsonObject, client: str) -> JsonObject:
        """Store a new spec and return it."""
        owner = _owner(sandbox)
        now = self._platform.clock.now()
        user = self._platform.user_id(client)
        spec = {
            "id": self._platform.new_uuid(owner, kind.name),
            "createdAt": now,
            "createdBy": user,
            "createdClient": client,
            **self._sent(body, client),
            "x-emulator": {"status": "custom"},
        }
        self._store.write(Change(owner, kind.name, spec["id"], spec, expected=0))
        return spec

    def replace(
        self, sandbox: Sandbox, kind: SpecKind, spec: JsonObject, body: JsonObject, client: str
    ) -> JsonObject:
        """Put a whole new content into a spec, for this organization only, and return it."""
        kept = {name: spec[name] for name in _SERVER_MADE if name in spec}
        replaced = {**kept, **self._sent(body, client)}
        self._store.write(Change(_owner(sandbox), kind.name, spec["id"], replaced))
        return replaced

    def _sent(self, body: JsonObject, client: str) -> JsonObject:
        return {
            "version": "1.0",
            **{name: value for name, value in body.items() if name not in _SERVER_MADE},
            "updatedAt": self._platform.clock.now(),
            "updatedBy": self._platform.user_id(client),
            "updatedClient": client,
        }


def _owner(sandbox: Sandbox) -> Sandbox:
    """Return where an organization's specs are kept: they belong to none of its sandboxes."""
    return Sandbox(sandbox.organization, "")
