"""Resources of the Schema Registry over the store and the platform's own XDM library."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple

from emulator.fixture_library import Fixtures
from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject, dumps
from emulator.sandbox import Sandbox
from emulator.services.base import Finder, Lister, Platform
from emulator.services.schema_registry.composition import normalised
from emulator.services.schema_registry.fields import references
from emulator.services.schema_registry.identifiers import (
    TYPES,
    alt_id,
    canonical,
    new_id,
    resource_type,
    spellings,
    type_of,
)
from emulator.services.schema_registry.resolution import resolve
from emulator.store import Change

LIBRARY = "xdm"
TITLES = "xdm_title"
_KINDS = {
    "schema": "schemas",
    "class": "classes",
    "field_group": "mixins",
    "data_type": "datatypes",
    "behavior": "behaviors",
}
"""Kinds of resource, as rules name them, by resource type."""

_MOST_RESOLVED = 256


class View(NamedTuple):
    """Whose resources are seen: a sandbox's, over the platform's in one edition."""

    sandbox: Sandbox
    fixtures: Fixtures


class _Resolved(NamedTuple):
    """A resolved resource, and the entity tags of the tenant's resources that went into it."""

    body: JsonObject
    tags: dict[str, str]


class SchemaRegistry:
    """Finds, composes and changes XDM resources."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._resolved: OrderedDict[tuple[View, str], _Resolved] = OrderedDict()
        self._lock = Lock()

    def finders(self) -> Mapping[str, Finder]:
        finders: dict[str, Finder] = {
            "resolved_schema": lambda s, f, key: self.resolved(View(s, f), key, "schemas"),
            "tenant": lambda s, f, key: {"namespace": self.namespace(s)},
            "xdm_resource": lambda s, f, key: self.find(View(s, f), key),
            TITLES: self._title,
        }
        for kind, type in _KINDS.items():
            finders[kind] = _finder(self.find, type)
            finders[f"tenant_{kind}"] = _finder(self.find_own, type)
            finders[f"global_{kind}"] = _finder(self.find_global, type)
        return finders

    def listers(self) -> Mapping[str, Lister]:
        return {
            "schema": lambda s, f: self.all_own(s, "schemas"),
            "xdm_resource": lambda s, f: self._reference_rows(s),
        }

    def namespace(self, sandbox: Sandbox) -> str:
        """Return the name of the object that holds a tenant's own fields."""
        return "_" + self._platform.tenant_id(sandbox.organization)

    def find(self, view: View, id: str, type: str = "") -> JsonObject | None:
        """Return a resource by any spelling of its id: the tenant's, else the platform's."""
        return self.find_own(view, id, type) or self.find_global(view, id, type)

    def find_own(self, view: View, id: str, type: str = "") -> JsonObject | None:
        """Return a tenant's resource by any spelling of its id."""
        id = canonical(id)
        found = type_of(id)
        if found not in TYPES or type not in ("", found):
            return None
        stored = self._platform.store.read(view.sandbox, _kind(found), id)
        return stored.body if stored else None

    def find_global(self, view: View, id: str, type: str = "") -> JsonObject | None:
        """Return a resource of the platform's library by any spelling of its id."""
        get = view.fixtures.get
        plain = id.rstrip("/")
        found = get(LIBRARY, plain) or get(LIBRARY, canonical(id)) or get(LIBRARY, "_" + plain)
        if found is None or type not in ("", found.get("meta:resourceType")):
            return None
        return found

    def all_own(self, sandbox: Sandbox, type: str) -> list[JsonObject]:
        """Return a tenant's resources of a type, in order of creation."""
        return [stored.body for stored in self._platform.store.scan(sandbox, _kind(type))]

    def all_global(self, fixtures: Fixtures, type: str) -> list[JsonObject]:
        """Return the platform's resources of a type. Do not change them."""
        library = fixtures.all(LIBRARY)
        return [item for item in library if item.get("meta:resourceType") == type]

    def resolved(self, view: View, id: str, type: str = "") -> JsonObject | None:
        """Return a resource with `allOf` and `$ref` resolved. Do not change it.

        What was resolved before is used again while none of the tenant's resources in it changed.
        """
        resource = self.find(view, id, type)
        if resource is None:
            return None
        place = (view, resource["$id"])
        known = self._resolved.get(place)
        if known is None or not self._is_current(view, known):
            known = self._resolve(view, resource)
            with self._lock:
                self._resolved[place] = known
                if len(self._resolved) > _MOST_RESOLVED:
                    self._resolved.popitem(last=False)
        return known.body

    def _resolve(self, view: View, resource: JsonObject) -> _Resolved:
        tags = {resource["$id"]: _tag(resource)}

        def find(id: str) -> JsonObject | None:
            found = self.find(view, id) or {}
            # The library never changes; what is not there yet may come, so it is noted as well.
            if not found or found.get("meta:containerId") == "tenant":
                tags[canonical(id)] = _tag(found)
            return found

        return _Resolved(resolve(resource, find), tags)

    def _is_current(self, view: View, known: _Resolved) -> bool:
        return all(_tag(self.find(view, id) or {}) == tag for id, tag in known.tags.items())

    def create(
        self, view: View, type: str, sent: JsonObject, client: str, digits: int
    ) -> JsonObject:
        """Add a resource to the tenant's container; `digits` is the length of its new id."""
        hex = self._platform.new_hex(view.sandbox, _kind(type), digits)
        id = new_id(self._platform.tenant_id(view.sandbox.organization), type, hex)
        now = self._platform.runtime.clock.now()
        history = {"repo:createdDate": now, "createdBy": client, "version": "1.0"}
        return self._keep(view, type, id, sent, {**history, "client": client}, None)

    def replace(self, view: View, id: str, sent: JsonObject, client: str) -> JsonObject:
        """Replace what a tenant's resource says. Tags, once set, stay.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        before = self._existing(view, id)
        tags = dict.fromkeys(before.get("meta:immutableTags", []))
        tags.update(dict.fromkeys(sent.get("meta:immutableTags", [])))
        return self._rewrite(view, before, {**sent, "meta:immutableTags": list(tags)}, client)

    def patch(self, view: View, id: str, patch: list[Json], client: str) -> JsonObject:
        """Apply a JSON Patch to a tenant's resource.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        before = self._existing(view, id)
        return self._rewrite(view, before, apply(before, patch), client)

    def _rewrite(self, view: View, before: JsonObject, sent: JsonObject, client: str) -> JsonObject:
        metadata = before["meta:registryMetadata"]
        history = {
            "repo:createdDate": metadata["repo:createdDate"],
            "createdBy": metadata["xdm:createdClientId"],
            "version": _next_version(before["version"]),
            "client": client,
        }
        return self._keep(view, type_of(before["$id"]), before["$id"], sent, history, before)

    def delete(self, view: View, id: str) -> None:
        """Remove a tenant's resource and free its title.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        resource = self._existing(view, id)
        change = Change(view.sandbox, _kind(type_of(resource["$id"])), resource["$id"], None)
        self._platform.store.write(change, *self._titles(view.sandbox, resource, {}))

    def _existing(self, view: View, id: str) -> JsonObject:
        resource = self.find_own(view, id)
        if resource is None:
            raise LookupError(id)
        return resource

    def _keep(
        self,
        view: View,
        type: str,
        id: str,
        sent: JsonObject,
        history: JsonObject,
        before: JsonObject | None,
    ) -> JsonObject:
        """Write a resource as the registry completes it, and its title, in one step."""
        resource: JsonObject = {
            "$id": id,
            "meta:altId": alt_id(id),
            "meta:resourceType": type,
            "version": history["version"],
            **normalised(sent, type, id, lambda key: self.find(view, key)),
            "imsOrg": view.sandbox.organization,
            "meta:containerId": "tenant",
            "meta:sandboxId": self._platform.sandbox_id(view.sandbox),
            "meta:sandboxType": "production" if view.sandbox.name == "prod" else "development",
            "meta:tenantNamespace": self.namespace(view.sandbox),
        }
        resource["meta:registryMetadata"] = self._metadata(view, resource, history)
        change = Change(view.sandbox, _kind(type), id, resource)
        self._platform.store.write(change, *self._titles(view.sandbox, before or {}, resource))
        return resource

    def _metadata(self, view: View, resource: JsonObject, history: JsonObject) -> JsonObject:
        now = self._platform.runtime.clock.now()
        metadata = {
            "repo:createdDate": history["repo:createdDate"],
            "repo:lastModifiedDate": now,
            "xdm:createdClientId": history["createdBy"],
            "xdm:lastModifiedClientId": history["client"],
            "xdm:createdUserId": self._platform.user_id(history["createdBy"]),
            "xdm:lastModifiedUserId": self._platform.user_id(history["client"]),
        }
        content = dumps([resource, metadata])
        return {
            **metadata,
            "eTag": sha256(content).hexdigest(),
            "meta:globalLibVersion": self.library_version(view.fixtures),
        }

    def library_version(self, fixtures: Fixtures) -> str:
        """Return the version of the platform's XDM library."""
        library = fixtures.all(LIBRARY)
        return str(library[0].get("version", "1.0")) if library else "1.0"

    def _titles(self, sandbox: Sandbox, old: JsonObject, new: JsonObject) -> list[Change]:
        """Return the changes that keep the index of titles right."""
        before, after = old.get("title"), new.get("title")
        changes = []
        if isinstance(before, str) and before != after:
            owner = self._platform.store.read(sandbox, TITLES, before)
            if owner and owner.body["id"] == old["$id"]:
                changes.append(Change(sandbox, TITLES, before, None))
        if isinstance(after, str) and before != after:
            changes.append(Change(sandbox, TITLES, after, {"id": new["$id"]}))
        return changes

    def _title(self, sandbox: Sandbox, fixtures: Fixtures, title: str) -> JsonObject | None:
        stored = self._platform.store.read(sandbox, TITLES, title)
        return {**stored.body, "aliases": spellings(stored.body["id"])} if stored else None

    def _reference_rows(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return for every resource of a tenant what it refers to, however deep."""
        return [
            {"id": item["$id"], "refs": list(references(item))}
            for type in TYPES
            for item in self.all_own(sandbox, type)
        ]


def _finder(find: Any, type: str) -> Finder:
    return lambda sandbox, fixtures, key: find(View(sandbox, fixtures), key, type)


def _kind(type: str) -> str:
    """Return the kind under which the store keeps resources of a type."""
    return f"xdm_{resource_type(type)}"


def _tag(resource: JsonObject) -> str:
    metadata = resource.get("meta:registryMetadata") or {}
    return str(metadata.get("eTag", resource.get("version", "")))


def _next_version(version: str) -> str:
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) + 1}"
