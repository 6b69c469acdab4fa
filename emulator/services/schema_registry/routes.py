"""Views of the Schema Registry: resources, unions, descriptors, and the remote procedures.

Five resource types share their views; the contract says which one an operation is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from emulator.json_types import Json, JsonObject, dumps
from emulator.services.schema_registry.descriptors import DESCRIPTORS
from emulator.services.schema_registry.export_import import imported_descriptors
from emulator.services.schema_registry.identifiers import kind_of, resource_type
from emulator.services.schema_registry.listing import (
    Page,
    hint_of,
    page_of,
    selected,
    stored_page,
)
from emulator.services.schema_registry.representations import Representation
from emulator.services.schema_registry.sample_data import sample_of
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.services.schema_registry.shapes import (
    DESCRIPTOR_ID_DIGITS,
    ID_DIGITS,
    REPLACED_DESCRIPTORS,
    Pages,
    accepted_representation,
    created_descriptor_shape,
    descriptor_shape,
    list_shape,
    represented,
    represented_list,
    resource_shape,
    stats_shape,
)
from emulator.services.schema_registry.statistics import statistics
from emulator.web import Call, Part, Reply, operation

_NEXT_FILTER = re.compile(r",(?=[A-Za-z@:._-]+(?:==|!=))")
"""Where a client has joined two filters in one parameter."""


@operation("schema_registry.list_global_behaviors")
@operation("schema_registry.list_global_schemas")
@operation("schema_registry.list_global_classes")
@operation("schema_registry.list_global_fieldgroups")
@operation("schema_registry.list_global_mixins")
@operation("schema_registry.list_global_datatypes")
def list_global(service: SchemaRegistry, call: Call) -> Reply:
    resources = service.all_global(call.scope, _type(call))
    return _list(service, call, lambda query: page_of(resources, query, _by_index(call)))


@operation("schema_registry.list_tenant_schemas")
@operation("schema_registry.list_tenant_classes")
@operation("schema_registry.list_tenant_fieldgroups")
@operation("schema_registry.list_tenant_mixins")
@operation("schema_registry.list_tenant_datatypes")
def list_tenant(service: SchemaRegistry, call: Call) -> Reply:
    scope, type = call.scope, _type(call)

    def page(query: JsonObject) -> Page:
        found = stored_page(scope, kind_of(type), query, _by_index(call))
        whole = (service.find_own(scope, item["$id"], type) for item in found.items)
        return replace(found, items=[item for item in whole if item is not None])

    return _list(service, call, page)


@operation("schema_registry.get_global_behavior")
@operation("schema_registry.get_global_schema")
@operation("schema_registry.get_global_class")
@operation("schema_registry.get_global_fieldgroup")
@operation("schema_registry.get_global_mixin")
@operation("schema_registry.get_global_datatype")
@operation("schema_registry.get_tenant_schema")
@operation("schema_registry.get_tenant_class")
@operation("schema_registry.get_tenant_fieldgroup")
@operation("schema_registry.get_tenant_mixin")
@operation("schema_registry.get_tenant_datatype")
def get_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Look a resource up, in the representation that Accept asks for."""
    id = call.path["id"]
    found = service.find(call.scope, id, _type(call)) or service.union(call.scope, id) or {}
    return Reply(200, represented(service, call, found))


@operation("schema_registry.create_schema")
@operation("schema_registry.create_class")
@operation("schema_registry.create_fieldgroup")
@operation("schema_registry.create_mixin")
@operation("schema_registry.create_datatype")
def create_resource(service: SchemaRegistry, call: Call) -> Reply:
    digits = ID_DIGITS[call.edition.answer("schema_registry.id")]
    created = service.create(call.scope, _type(call), call.body, digits)
    return Reply(201, resource_shape(call, created))


@operation("schema_registry.replace_schema")
@operation("schema_registry.replace_class")
@operation("schema_registry.replace_fieldgroup")
@operation("schema_registry.replace_mixin")
@operation("schema_registry.replace_datatype")
def replace_resource(service: SchemaRegistry, call: Call) -> Reply:
    replaced = service.replace(call.scope, call.path["id"], call.body)
    return Reply(200, resource_shape(call, replaced))


@operation("schema_registry.patch_schema")
@operation("schema_registry.patch_class")
@operation("schema_registry.patch_fieldgroup")
@operation("schema_registry.patch_mixin")
@operation("schema_registry.patch_datatype")
def patch_resource(service: SchemaRegistry, call: Call) -> Reply:
    patched = service.patch(call.scope, call.path["id"], call.body)
    return Reply(200, resource_shape(call, patched))


@operation("schema_registry.delete_schema")
@operation("schema_registry.delete_class")
@operation("schema_registry.delete_fieldgroup")
@operation("schema_registry.delete_mixin")
@operation("schema_registry.delete_datatype")
def delete_resource(service: SchemaRegistry, call: Call) -> Reply:
    service.delete(call.scope, call.path["id"])
    return Reply(204)


@operation("schema_registry.stats", is_long=True)
def get_stats(service: SchemaRegistry, call: Call) -> Reply:
    return Reply(200, stats_shape(call, statistics(service, call.scope)))


@operation("schema_registry.list_unions", is_long=True)
def list_unions(service: SchemaRegistry, call: Call) -> Reply:
    unions = service.unions(call.scope)
    _, items = represented_list(
        service, call, lambda query: page_of(unions, query, _by_index(call))
    )
    return Reply(200, {"results": items})


@operation("schema_registry.get_union", is_long=True)
def get_union(service: SchemaRegistry, call: Call) -> Reply:
    return Reply(200, represented(service, call, call.find("union", call.path["id"])))


@operation("schema_registry.sample_data", is_long=True)
def sample_data(service: SchemaRegistry, call: Call) -> Reply:
    """Return one invented object that fits a schema; the same for the same seed and schema."""
    scope, id = call.scope, call.path["id"]
    found = service.resolvable(scope, id)
    resolved = service.resolved_form(scope, found).body if found else {}
    faker = call.scope.platform.ids.faker_for(str(resolved.get("$id", id)))
    return Reply(200, sample_of(resolved, faker))


@operation("schema_registry.export_resource", is_long=True)
def export_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Return a resource behind everything that it depends on."""
    return Reply(200, service.export(call.scope, call.path["id"]))


@operation("schema_registry.import_resources", is_long=True)
def import_resources(service: SchemaRegistry, call: Call) -> Reply:
    """Add what another organization or sandbox exported, or a template proposes; or none of it."""
    before = call.scope.platform.store.dump()
    added = service.import_resources(call.scope, call.body)
    shaped: list[Json] = [resource_shape(call, resource) for resource in added]
    for descriptor in imported_descriptors(call.body, call.scope.tenant_id):
        reply = call.perform(_posted(descriptor))
        if reply.status >= 400:
            call.scope.platform.store.load(before, call.scope.sandbox)
            return reply
        shaped.append(reply.body)
    return Reply(200, shaped)


def _posted(descriptor: JsonObject) -> Part:
    """Return the request that creates a descriptor, so that its own rules judge it."""
    headers = {"content-type": "application/json"}
    return Part("POST", "/tenant/descriptors", headers, dumps(descriptor))


@operation("schema_registry.csv_to_schema", is_long=True)
def csv_to_schema(service: SchemaRegistry, call: Call) -> Reply:
    """Return what a CSV template proposes, in the form that an import takes."""
    return Reply(200, service.schema_of_csv(call.scope, call.body))


@operation("schema_registry.audit_log")
def audit_log(service: SchemaRegistry, call: Call) -> Reply:
    """Tell what changed a resource, newest first."""
    return Reply(200, service.log(call.scope, call.path["id"]))


@operation("schema_registry.create_descriptor")
def create_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    digits = DESCRIPTOR_ID_DIGITS[call.edition.answer("schema_registry.descriptor_id")]
    created = service.descriptors.create(call.scope, call.body, digits)
    return Reply(201, created_descriptor_shape(call, created))


@operation("schema_registry.get_tenant_descriptor")
@operation("schema_registry.get_global_descriptor")
def get_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    return Reply(200, descriptor_shape(call, call.find("descriptor", call.path["id"])))


@operation("schema_registry.replace_descriptor")
def replace_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    """Replace a descriptor; documents differ about the answer."""
    replaced = service.descriptors.replace(call.scope, call.path["id"], call.body)
    shape = call.edition.answer("schema_registry.descriptor_replaced")
    return REPLACED_DESCRIPTORS[shape](call, replaced)


@operation("schema_registry.delete_descriptor")
def delete_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    service.descriptors.delete(call.scope, call.path["id"])
    return Reply(204)


@operation("schema_registry.list_tenant_descriptors")
def list_descriptors(service: SchemaRegistry, call: Call) -> Reply:
    return _descriptor_list(service, call, DESCRIPTORS)


@operation("schema_registry.list_global_descriptors")
def list_global_descriptors(service: SchemaRegistry, call: Call) -> Reply:
    """List the platform's descriptors: there are none."""
    return _descriptor_list(service, call, "")


def _by_index(call: Call) -> bool:
    return call.edition.answer("schema_registry.start") == "index"


def _list(service: SchemaRegistry, call: Call, pages: Pages) -> Reply:
    page, items = represented_list(service, call, pages)
    return Reply(200, list_shape(call, page, items))


def _type(call: Call) -> str:
    """Return the type of the operation's resource, which is how its collection is called."""
    return resource_type(call.resource.collection.rpartition("/")[2])


def _descriptor_list(service: SchemaRegistry, call: Call, kind: str) -> Reply:
    accepted = accepted_representation(call)
    filters = [one for text in call.query.get("property", []) for one in _NEXT_FILTER.split(text)]
    query = {**call.query, "property": filters}
    if not accepted.paged:
        parts = call.scope.bodies(kind, hint_of(query))
        found = _whole_descriptors(service, call, selected(parts, query))
        return Reply(200, _by_type(call, found, accepted))
    page = stored_page(call.scope, kind, query, _by_index(call))
    found = _whole_descriptors(service, call, page.items)
    items = [_descriptor_item(call, item, accepted) for item in found]
    head = {"orderby": page.orderby, "next": page.next, "count": len(items)}
    return Reply(200, {"results": items, "_page": head})


def _whole_descriptors(
    service: SchemaRegistry, call: Call, parts: Iterable[JsonObject]
) -> list[JsonObject]:
    return service.descriptors.find_many(call.scope, (part["@id"] for part in parts))


def _by_type(call: Call, descriptors: list[JsonObject], accepted: Representation) -> JsonObject:
    """Return descriptors as the older forms have them: an object with a list for each type."""
    found: JsonObject = {}
    for descriptor in descriptors:
        found.setdefault(str(descriptor.get("@type")), []).append(
            _descriptor_item(call, descriptor, accepted)
        )
    return found


def _descriptor_item(call: Call, descriptor: JsonObject, accepted: Representation) -> Json:
    if accepted.links:
        return f"/tenant/descriptors/{descriptor['@id']}"
    return descriptor["@id"] if accepted.brief else descriptor_shape(call, descriptor)
