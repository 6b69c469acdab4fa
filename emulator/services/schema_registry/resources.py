"""Resources of the Schema Registry over the store and the platform's own XDM library."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from emulator.fixtures.library import Fixtures
from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject, dumps
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.services.schema_registry import audit, unions
from emulator.services.schema_registry.composition import Find, normalised
from emulator.services.schema_registry.identifiers import (
    TYPES,
    alt_id,
    canonical,
    new_id,
    type_of,
)
from emulator.services.schema_registry.view import (
    LIBRARY,
    TITLES,
    View,
    kind_of,
    sandbox_type,
)
from emulator.store import Change

_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")


class Resources:
    """Finds, composes and changes XDM resources."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

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
        stored = self._platform.store.read(view.sandbox, kind_of(found), id)
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
        return [stored.body for stored in self._platform.store.scan(sandbox, kind_of(type))]

    def all_global(self, fixtures: Fixtures, type: str) -> list[JsonObject]:
        """Return the platform's resources of a type. Do not change them."""
        library = fixtures.all(LIBRARY)
        return [item for item in library if item.get("meta:resourceType") == type]

    def create(
        self, view: View, type: str, sent: JsonObject, client: str, digits: int
    ) -> JsonObject:
        """Add a resource to the tenant's container; `digits` is the length of its new id."""
        hex = self._platform.new_hex(view.sandbox, kind_of(type), digits)
        id = new_id(self._platform.tenant_id(view.sandbox.organization), type, hex)
        created = self._completed(view, id, sent, self._birth(client), lambda key: None)
        self._write(view, [({}, created)], client)
        return created

    def add(self, view: View, sent: Iterable[JsonObject], client: str) -> list[JsonObject]:
        """Add resources that bring their ids along, those first that others refer to; or none."""
        made: dict[str, JsonObject] = {}
        for item in sent:
            history = self._birth(client, _known_version(item.get("version")))
            made[item["$id"]] = self._completed(view, item["$id"], item, history, made.get)
        self._write(view, [({}, resource) for resource in made.values()], client)
        return list(made.values())

    def replace(self, view: View, id: str, sent: JsonObject, client: str) -> JsonObject:
        """Replace what a tenant's resource says. Tags, once set, stay.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        before = self.existing(view, id)
        tags = dict.fromkeys(before.get("meta:immutableTags", []))
        tags.update(dict.fromkeys(sent.get("meta:immutableTags", [])))
        return self._rewrite(view, before, {**sent, "meta:immutableTags": list(tags)}, client)

    def patch(self, view: View, id: str, patch: list[Json], client: str) -> JsonObject:
        """Apply a JSON Patch to a tenant's resource.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        before = self.existing(view, id)
        return self._rewrite(view, before, apply(before, patch), client)

    def _rewrite(self, view: View, before: JsonObject, sent: JsonObject, client: str) -> JsonObject:
        metadata = before["meta:registryMetadata"]
        history = {
            "repo:createdDate": metadata["repo:createdDate"],
            "createdBy": metadata["xdm:createdClientId"],
            "version": _next_version(before["version"]),
            "client": client,
        }
        after = self._completed(view, before["$id"], sent, history, lambda key: None)
        self._write(view, [(before, after)], client)
        return after

    def removal(self, view: View, resource: JsonObject) -> list[Change]:
        """Return the changes that remove a tenant's resource, its title, membership and log."""
        id = resource["$id"]
        return [
            Change(view.sandbox, kind_of(type_of(id)), id, None),
            *self._titles(view.sandbox, resource, {}),
            *unions.membership(self._platform, view.sandbox, resource, {}),
            *audit.removal(self._platform, view.sandbox, id),
        ]

    def existing(self, view: View, id: str) -> JsonObject:
        """Return a tenant's resource that a rule has already found.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        resource = self.find_own(view, id)
        if resource is None:
            raise LookupError(id)
        return resource

    def _birth(self, client: str, version: str = "1.0") -> JsonObject:
        now = self._platform.clock.now()
        return {
            "repo:createdDate": now,
            "createdBy": client,
            "version": version,
            "client": client,
        }

    def _completed(
        self, view: View, id: str, sent: JsonObject, history: JsonObject, also: Find
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
            "version": history["version"],
            **normalised(sent, type, id, lambda key: also(key) or self.find(view, key)),
            "imsOrg": view.sandbox.organization,
            "meta:containerId": "tenant",
            "meta:sandboxId": self._platform.sandbox_id(view.sandbox),
            "meta:sandboxType": sandbox_type(view.sandbox),
            "meta:tenantNamespace": self.namespace(view.sandbox),
        }
        resource["meta:registryMetadata"] = self._metadata(view, resource, history)
        return resource

    def _write(self, view: View, writes: list[tuple[JsonObject, JsonObject]], client: str) -> None:
        """Write resources, each as it was and as it is now, with all that follows, at once."""
        sandbox, platform = view.sandbox, self._platform
        changes = []
        for before, after in writes:
            kind = kind_of(type_of(after["$id"]))
            changes.append(Change(sandbox, kind, after["$id"], after))
            changes += self._titles(sandbox, before, after)
            changes += unions.membership(platform, sandbox, before, after)
            changes.append(audit.entry_of(platform, sandbox, before, after, client))
        platform.store.write(*changes)

    def _metadata(self, view: View, resource: JsonObject, history: JsonObject) -> JsonObject:
        metadata = {
            "repo:createdDate": history["repo:createdDate"],
            "repo:lastModifiedDate": self._platform.clock.now(),
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


def _known_version(sent: Json) -> str:
    """Return the version that an imported resource brings along, or that of a new one."""
    return sent if isinstance(sent, str) and _VERSION.fullmatch(sent) else "1.0"


def _next_version(version: str) -> str:
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) + 1}"
