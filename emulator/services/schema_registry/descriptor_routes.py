"""Views of descriptors."""

from __future__ import annotations

import re

from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry.descriptor_shapes import (
    ID_DIGITS,
    REPLACED,
    created_shape,
    descriptor_shape,
)
from emulator.services.schema_registry.form_shapes import view_of
from emulator.services.schema_registry.forms import Form, read_accept
from emulator.services.schema_registry.listing import page_of, selected
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.web import Call, Reply, operation

_NEXT_FILTER = re.compile(r",(?=[A-Za-z@:._-]+(?:==|!=))")
"""Where a client has joined two filters in one parameter."""


@operation("schema_registry.create_descriptor")
def create_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    """Add a descriptor."""
    digits = ID_DIGITS[call.edition.answer("schema_registry.descriptor_id")]
    descriptors = service.descriptors
    created = descriptors.create(view_of(call), call.body, call.client, digits)
    return Reply(201, created_shape(call, created))


@operation("schema_registry.get_tenant_descriptor")
@operation("schema_registry.get_global_descriptor")
def get_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    """Look a descriptor up."""
    return Reply(200, descriptor_shape(call, call.find("descriptor", call.path["id"])))


@operation("schema_registry.replace_descriptor")
def replace_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    """Replace a descriptor; documents differ about the answer."""
    descriptors = service.descriptors
    replaced = descriptors.replace(view_of(call), call.path["id"], call.body, call.client)
    return REPLACED[call.edition.answer("schema_registry.descriptor_replaced")](call, replaced)


@operation("schema_registry.delete_descriptor")
def delete_descriptor(service: SchemaRegistry, call: Call) -> Reply:
    """Remove a descriptor."""
    service.descriptors.delete(view_of(call), call.path["id"])
    return Reply(204)


@operation("schema_registry.list_tenant_descriptors")
def list_descriptors(service: SchemaRegistry, call: Call) -> Reply:
    """List the tenant's descriptors."""
    return _list(service, call, service.descriptors.all(call.sandbox))


@operation("schema_registry.list_global_descriptors")
def list_global_descriptors(service: SchemaRegistry, call: Call) -> Reply:
    """List the platform's descriptors: there are none."""
    return _list(service, call, [])


def _list(service: SchemaRegistry, call: Call, descriptors: list[JsonObject]) -> Reply:
    form = read_accept(call.headers.get("accept", ""))
    filters = [one for text in call.query.get("property", []) for one in _NEXT_FILTER.split(text)]
    query = {**call.query, "property": filters}
    if not form.paged:
        return Reply(200, _by_type(call, selected(descriptors, query), form))
    by_index = call.edition.answer("schema_registry.start") == "index"
    page = page_of(descriptors, query, by_index)
    items = [_item(call, item, form) for item in page.items]
    head = {"orderby": page.orderby, "next": page.next, "count": len(items)}
    return Reply(200, {"results": items, "_page": head})


def _by_type(call: Call, descriptors: list[JsonObject], form: Form) -> JsonObject:
    """Return descriptors as the older forms have them: an object with a list for each type."""
    found: JsonObject = {}
    for descriptor in descriptors:
        found.setdefault(str(descriptor.get("@type")), []).append(_item(call, descriptor, form))
    return found


def _item(call: Call, descriptor: JsonObject, form: Form) -> Json:
    if form.links:
        return f"/tenant/descriptors/{descriptor['@id']}"
    return descriptor["@id"] if form.brief else descriptor_shape(call, descriptor)
