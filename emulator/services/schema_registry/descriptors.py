"""Descriptors: what a schema's fields mean beyond their types, kept beside the schema.

Source: "Schema Registry API guide", descriptors, and the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from emulator.json_types import Json, JsonObject, copy
from emulator.scope import Scope
from emulator.services.schema_registry.identifiers import sandbox_members
from emulator.store import ALL, Change, Hint
from emulator.xdm.identity import canonical
from emulator.xdm.paths import declared_at

DESCRIPTORS = "xdm_descriptor"
BY_SCHEMA = "xdm_schema_descriptors"
"""An index: a copy of every descriptor of a schema, by `@id`."""

DEPRECATED = "xdm:descriptorDeprecated"

DISPLAY = "xdm:alternateDisplayInfo"

_PLAIN = ("sourceSchema", "sourceVersion", "sourceProperty", "title", "description", "note")
"""Members of a display that are understood without their prefix."""

_ASSIGNED = (
    "@id created createdClient createdUser imsOrg meta:containerId meta:registryMetadata"
    " meta:sandboxId meta:sandboxType updated updatedUser version"
).split()


class Descriptors:
    """Finds and changes the descriptors of tenants; the platform has none of its own."""

    def find(self, scope: Scope, id: str) -> JsonObject | None:
        """Return a descriptor by its `@id`."""
        return scope.read(DESCRIPTORS, id.rstrip("/"))

    def find_many(self, scope: Scope, ids: Iterable[str]) -> list[JsonObject]:
        """Return descriptors by their `@id`, in their order, that are there."""
        return scope.read_many(DESCRIPTORS, (id.rstrip("/") for id in ids))

    def all(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        return scope.bodies(DESCRIPTORS, hint)

    def count(self, scope: Scope) -> int:
        return scope.platform.store.count(scope.sandbox, DESCRIPTORS)

    def of_schema(self, scope: Scope, schema: str) -> list[JsonObject]:
        """Return the descriptors of a schema, by any spelling of its id."""
        return list(_index(scope, canonical(schema)).values())

    def create(self, scope: Scope, sent: JsonObject, digits: int) -> JsonObject:
        """Add a descriptor; `digits` is the length of its new id."""
        return self._write(scope, scope.new_hex(DESCRIPTORS, digits), sent, {})

    def replace(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Replace all that a descriptor says."""
        before = scope.existing(DESCRIPTORS, id.rstrip("/"))
        return self._write(scope, before["@id"], sent, before)

    def delete(self, scope: Scope, id: str) -> None:
        """Remove a descriptor."""
        before = scope.existing(DESCRIPTORS, id.rstrip("/"))
        scope.write(scope.change(DESCRIPTORS, before["@id"], None), *_indexed(scope, before, {}))

    def removal(self, scope: Scope, schema: str) -> list[Change]:
        """Return the changes that remove the descriptors of a schema."""
        index = _index(scope, schema)
        changes = [scope.change(DESCRIPTORS, id, None) for id in index]
        return [*changes, scope.change(BY_SCHEMA, schema, None)] if index else []

    def _write(self, scope: Scope, id: str, sent: JsonObject, before: JsonObject) -> JsonObject:
        version = str(int(before.get("version", "0")) + 1)
        descriptor: JsonObject = {
            "@id": id,
            **{name: value for name, value in prefixed(sent).items() if name not in _ASSIGNED},
            "imsOrg": scope.organization,
            "version": version,
            "meta:containerId": "tenant",
            **sandbox_members(scope),
            "meta:registryMetadata": _metadata(scope, version, before),
        }
        change = scope.change(DESCRIPTORS, id, descriptor)
        scope.write(change, *_indexed(scope, before, descriptor))
        return descriptor


def prefixed(sent: JsonObject) -> JsonObject:
    """Return a descriptor whose members have their prefix.

    Of a display one page prints them without it: "Manage suggested values in the API".
    """
    if sent.get("@type") != DISPLAY:
        return sent
    return {f"xdm:{name}" if name in _PLAIN else name: value for name, value in sent.items()}


def _metadata(scope: Scope, version: str, before: JsonObject) -> JsonObject:
    known = before.get("meta:registryMetadata", {})
    now = scope.now()
    author = known.get("xdm:createdClientId", scope.client)
    return {
        "repo:createdDate": known.get("repo:createdDate", now),
        "repo:lastModifiedDate": now,
        "xdm:createdClientId": author,
        "xdm:lastModifiedClientId": scope.client,
        "xdm:createdUserId": scope.platform.derived.user_id(author),
        "xdm:lastModifiedUserId": scope.user_id,
        # The one entity tag whose making is known: that of the version's text.
        "eTag": sha256(version.encode()).hexdigest(),
    }


def _index(scope: Scope, schema: str) -> dict[str, JsonObject]:
    return scope.read(BY_SCHEMA, schema) or {}


def _indexed(scope: Scope, before: JsonObject, after: JsonObject) -> list[Change]:
    """Return the changes that keep the index right when a descriptor changes."""
    old, new = (_schema_of(side) if side else None for side in (before, after))
    changes = []
    if old is not None and old != new:
        rest = _index(scope, old)
        rest.pop(before["@id"], None)
        changes.append(scope.change(BY_SCHEMA, old, rest or None))
    if new is not None:
        index = {**_index(scope, new), after["@id"]: after}
        changes.append(scope.change(BY_SCHEMA, new, index))
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
