"""The Schema Registry: resources, their resolved forms, descriptors and unions under one roof."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.services.schema_registry import audit, unions
from emulator.services.schema_registry.descriptors import Descriptors
from emulator.services.schema_registry.exchange import (
    exported,
    imported,
    imported_descriptors,
    target_id,
)
from emulator.services.schema_registry.fields import references
from emulator.services.schema_registry.identifiers import TYPES, canonical, new_id, spellings
from emulator.services.schema_registry.proposals import Wanted, proposed
from emulator.services.schema_registry.resolved import ResolvedResources
from emulator.services.schema_registry.resources import Resources
from emulator.services.schema_registry.view import TITLES, View
from emulator.xdm.csv_template import read
from emulator.xdm.resolution import resolve

_KINDS = {
    "schema": "schemas",
    "class": "classes",
    "field_group": "mixins",
    "data_type": "datatypes",
    "behavior": "behaviors",
}
"""Kinds of resource, as rules name them, by resource type."""


class SchemaRegistry(Resources):
    """What views, rules and other services ask of the registry."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.descriptors = Descriptors(platform)
        self._resolved = ResolvedResources(self)

    def finders(self) -> Mapping[str, Finder]:
        finders: dict[str, Finder] = {
            "descriptor": lambda scope, key: self.descriptors.find(scope.sandbox, key),
            "descriptor_usage": lambda scope, key: {"count": self.descriptors.count(scope.sandbox)},
            "import_target": lambda scope, key: self.find_own(
                _view(scope), self.import_id(scope.sandbox, key)
            ),
            "resolved_schema": lambda scope, key: self.resolved(_view(scope), key, "schemas"),
            "resolved_xdm": lambda scope, key: self.resolved(_view(scope), key),
            "schema_descriptors": lambda scope, key: {
                "descriptors": self.descriptors.of_schema(scope.sandbox, key)
            },
            "standard_field_group": lambda scope, key: self.standard_group(_view(scope), key),
            "tenant": lambda scope, key: {"namespace": self.namespace(scope.sandbox)},
            "tenant_resource": lambda scope, key: self.find_own(_view(scope), key),
            "profile_schema": lambda scope, key: self._in_profile(_view(scope), key),
            "union": lambda scope, key: self.union(_view(scope), key),
            "union_members": lambda scope, key: {
                "members": unions.members_of(self._platform, scope.sandbox, canonical(key))
            },
            "xdm_resource": lambda scope, key: self.find(_view(scope), key),
            "xdm_usage": lambda scope, key: self.usage(_view(scope), key),
            TITLES: self._title,
        }
        for kind, type in _KINDS.items():
            finders[kind] = _finder(self.find, type)
            finders[f"tenant_{kind}"] = _finder(self.find_own, type)
            finders[f"global_{kind}"] = _finder(self.find_global, type)
        return finders

    def listers(self) -> Mapping[str, Lister]:
        return {
            "descriptor": lambda scope: self.descriptors.all(scope.sandbox),
            "schema": lambda scope: self.all_own(scope.sandbox, "schemas"),
            "xdm_resource": lambda scope: self._reference_rows(scope.sandbox),
        }

    def _in_profile(self, view: View, id: str) -> JsonObject | None:
        """Return a schema if it takes part in a union, and so in Real-Time Customer Profile."""
        schema = self.find(view, id, "schemas") or {}
        return schema if "union" in schema.get("meta:immutableTags", ()) else None

    def resolved(self, view: View, id: str, type: str = "") -> JsonObject | None:
        """Return a resource with `allOf` and `$ref` resolved. Do not change it.

        What was resolved before is used again while none of the tenant's resources in it changed.
        """
        resource = self.find(view, id, type)
        return None if resource is None else self._resolved.of(view, resource).body

    def resolved_union(self, view: View, union: JsonObject) -> JsonObject:
        """Return a union with all fields of its members."""
        return resolve(union, lambda id: self.find(view, id))

    def delete(self, view: View, id: str) -> None:
        """Remove a tenant's resource with its title, its descriptors and its log.

        Raises:
            LookupError: No rule looked for the resource, and it is not there.
        """
        resource = self.existing(view, id)
        descriptors = self.descriptors.removal(view.sandbox, resource["$id"])
        self._platform.store.write(*self.removal(view, resource), *descriptors)

    def union(self, view: View, id: str) -> JsonObject | None:
        """Return the union that any spelling of an id names, if a schema takes part in it."""
        owner_id = unions.class_of_union(id)
        ids = unions.members_of(self._platform, view.sandbox, owner_id) if owner_id else []
        owner = self.find(view, owner_id, "classes") if ids else None
        if owner is None:
            return None
        found = [self.find_own(view, member) for member in ids]
        members = [member for member in found if member is not None]
        return unions.union_of(self._platform, view, owner, members)

    def unions(self, view: View) -> list[JsonObject]:
        """Return all unions, the oldest first."""
        classes = unions.classes_with_union(self._platform, view.sandbox)
        found = [self.union(view, owner + unions.SUFFIX) for owner in classes]
        return [union for union in found if union is not None]

    def usage(self, view: View, id: str) -> JsonObject:
        """Return what holds a resource in its form, directly or through schemas made of it.

        `unions` are schemas that take part in one, `datasets` and `filled` the ids of data sets
        and of those that have got data.
        """
        resource = self.find_own(view, id)
        found: JsonObject = {"unions": [], "datasets": [], "filled": []}
        if resource is None:
            return found
        own = resource["$id"]
        for owner in unions.classes_with_union(self._platform, view.sandbox):
            for member in unions.members_of(self._platform, view.sandbox, owner):
                if self._is_part(view, own, member):
                    found["unions"].append(member)
        for dataset in self._platform.all(view.sandbox, view.fixtures, "dataset"):
            reference = dataset.get("schemaRef")
            schema = reference.get("id") if isinstance(reference, dict) else None
            if isinstance(schema, str) and self._is_part(view, own, canonical(schema)):
                found["datasets"].append(dataset.get("id", ""))
                if dataset.get("lastBatchId"):
                    found["filled"].append(dataset.get("id", ""))
        return found

    def _is_part(self, view: View, id: str, schema: str) -> bool:
        return id in self._parts(view, schema)

    def _parts(self, view: View, id: str) -> list[str]:
        """Return the ids of the tenant's resources that a resource is made of, itself first."""
        resource = self.find_own(view, id)
        return list(self._resolved.of(view, resource).tags) if resource else []

    def log(self, view: View, id: str) -> list[JsonObject]:
        """Return what changed a resource or those that it is made of, newest first."""
        return audit.log_of(self._platform, view.sandbox, self._parts(view, id))

    def export(self, view: View, id: str) -> list[JsonObject]:
        """Return a tenant's resource behind all that it depends on, without its tenant."""
        tenant = self._platform.tenant_id(view.sandbox.organization)
        return exported(self.existing(view, id), lambda key: self.find_own(view, key), tenant)

    def import_resources(self, view: View, sent: list[JsonObject], client: str) -> list[JsonObject]:
        """Add what was exported elsewhere, under this tenant's ids."""
        tenant = self._platform.tenant_id(view.sandbox.organization)
        return self.add(view, imported(sent, tenant), client)

    def import_descriptors(self, view: View, sent: list[JsonObject]) -> list[JsonObject]:
        """Return the descriptors that an import brings, as they would be sent here."""
        return imported_descriptors(sent, self._platform.tenant_id(view.sandbox.organization))

    def proposed(self, view: View, form: JsonObject) -> list[JsonObject]:
        """Return what a CSV template proposes: field groups, a schema and descriptors.

        Args:
            view: Whose schema it would be.
            form: The parts of the request, by the names that the guide gives them.
        """
        tenant, ids = (
            self._platform.tenant_id(view.sandbox.organization),
            self._platform.ids,
        )
        template = form["csv-file"]

        def made(type: str, name: str) -> str:
            return new_id(tenant, type, ids.hex(view.sandbox, f"{type} {name} {template}", 0, 48))

        wanted = Wanted(
            class_id=canonical(form["schema-class-id"]),
            title=form["schema-name"],
            description=form.get("schema-description", ""),
            rows=read(template),
        )
        groups = partial(self.standard_group, view)
        return proposed(wanted, self.namespace(view.sandbox), made, groups)

    def standard_group(self, view: View, name: str) -> JsonObject | None:
        """Return a field group of the platform's by its title or `$id`."""
        groups = self.all_global(view.fixtures, "mixins")
        return next((item for item in groups if name in (item.get("title"), item["$id"])), None)

    def import_id(self, sandbox: Sandbox, id: str) -> str:
        """Return the id under which an exported resource would be imported."""
        return target_id(id, self._platform.tenant_id(sandbox.organization))

    def _title(self, scope: Scope, title: str) -> JsonObject | None:
        stored = self._platform.store.read(scope.sandbox, TITLES, title)
        return {**stored.body, "aliases": spellings(stored.body["id"])} if stored else None

    def _reference_rows(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return for every resource of a tenant what it refers to, however deep."""
        return [
            {"id": item["$id"], "refs": list(references(item))}
            for type in TYPES
            for item in self.all_own(sandbox, type)
        ]


def _finder(find: Any, type: str) -> Finder:
    return lambda scope, key: find(_view(scope), key, type)


def _view(scope: Scope) -> View:
    return View(scope.sandbox, scope.fixtures)
