"""What views share: the view that a call means, and a resource in its form."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.schema_registry.descriptors import with_deprecated_fields
from emulator.services.schema_registry.forms import Form, formed
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.services.schema_registry.shapes import resolved_shape, resource_shape
from emulator.services.schema_registry.view import View
from emulator.web import Call


def view_of(call: Call) -> View:
    """Return whose resources a call sees."""
    return View(call.sandbox, call.fixtures)


def shown(registry: SchemaRegistry, call: Call, resource: JsonObject, form: Form) -> JsonObject:
    """Return a resource in the edition's shape and the form that Accept asks for."""
    shaped = resource_shape(call, resource)
    view = view_of(call)
    if form.resolved:
        resolved = _resolved(registry, view, resource)
        if form.deprecated:
            found = registry.descriptors.of_schema(view.sandbox, resource["$id"])
            resolved = with_deprecated_fields(resolved, found)
        shaped = resolved_shape(shaped, resolved)
    result = formed(shaped, form)
    if form.descriptors and not form.brief:
        found = registry.descriptors.of_schema(view.sandbox, resource["$id"])
        result = {**result, "meta:descriptors": found}
    return result


def _resolved(registry: SchemaRegistry, view: View, resource: JsonObject) -> JsonObject:
    if resource.get("meta:resourceType") == "unions":
        return registry.resolved_union(view, resource)
    return registry.resolved(view, resource["$id"]) or resource
