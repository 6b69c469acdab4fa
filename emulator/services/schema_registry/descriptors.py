"""Descriptors: what a schema's fields mean beyond their types, kept beside the schema.

Source: "Schema Registry API guide", descriptors, and the OpenAPI document.
"""

from __future__ import annotations

from hashlib import sha256

from emulator.json_types import Json, JsonObject, copy
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.services.schema_registry.identifiers import canonical
from emulator.services.schema_registry.view import View, sandbox_type
from emulator.store import Change
from emulator.xdm.paths import declared_at

DESCRIPTORS = "xdm_descriptor"
BY_SCHEMA = "xdm_schema_descriptors"
"""An index: a copy of every descriptor of a schema, by `@id`."""

DEPRECATED = "xdm:descriptorDeprecated"

_ASSIGNED = (
    "@id",
    "created",
    "createdClient",
    "createdUser",
    "imsOrg",
    "meta:containerId",
    "meta:registryMetadata",
    "meta:sandboxId",
    "meta:sandboxType",
    "updated",
    "updatedUser",
    "version",
)


class Descriptors:
    """Finds and changes the descriptors of tenants; the platform has none of its own."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def find(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return a descriptor by its `@id`."""
        stored = self._platform.store.read(sandbox, DESCRIPTORS, id.rstrip("/"))
        return stored.body if stored else None

    def all(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return all descriptors, in order of creation."""
        return [stored.body for stored in self._platform.store.scan(sandbox, DESCRIPTORS)]

    def count(self, sandbox: Sandbox) -> int:
        """Return how many descriptors there are."""
        return self._platform.store.count(sandbox, DESCRIPTORS)

    def of_schema(self, sandbox: Sandbox, schema: str) -> list[JsonObject]:
        """Return the descriptors of a schema, by any spelling of its id."""
        return list(self._index(sandbox, canonical(schema)).values())

    def create(self, view: View, sent: JsonObject, client: str, digits: int) -> JsonObject:
        """Add a descriptor; `digits` is the length of its new id."""
        id = self._platform.new_hex(view.sandbox, DESCRIPTORS, digits)
        return self._keep(view, id, sent, client, {})

    def replace(self, view: View, id: str, sent: JsonObject, client: str) -> JsonObject:
        """Replace all that a descriptor says.

        Raises:
            LookupError: No rule looked for the descriptor, and it is not there.
        """
        before = self._existing(view.sandbox, id)
        return self._keep(view, before["@id"], sent, client, before)

    def delete(self, view: View, id: str) -> None:
        """Remove a descriptor.

        Raises:
            LookupError: No rule looked for the descriptor, and it is not there.
        """
        before = self._existing(view.sandbox, id)
        change = Change(view.sandbox, DESCRIPTORS, before["@id"], None)
        self._platform.store.write(change, *self._indexed(view.sandbox, before, {}))

    def removal(self, sandbox: Sandbox, schema: str) -> list[Change]:
        """Return the changes that remove the descriptors of a schema."""
        index = self._index(sandbox, schema)
        changes = [Change(sandbox, DESCRIPTORS, id, None) for id in index]
        return [*changes, Change(sandbox, BY_SCHEMA, schema, None)] if index else []

    def _existing(self, sandbox: Sandbox, id: str) -> JsonObject:
        descriptor = self.find(sandbox, id)
        if descriptor is None:
            raise LookupError(id)
        return descriptor

    def _keep(
        self, view: View, id: str, sent: JsonObject, client: str, before: JsonObject
    ) -> JsonObject:
        version = str(int(before.get("version", "0")) + 1)
        descriptor: JsonObject = {
            "@id": id,
            **{name: value for name, value in sent.items() if name not in _ASSIGNED},
            "imsOrg": view.sandbox.organization,
            "version": version,
            "meta:containerId": "tenant",
            "meta:sandboxId": self._platform.sandbox_id(view.sandbox),
            "meta:sandboxType": sandbox_type(view.sandbox),
            "meta:registryMetadata": self._metadata(version, client, before),
        }
        change = Change(view.sandbox, DESCRIPTORS, id, descriptor)
        self._platform.store.write(change, *self._indexed(view.sandbox, before, descriptor))
        return descriptor

    def _metadata(self, version: str, client: str, before: JsonObject) -> JsonObject:
        known = before.get("meta:registryMetadata", {})
        now = self._platform.clock.now()
        author = known.get("xdm:createdClientId", client)
        return {
            "repo:createdDate": known.get("repo:createdDate", now),
            "repo:lastModifiedDate": now,
            "xdm:createdClientId": author,
            "xdm:lastModifiedClientId": client,
            "xdm:createdUserId": self._platform.user_id(author),
            "xdm:lastModifiedUserId": self._platform.user_id(client),
            # The one entity tag whose making is known: that of the version's text.
            "eTag": sha256(version.encode()).hexdigest(),
        }

    def _index(self, sandbox: Sandbox, schema: str) -> dict[str, JsonObject]:
        stored = self._platform.store.read(sandbox, BY_SCHEMA, schema)
        return stored.body if stored else {}

    def _indexed(self, sandbox: Sandbox, before: JsonObject, after: JsonObject) -> list[Change]:
        """Return the changes that keep the index right when a descriptor changes."""
        old, new = (_schema_of(side) if side else None for side in (before, after))
        changes = []
        if old is not None and old != new:
            rest = self._index(sandbox, old)
            rest.pop(before["@id"], None)
            changes.append(Change(sandbox, BY_SCHEMA, old, rest or None))
        if new is not None:
            index = {**self._index(sandbox, new), after["@id"]: after}
            changes.append(Change(sandbox, BY_SCHEMA, new, index))
        return changes


def _schema_of(descriptor: JsonObject) -> str:
    """Return the `$id` of the schema that a descriptor describes, or `""` if it names none."""
    source = descriptor.get("xdm:sourceSchema")
    return canonical(source) if isinstance(source, str) else ""


def properties_of(descriptor: JsonObject) -> list[str]:
    """Return the paths of the fields that a descriptor describes."""
    sent: Json = descriptor.get("xdm:sourceProperty")
    paths = sent if isinstance(sent, list) else [sent]
    return [path for path in paths if isinstance(path, str)]


def with_deprecated_fields(resolved: JsonObject, descriptors: list[JsonObject]) -> JsonObject:
    """Return a resolved schema whose deprecated fields say so."""
    paths = [
        path
        for descriptor in descriptors
        if descriptor.get("@type") == DEPRECATED
        for path in properties_of(descriptor)
    ]
    if not paths:
        return resolved
    marked: JsonObject = copy(resolved)
    for path in paths:
        if declared := declared_at(marked, path):
            declared.field["meta:status"] = "deprecated"
    return marked
