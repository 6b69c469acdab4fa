"""Views of unions and of the remote procedures: sample data, export, import, audit log."""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, dumps
from emulator.services.schema_registry.form_shapes import shown, view_of
from emulator.services.schema_registry.forms import read_accept
from emulator.services.schema_registry.listing import page_of
from emulator.services.schema_registry.samples import sample_of
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.services.schema_registry.shapes import resource_shape
from emulator.web import Call, Part, Reply, operation


@operation("schema_registry.list_unions")
def list_unions(service: SchemaRegistry, call: Call) -> Reply:
    """List the unions of the tenant."""
    form = read_accept(call.headers.get("accept", ""))
    by_index = call.edition.answer("schema_registry.start") == "index"
    page = page_of(service.unions(view_of(call)), call.query, by_index)
    return Reply(200, {"results": [shown(service, call, union, form) for union in page.items]})


@operation("schema_registry.get_union")
def get_union(service: SchemaRegistry, call: Call) -> Reply:
    """Look the union of a class up."""
    form = read_accept(call.headers.get("accept", ""))
    return Reply(200, shown(service, call, call.find("union", call.path["id"]), form))


@operation("schema_registry.sample_data")
def sample_data(service: SchemaRegistry, call: Call) -> Reply:
    """Return one invented object that fits a schema; the same for the same seed and schema."""
    view, id = view_of(call), call.path["id"]
    union = service.union(view, id)
    resolved = service.resolved_union(view, union) if union else service.resolved(view, id)
    resolved = resolved or {}
    faker = call.platform.ids.faker_for(str(resolved.get("$id", id)))
    return Reply(200, sample_of(resolved, faker))


@operation("schema_registry.export_resource")
def export_resource(service: SchemaRegistry, call: Call) -> Reply:
    """Return a resource behind everything that it depends on."""
    return Reply(200, service.export(view_of(call), call.path["id"]))


@operation("schema_registry.import_resources")
def import_resources(service: SchemaRegistry, call: Call) -> Reply:
    """Add what another organization or sandbox exported, or a template proposes; or none of it."""
    before = call.platform.store.dump()
    view = view_of(call)
    added = service.import_resources(view, call.body, call.client)
    shaped: list[Json] = [resource_shape(call, resource) for resource in added]
    for descriptor in service.import_descriptors(view, call.body):
        reply = call.perform(_posted(descriptor))
        if reply.status >= 400:
            call.platform.store.load(before, call.sandbox)
            return reply
        shaped.append(reply.body)
    return Reply(200, shaped)


def _posted(descriptor: JsonObject) -> Part:
    """Return the request that creates a descriptor, so that its own rules judge it."""
    headers = {"content-type": "application/json"}
    return Part("POST", "/tenant/descriptors", headers, dumps(descriptor))


@operation("schema_registry.csv_to_schema")
def csv_to_schema(service: SchemaRegistry, call: Call) -> Reply:
    """Return what a CSV template proposes, in the form that an import takes."""
    return Reply(200, service.proposed(view_of(call), call.body))


@operation("schema_registry.audit_log")
def audit_log(service: SchemaRegistry, call: Call) -> Reply:
    """Tell what changed a resource, newest first."""
    return Reply(200, service.log(view_of(call), call.path["id"]))
