"""Views of resources. Five resource types share them; the path says which is meant."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.schema_registry.form_shapes import shown, view_of
from emulator.services.schema_registry.forms import read_accept
from emulator.services.schema_registry.identifiers import resource_type
from emulator.services.schema_registry.listing import page_of
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.services.schema_registry.shapes import (
    ID_DIGITS,
    list_shape,
    resource_shape,
    stats_shape,
)
from emulator.services.schema_registry.statistics import statistics
from emulator.web import Call, Reply, operation


@operation("schema_registry.list_global_behaviors")
@operation("schema_registry.list_global_schemas")
@operation("schema_registry.list_global_classes")
@operation("schema_registry.list_global_fieldgroups")
@operation("schema_registry.list_global_mixins")
@operation("schema_registry.list_global_datatypes")
def list_global(service: SchemaRegistry, call: Call) -> Reply:
    """List the platform's resources of a type."""
    return _list(service, call, service.all_global(call.fixtures, _type(call)))


@operation("schema_registry.list_tenant_schemas")
@operation("schema_registry.list_tenant_classes")
@operation("schema_registry.list_tenant_fieldgroups")
@operation("schema_registry.list_tenant_mixins")
@operation("schema_registry.list_tenant_datatypes")
def list_tenant(service: SchemaRegistry, call: Call) -> Reply:
    """List the tenant's resources of a type."""
    return _list(service, call, service.all_own(call.sandbox, _type(call)))


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
    """Look a resource up, in the form that Accept asks for."""
    form = read_accept(call.headers.get("accept", ""))
    view = view_of(call)
    resource = service.find(view, call.path["id"], _type(call))
    return Reply(
        200, shown(service, call, resource or service.union(view, call.path["id"]) or {}, form)
    )


@operation("schema_registry.create_schema")
@operation("schema_registry.create_class")
@operation("schema_registry.create_fieldgroup")
@operation("schema_registry.create_mixin")
@operation("schema_registry.create_datatype")
def create_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Add a resource to the tenant's container."""
    digits = ID_DIGITS[call.edition.answer("schema_registry.id")]
    created = service.create(view_of(call), _type(call), call.body, call.client, digits)
    return Reply(201, resource_shape(call, created))


@operation("schema_registry.replace_schema")
@operation("schema_registry.replace_class")
@operation("schema_registry.replace_fieldgroup")
@operation("schema_registry.replace_mixin")
@operation("schema_registry.replace_datatype")
def replace_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Replace a resource of the tenant."""
    replaced = service.replace(view_of(call), call.path["id"], call.body, call.client)
    return Reply(200, resource_shape(call, replaced))


@operation("schema_registry.patch_schema")
@operation("schema_registry.patch_class")
@operation("schema_registry.patch_fieldgroup")
@operation("schema_registry.patch_mixin")
@operation("schema_registry.patch_datatype")
def patch_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Change a resource of the tenant by a JSON Patch."""
    patched = service.patch(view_of(call), call.path["id"], call.body, call.client)
    return Reply(200, resource_shape(call, patched))


@operation("schema_registry.delete_schema")
@operation("schema_registry.delete_class")
@operation("schema_registry.delete_fieldgroup")
@operation("schema_registry.delete_mixin")
@operation("schema_registry.delete_datatype")
def delete_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Remove a resource of the tenant."""
    service.delete(view_of(call), call.path["id"])
    return Reply(204)


@operation("schema_registry.stats")
def get_stats(service: SchemaRegistry, call: Call) -> Reply:
    """Tell the tenant's id and how many resources it has."""
    tenant = call.platform.tenant_id(call.sandbox.organization)
    return Reply(200, stats_shape(call, statistics(service, view_of(call), tenant)))


def _list(service: SchemaRegistry, call: Call, resources: list[JsonObject]) -> Reply:
    form = read_accept(call.headers.get("accept", ""))
    by_index = call.edition.answer("schema_registry.start") == "index"
    page = page_of(resources, call.query, by_index)
    items = [shown(service, call, item, form) for item in page.items]
    return Reply(200, list_shape(call, call.operation.path.split("/")[2], page, items))


def _type(call: Call) -> str:
    """Return the resource type in the second segment of the operation's path."""
    return resource_type(call.operation.path.split("/")[2])
