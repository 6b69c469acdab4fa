"""Resources of the Schema Registry over the store and the platform's own XDM library."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject, dumps
from emulator.scope import Scope
from emulator.services.schema_registry import audit_log, unions
from emulator.services.schema_registry.composition import Find, normalised
from emulator.services.schema_registry.identifiers import (
    LIBRARY,
    TYPES,
    kind_of,
    new_id,
    sandbox_members,
    type_of,
)
from emulator.store import ALL, Change, Hint
from emulator.xdm.identity import alt_id, canonical

TITLES = "xdm_title"
"""An index: whose each title is."""

_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")


class _History(NamedTuple):
    """When a resource was created, in milliseconds, by which API key, and its version now."""

    created: int
    author: str
    version: str


class Resources:
    """Finds, composes and changes XDM resources."""

    def namespace(self, scope: Scope) -> str:
        """Return the name of the object that holds a tenant's own fields."""
        return "_" + scope.tenant_id

    def find(self, scope: Scope, id: str, type: str = "") -> JsonObject | None:
        """Return a resource by any spelling of its id: the tenant's, else the platform's."""
        return self.find_own(scope, id, type) or self.find_global(scope, id, type)

    def find_own(self, scope: Scope, id: str, type: str = "") -> JsonObject | None:
        """Return a tenant's resource by any spelling of its id."""
        id = canonical(id)
        found = type_of(id)
        if found not in TYPES or type not in ("", found):
            return None
        return scope.read(kind_of(found), id)

    def find_global(self, scope: Scope, id: str, type: str = "") -> JsonObject | None:
        """Return a resource of the platform's library by any spelling of its id."""
        get = scope.fixtures.get
        plain = id.rstrip("/")
        found = get(LIBRARY, plain) or get(LIBRARY, canonical(id)) or get(LIBRARY, "_" + plain)
        if found is None or type not in ("", found.get("meta:resourceType")):
            return None
        return found

    def all_own(self, scope: Scope, type: str, hint: Hint = ALL) -> list[JsonObject]:
        """Return a tenant's resources of a type that are needed, in order of creation."""
        return scope.bodies(kind_of(type), hint)

    def all_global(self, scope: Scope, type: str) -> list[JsonObject]:
        """Return the platform's resources of a type. Do not change them."""
        library = scope.fixtures.all(LIBRARY)
        return [item for item in library if item.get("meta:resourceType") == type]

    def create(self, scope: Scope, type: str, sent: JsonObject, digits: int) -> JsonObject:
        """Add a resource to the tenant's container; `digits` is the length of its new id."""
        id = new_id(scope.tenant_id, type, scope.new_hex(kind_of(type), digits))
        history = _History(scope.now(), scope.client, "1.0")
        created = self._completed(scope, id, sent, history)
        self._write(scope, [({}, created)])
        return created

    def add(self, scope: Scope, sent: Iterable[JsonObject]) -> list[JsonObject]:
        """Add resources that bring their ids along, those first that others refer to; or none."""
        made: dict[str, JsonObject] = {}
        for item in sent:
            history = _History(scope.now(), scope.client, _known_version(item.get("version")))
            made[item["$id"]] = self._completed(scope, item["$id"], item, history, made.get)
        self._write(scope, [({}, resource) for resource in made.values()])
        return list(made.values())

    def replace(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Replace what a tenant's resource says. Tags, once set, stay."""
        before = self.existing(scope, id)
        tags = dict.fromkeys(before.get("meta:immutableTags", []))
        tags.update(dict.fromkeys(sent.get("meta:immutableTags", [])))
        return self._rewrite(scope, before, {**sent, "meta:immutableTags": list(tags)})

    def patch(self, scope: Scope, id: str, patch: list[Json]) -> JsonObject:
        """Apply a JSON Patch to a tenant's resource."""
        before = self.existing(scope, id)
        return self._rewrite(scope, before, apply(before, patch))

    def _rewrite(self, scope: Scope, before: JsonObject, sent: JsonObject) -> JsonObject:
        metadata = before["meta:registryMetadata"]
        created, author = metadata["repo:createdDate"], metadata["xdm:createdClientId"]
        history = _History(created, author, _next_version(before["version"]))
        after = self._completed(scope, before["$id"], sent, history)
        self._write(scope, [(before, after)])
        return after

    def removal(self, scope: Scope, resource: JsonObject) -> list[Change]:
        """Return the changes that remove a tenant's resource, its title, membership and log."""
        id = resource["$id"]
        return [
            scope.change(kind_of(type_of(id)), id, None),
            *_titles(scope, resource, {}),
            *unions.membership(scope, resource, {}),
            *audit_log.removal(scope, id),
        ]

    def existing(self, scope: Scope, id: str) -> JsonObject:
        """Return a tenant's resource that a rule has already found.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        resource = self.find_own(scope, id)
        if resource is None:
            raise LookupError(id)
        return resource

    def _completed(
        self,
        scope: Scope,
        id: str,
        sent: JsonObject,
        history: _History,
        also: Find = lambda id: None,
    ) -> JsonObject:
        """Return a resource as the registry completes it.

        Args:
            also: Finds resources that are written together with this one.
        """
        type = type_of(id)
        resource: JsonObject = {
            "$id": id,
            "meta:altId": alt_id(id),
            "meta:resourceType": type,
            "version": history.version,
            **normalised(sent, type, id, lambda key: also(key) or self.find(scope, key)),
            "imsOrg": scope.organization,
            "meta:containerId": "tenant",
            **sandbox_members(scope),
            "meta:tenantNamespace": self.namespace(scope),
        }
        resource["meta:registryMetadata"] = _metadata(scope, resource, history)
        return resource

    def _write(self, scope: Scope, writes: list[tuple[JsonObject, JsonObject]]) -> None:
        """Write resources, each as it was and as it is now, with all that follows, at once."""
        changes = []
        for before, after in writes:
            id = after["$id"]
            changes.append(scope.change(kind_of(type_of(id)), id, after))
            changes += _titles(scope, before, after)
            changes += unions.membership(scope, before, after)
            changes.append(audit_log.entry_of(scope, before, after))
        scope.write(*changes)


def _metadata(scope: Scope, resource: JsonObject, history: _History) -> JsonObject:
    metadata = {
        "repo:createdDate": history.created,
        "repo:lastModifiedDate": scope.now(),
        "xdm:createdClientId": history.author,
        "xdm:lastModifiedClientId": scope.client,
        "xdm:createdUserId": scope.platform.derived.user_id(history.author),
        "xdm:lastModifiedUserId": scope.user_id,
    }
    content = dumps([resource, metadata])
    return {
        **metadata,
        "eTag": sha256(content).hexdigest(),
        "meta:globalLibVersion": _library_version(scope),
    }


def _library_version(scope: Scope) -> str:
    library = scope.fixtures.all(LIBRARY)
    return str(library[0].get("version", "1.0")) if library else "1.0"


def _titles(scope: Scope, old: JsonObject, new: JsonObject) -> list[Change]:
    """Return the changes that keep the index of titles right."""
    before, after = old.get("title"), new.get("title")
    changes = []
    if isinstance(before, str) and before != after:
        owner = scope.read(TITLES, before)
        if owner and owner["id"] == old["$id"]:
            changes.append(scope.change(TITLES, before, None))
    if isinstance(after, str) and before != after:
        changes.append(scope.change(TITLES, after, {"id": new["$id"]}))
    return changes


def _known_version(sent: Json) -> str:
    """Return the version that an imported resource brings along, or that of a new one."""
    return sent if isinstance(sent, str) and _VERSION.fullmatch(sent) else "1.0"


def _next_version(version: str) -> str:
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) + 1}"
