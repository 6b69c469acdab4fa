"""Views of unions and of the remote procedures: sample data, export, import, audit log."""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, dumps
from emulator.services.schema_registry.form_shapes import registry_of, shown, view_of
from emulator.services.schema_registry.forms import read_accept
from emulator.services.schema_registry.listing import page_of
from emulator.services.schema_registry.samples import sample_of
from emulator.services.schema_registry.shapes import resource_shape
from emulator.web import Call, Part, Reply, operation


@operation("schema_registry.list_unions")
def list_unions(call: Call) -> Reply:
    """List the unions of the tenant."""
    form = read_accept(call.headers.get("accept", ""))
    by_index = call.edition.answer("schema_registry.start") == "index"
    page = page_of(registry_of(call).unions(view_of(call)), call.query, by_index)
    return Reply(200, {"results": [shown(call, union, form) for union in page.items]})


@operation("schema_registry.get_union")
def get_union(call: Call) -> Reply:
    """Look the union of a class up."""
    form = read_accept(call.headers.get("accept", ""))
    return Reply(200, shown(call, call.find("union", call.path["id"]), form))


@operation("schema_registry.sample_data")
def sample_data(call: Call) -> Reply:
    """Return one invented object that fits a schema; the same for the same seed and schema."""
    registry, view, id = registry_of(call), view_of(call), call.path["id"]
    union = registry.union(view, id)
    resolved = registry.resolved_union(view, union) if union else registry.resolved(view, id)
    resolved = resolved or {}
    faker = call.platform.ids.faker_for(str(resolved.get("$id", id)))
    return Reply(200, sample_of(resolved, faker))


@operation("schema_registry.export_resource")
def export_resource(call: Call) -> Reply:
    """Return a resource behind everything that it depends on."""
    return Reply(200, registry_of(call).export(view_of(call), call.path["id"]))


@operation("schema_registry.import_resources")
def import_resources(call: Call) -> Reply:
    """Add what another organization or sandbox exported, or a template proposes; or none of it."""
    before = call.platform.store.dump()
    registry, view = registry_of(call), view_of(call)
    added = registry.import_resources(view, call.body, call.client)
    shaped: list[Json] = [resource_shape(call, resource) for resource in added]
    for descriptor in registry.import_descriptors(view, call.body):
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
def csv_to_schema(call: Call) -> Reply:
    """Return what a CSV template proposes, in the form that an import takes."""
    return Reply(200, registry_of(call).proposed(view_of(call), call.body))


@operation("schema_registry.audit_log")
def audit_log(call: Call) -> Reply:
    """Tell what changed a resource, newest first."""
    return Reply(200, registry_of(call).log(view_of(call), call.path["id"]))
