"""The Schema Registry: resources, their resolved forms, descriptors and unions under one roof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from emulator.json_types import JsonObject
from emulator.scope import Finder, Lister, Scope
from emulator.services.schema_registry import audit_log, unions
from emulator.services.schema_registry.csv_to_schema import SchemaPlan, propose
from emulator.services.schema_registry.descriptors import Descriptors
from emulator.services.schema_registry.export_import import exported_resources, imported_resources
from emulator.services.schema_registry.identifiers import TYPES, kind_of, new_id, type_of
from emulator.services.schema_registry.resolved_resources import Resolved, ResolvedResources
from emulator.services.schema_registry.resources import TITLES, Resources
from emulator.store import Hint
from emulator.xdm.csv_template import read
from emulator.xdm.fields import references
from emulator.xdm.identity import canonical

_KINDS = {
    "schema": "schemas",
    "class": "classes",
    "field_group": "mixins",
    "data_type": "datatypes",
    "behavior": "behaviors",
}
"""Kinds of resource, as rules name them, by resource type."""


_OF_DATASETS = Hint(frozenset(("id", "schemaRef", "lastBatchId")))
"""What is asked of data sets here."""

_MAX_FOLLOWED = 64
"""Up to how many resources mentions are followed; beyond, every schema is resolved."""


class SchemaRegistry(Resources):
    """What views, rules and other services ask of the registry."""

    def __init__(self) -> None:
        self.descriptors = Descriptors()
        self._resolved = ResolvedResources(self)

    def finders(self) -> Mapping[str, Finder]:
        finders: dict[str, Finder] = {
            "descriptor": self.descriptors.find,
            "resolved_schema": partial(self.resolved, type="schemas"),
            "tenant_resource": self.find_own,
            "union": self.union,
            "xdm_resource": self.find,
        }
        for kind, type in _KINDS.items():
            finders[kind] = partial(self.find, type=type)
            finders[f"tenant_{kind}"] = partial(self.find_own, type=type)
            finders[f"global_{kind}"] = partial(self.find_global, type=type)
        return finders

    def listers(self) -> Mapping[str, Lister]:
        return {
            "descriptor": self.descriptors.all,
            "schema": lambda scope, hint: self.all_own(scope, "schemas", hint),
            "xdm_resource": self._reference_rows,
        }

    def resolved(self, scope: Scope, id: str, type: str = "") -> JsonObject | None:
        """Return a resource with `allOf` and `$ref` resolved. Do not change it.

        What was resolved before is used again while none of the tenant's resources in it changed.
        """
        resource = self.find(scope, id, type)
        return None if resource is None else self._resolved.of(scope, resource).body

    def resolved_form(self, scope: Scope, resource: JsonObject) -> Resolved:
        """Return the resolved form of a resource or union. Do not change it."""
        if resource.get("meta:resourceType") == "unions":
            return self._resolved.resolve(scope, resource)
        return self._resolved.of(scope, resource)

    def resolvable(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the resource or union that any spelling of an id names."""
        return self.find(scope, id) or self.union(scope, id)

    def delete(self, scope: Scope, id: str) -> None:
        """Remove a tenant's resource with its title, its descriptors and its log."""
        resource = self.existing(scope, id)
        descriptors = self.descriptors.removal(scope, resource["$id"])
        scope.write(*self.removal(scope, resource), *descriptors)

    def union(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the union that any spelling of an id names, if a schema takes part in it."""
        owner_id = unions.class_of_union(id)
        ids = unions.members_of(scope, owner_id) if owner_id else []
        owner = self.find(scope, owner_id, "classes") if ids else None
        if owner is None:
            return None
        found = [self.find_own(scope, member) for member in ids]
        members = [member for member in found if member is not None]
        return unions.union_of(scope, owner, members)

    def unions(self, scope: Scope) -> list[JsonObject]:
        """Return all unions, the oldest first."""
        classes = unions.classes_with_union(scope)
        found = [self.union(scope, owner + unions.SUFFIX) for owner in classes]
        return [union for union in found if union is not None]

    def usage(self, scope: Scope, id: str) -> JsonObject:
        """Return what holds a resource in its form, directly or through schemas made of it.

        `schemas` are other schemas, `unions` those that take part in one, `datasets` and `filled`
        the ids of data sets and of those that have got data.
        """
        resource = self.find_own(scope, id)
        found: JsonObject = {"schemas": [], "unions": [], "datasets": [], "filled": []}
        if resource is None:
            return found
        own = resource["$id"]
        for schema in self._may_use(scope, own):
            if schema != own and self._is_part(scope, own, schema):
                found["schemas"].append(schema)
        for owner in unions.classes_with_union(scope):
            for member in unions.members_of(scope, owner):
                if self._is_part(scope, own, member):
                    found["unions"].append(member)
        for dataset in self._datasets_of(scope, own, {own, *found["schemas"]}):
            found["datasets"].append(dataset.get("id", ""))
            if dataset.get("lastBatchId"):
                found["filled"].append(dataset.get("id", ""))
        return found

    def _datasets_of(self, scope: Scope, own: str, schemas: set[str]) -> Iterator[JsonObject]:
        """Yield the data sets of some schemas, or of another resource that is made of `own`."""
        for dataset in scope.all("dataset", _OF_DATASETS):
            reference = dataset.get("schemaRef")
            used = reference.get("id") if isinstance(reference, dict) else None
            named = canonical(used) if isinstance(used, str) else ""
            is_other = named != "" and type_of(named) != "schemas"
            if named in schemas or (is_other and self._is_part(scope, own, named)):
                yield dataset

    def _may_use(self, scope: Scope, own: str) -> list[str]:
        """Return the ids of a tenant's schemas that may be made of a resource, the oldest first.

        Those that mention it, or what mentions it; all of them if these are many.
        """
        known, waiting = {own}, [own]
        while waiting and len(known) <= _MAX_FOLLOWED:
            end = waiting.pop().rpartition("/")[2]
            mention = Hint(frozenset(), (end,))
            rows = (row for type in TYPES for row in scope.scan(kind_of(type), hint=mention))
            new = [row.key for row in rows if row.key not in known]
            known.update(new)
            waiting += new
        keys = (row.key for row in scope.scan(kind_of("schemas"), hint=Hint(frozenset())))
        return [key for key in keys if waiting or key in known]

    def _is_part(self, scope: Scope, id: str, schema: str) -> bool:
        return id in self._parts(scope, schema)

    def _parts(self, scope: Scope, id: str) -> list[str]:
        """Return the ids of the tenant's resources that a resource is made of, itself first."""
        resource = self.find_own(scope, id)
        return list(self._resolved.of(scope, resource).tags) if resource else []

    def log(self, scope: Scope, id: str) -> list[JsonObject]:
        """Return what changed a resource or those that it is made of, newest first."""
        return audit_log.log_of(scope, self._parts(scope, id))

    def export(self, scope: Scope, id: str) -> list[JsonObject]:
        """Return a tenant's resource behind all that it depends on, without its tenant."""
        resource = self.existing(scope, id)
        return exported_resources(resource, partial(self.find_own, scope), scope.tenant_id)

    def import_resources(self, scope: Scope, sent: list[JsonObject]) -> list[JsonObject]:
        """Add what was exported elsewhere, under this tenant's ids."""
        return self.add(scope, imported_resources(sent, scope.tenant_id))

    def schema_of_csv(self, scope: Scope, form: JsonObject) -> list[JsonObject]:
        """Return what a CSV template proposes: field groups, a schema and descriptors.

        Args:
            scope: Whose schema it would be.
            form: The parts of the request, by the names that the guide gives them.
        """
        template, ids = form["csv-file"], scope.platform.ids

        def made(type: str, name: str) -> str:
            digits = ids.hex(scope.sandbox, f"{type} {name} {template}", 0, 48)
            return new_id(scope.tenant_id, type, digits)

        plan = SchemaPlan(
            class_id=canonical(form["schema-class-id"]),
            title=form["schema-name"],
            description=form.get("schema-description", ""),
            rows=read(template),
        )
        return propose(plan, self.namespace(scope), made, partial(self.standard_group, scope))

    def standard_group(self, scope: Scope, name: str) -> JsonObject | None:
        """Return a field group of the platform's by its title or `$id`."""
        groups = self.all_global(scope, "mixins")
        return next((item for item in groups if name in (item.get("title"), item["$id"])), None)

    def id_of_title(self, scope: Scope, title: str) -> str:
        """Return the `$id` of the tenant's resource that has a title, or `""`."""
        return str((scope.read(TITLES, title) or {}).get("id", ""))

    def _reference_rows(self, scope: Scope, hint: Hint) -> list[JsonObject]:
        """Return for every resource of a tenant what it refers to, however deep."""
        return [
            {"id": item["$id"], "refs": list(references(item))}
            for type in TYPES
            for item in self.all_own(scope, type, hint)
        ]
