"""Replies of the Schema Registry as each of its documents prints them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from urllib.parse import urlencode

from emulator import budgets
from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry.composition import ADHOC
from emulator.services.schema_registry.descriptors import with_deprecated_fields
from emulator.services.schema_registry.listing import Page
from emulator.services.schema_registry.representations import Representation, read_accept, represent
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.web import Call, Reply
from emulator.xdm.identity import alt_id
from emulator.xdm.resolution import COMPOSING, EXCESS

Shape = Callable[[JsonObject], JsonObject]

Pages = Callable[[JsonObject], Page]
"""Returns the page that a query asks for, of whole resources."""

_CURRENT = (
    "$id meta:altId meta:resourceType version title type description definitions properties items "
    "allOf refs imsOrg meta:extensible meta:abstract meta:intendedToExtend meta:extends "
    "meta:xdmType meta:registryMetadata meta:class meta:containerId meta:sandboxId "
    "meta:sandboxType meta:tenantNamespace meta:datasetNamespace"
).split(" ")
_EARLY = (
    "$id meta:altId meta:resourceType version title description type definitions properties items "
    "allOf meta:xdmType meta:class meta:abstract meta:extensible meta:intendedToExtend "
    "meta:extends meta:containerId imsOrg meta:datasetNamespace meta:registryMetadata"
).split(" ")
_SANDBOX = ("meta:sandboxId", "meta:sandboxType")
_LATER = ("refs", "meta:tenantNamespace", *_SANDBOX)


def resource_shape(call: Call, resource: JsonObject) -> JsonObject:
    """Return a resource as the edition's documents print one of its type."""
    if resource.get("meta:containerId") != "tenant":
        return resource
    if resource["meta:resourceType"] == "unions":
        return _SHAPES_OF_UNIONS[call.edition.answer("schema_registry.union")](resource)
    kind = "schema" if resource["meta:resourceType"] == "schemas" else "component"
    shaped = _SHAPES[call.edition.answer(f"schema_registry.{kind}")](resource)
    return _ALT_IDS[call.edition.answer("schema_registry.alt_id")](shaped)


def accepted_representation(call: Call) -> Representation:
    return read_accept(call.headers.get("accept", ""))


def represented(registry: SchemaRegistry, call: Call, resource: JsonObject) -> JsonObject:
    """Return a resource in the edition's shape and the representation that Accept asks for."""
    resolves = accepted_representation(call).resolved
    resolved = registry.resolved_form(call.scope, resource).body if resolves else {}
    return _represented(registry, call, resource, resolved)


def represented_list(
    registry: SchemaRegistry, call: Call, pages: Pages
) -> tuple[Page, list[JsonObject]]:
    """Return the page that a query asks for, and its items as Accept asks for them.

    A page of resolved resources ends early where they have too many fields. What has to stand on
    one page with others all the same, and what is too large to be resolved, is shown as it is kept.
    """
    page = pages(call.query)
    if not accepted_representation(call).resolved:
        return page, [represented(registry, call, item) for item in page.items]
    forms: list[JsonObject] = []
    fields = 0
    for item in page.items:
        form = registry.resolved_form(call.scope, item)
        fields += form.fields
        if fields > budgets.LIST_FIELDS and forms:
            page = pages({**call.query, "limit": str(len(forms))})
            break
        forms.append({} if EXCESS in form.body else form.body)
    forms += [{}] * (len(page.items) - len(forms))
    pairs = zip(page.items, forms, strict=True)
    return page, [_represented(registry, call, item, form) for item, form in pairs]


def _represented(
    registry: SchemaRegistry, call: Call, resource: JsonObject, resolved: JsonObject
) -> JsonObject:
    """Return a resource as Accept asks for it, with the fields of its resolved form, if given."""
    accepted = accepted_representation(call)
    shaped, scope = resource_shape(call, resource), call.scope
    if resolved:
        if accepted.deprecated:
            found = registry.descriptors.of_schema(scope, resource["$id"])
            resolved = with_deprecated_fields(resolved, found)
        shaped = _resolved_shape(shaped, resolved)
    result = represent(shaped, accepted)
    if accepted.descriptors and not accepted.brief:
        found = registry.descriptors.of_schema(scope, resource["$id"])
        result = {**result, "meta:descriptors": found}
    return result


def _resolved_shape(shaped: JsonObject, resolved: JsonObject) -> JsonObject:
    """Return a shaped resource with the fields of its resolved form instead of what composes it."""
    rest = {name: value for name, value in shaped.items() if name not in COMPOSING}
    fields: JsonObject = {
        name: resolved[name] for name in ("properties", "required") if name in resolved
    }
    return {**rest, **fields}


def _arranged(resource: JsonObject, order: list[str], without: tuple[str, ...]) -> JsonObject:
    known = {name: resource[name] for name in order if name in resource}
    return {**known, **{k: v for k, v in resource.items() if k not in known and k not in without}}


def _with_sandbox(resource: JsonObject) -> JsonObject:
    """Since the end of 2020: the tutorial's shape and the sandbox."""
    return _arranged(_class_first_if_adhoc(resource), _CURRENT, ())


def _with_refs(resource: JsonObject) -> JsonObject:
    """Without the sandbox: "Collect cloud storage data using source connectors and APIs"."""
    shaped = _arranged(_class_first_if_adhoc(resource), _CURRENT, ())
    for name in _SANDBOX:
        shaped.pop(name, None)
    if "meta:tenantNamespace" in shaped:
        shaped["meta:tenantNamespace"] = shaped["meta:tenantNamespace"].removeprefix("_")
    return shaped


def _bare(resource: JsonObject) -> JsonObject:
    """Only what a client needs: "Collect cloud storage data through source connectors and APIs"."""
    shaped = _arranged(_references_alone(resource), _EARLY, _LATER)
    shaped.pop("imsOrg", None)
    shaped["meta:extends"] = _class_and_groups(resource)
    shaped["meta:registryMetadata"] = {"eTag": _short_tag(resource)}
    return shaped


def _without_refs(resource: JsonObject) -> JsonObject:
    """Without what it refers to: the class in "Create an ad-hoc schema"."""
    shaped = _arranged(_references_alone(resource), _EARLY, _LATER)
    metadata = resource["meta:registryMetadata"]
    names = ("repo:createdDate", "repo:lastModifiedDate", "xdm:createdClientId")
    shaped["meta:registryMetadata"] = {
        **{name: metadata[name] for name in (*names, "xdm:lastModifiedClientId")},
        "eTag": _short_tag(resource),
    }
    return shaped


def _references_alone(resource: JsonObject) -> JsonObject:
    """Return a resource whose references in `allOf` have no other members."""
    parts = resource.get("allOf")
    if not isinstance(parts, list):
        return resource
    return {**resource, "allOf": [_reference_alone(part) for part in parts]}


def _reference_alone(part: Json) -> Json:
    refers = isinstance(part, dict) and "$ref" in part
    return {"$ref": part["$ref"]} if refers else part


def _class_first_if_adhoc(resource: JsonObject) -> JsonObject:
    """Return an ad-hoc schema with its class before the behavior, as its tutorial shows it."""
    extended = resource.get("meta:extends") or []
    found = resource.get("meta:class")
    if ADHOC not in extended or found not in extended:
        return resource
    return {**resource, "meta:extends": [found, *(id for id in extended if id != found)]}


def _class_and_groups(resource: JsonObject) -> list[str]:
    """Return what 2020-03 prints of what is extended: no ancestors, but for an ad-hoc class's."""
    extended = resource.get("meta:extends") or []
    found = resource.get("meta:class")
    others = extended if ADHOC in extended else resource.get("refs") or []
    return [*([found] if found else []), *(id for id in others if id != found)]


def _short_tag(resource: JsonObject) -> str:
    """Return an entity tag of 20 bytes in base64, as documents print them up to 2020."""
    digest = bytes.fromhex(resource["meta:registryMetadata"]["eTag"])
    return base64.b64encode(digest[:20]).decode()


_SHAPES: dict[str, Shape] = {
    "bare": _bare,
    "with_refs": _with_refs,
    "with_sandbox": _with_sandbox,
    "without_refs": _without_refs,
}


def _with_own_title(resource: JsonObject) -> JsonObject:
    """A union as the guide of 2020 prints it, with a title of its own and without a sandbox."""
    rest = {name: value for name, value in resource.items() if name not in ("imsOrg", *_SANDBOX)}
    return {**rest, "title": f"Union object for {resource['title']}"}


_SHAPES_OF_UNIONS: dict[str, Shape] = {
    "class_title": lambda union: union,
    "own_title": _with_own_title,
}


def _without_underscore(resource: JsonObject) -> JsonObject:
    return {**resource, "meta:altId": alt_id(resource["$id"])[1:]}


_ALT_IDS: dict[str, Shape] = {"plain": _without_underscore, "underscored": lambda item: item}

ID_DIGITS = {"short": 32, "long": 48}
"""Length of the hexadecimal part of an id, by the answer `schema_registry.id`."""


def list_shape(call: Call, page: Page, items: list[JsonObject]) -> JsonObject:
    """Return a list with its page and links, as far as the edition's documents know them."""
    base = f"{call.base_url}{call.operation.base_path}"
    query = urlencode(call.query, doseq=True)
    links: JsonObject = {}
    if call.edition.answer("schema_registry.list") == "paged":
        links["next"] = None
        if page.next is not None:
            following = urlencode({**call.query, "start": page.next}, doseq=True)
            links["next"] = {"href": f"{base}{call.operation.path}?{following}"}
    container, _, type = call.resource.collection[1:].partition("/")
    if container == "tenant":
        href = f"{base}/global/{type}" + (f"?{query}" if query else "")
        links["global_schemas"] = {"href": href}
    body: JsonObject = {"results": items}
    if call.edition.answer("schema_registry.list") == "paged":
        body["_page"] = {"orderby": page.orderby, "next": page.next, "count": len(items)}
    return {**body, "_links": links}


def stats_shape(call: Call, figures: JsonObject) -> JsonObject:
    """Return the figures of `GET /stats`; two documents print the use of classes differently."""
    usage = _USAGES[call.edition.answer("schema_registry.class_usage")](figures["classUsage"])
    names = {"recentlyCreatedResources": "meta:created", "recentlyUpdatedResources": "meta:updated"}
    recent = {
        name: [{**item, moment: _date(item[moment])} for item in figures[name]]
        for name, moment in names.items()
    }
    return {**figures, **recent, "classUsage": usage}


def _usage_by_class(usage: list[JsonObject]) -> JsonObject:
    names = ("$id", "title", "description")
    return {
        item["$id"]: [{n: schema[n] for n in names if n in schema} for schema in item["schemas"]]
        for item in usage
    }


def _usage_list(usage: list[JsonObject]) -> list[JsonObject]:
    names = ("title", "$id", "meta:altId")
    return [
        {**item, "schemas": [{n: s[n] for n in names if n in s} for s in item["schemas"]]}
        for item in usage
    ]


_USAGES: dict[str, Callable[[list[JsonObject]], Json]] = {
    "by_class": _usage_by_class,
    "list": _usage_list,
}


def _date(milliseconds: int) -> str:
    moment = time.gmtime(milliseconds / 1000)
    return time.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (UTC)", moment)


DESCRIPTOR_ID_DIGITS = {"short": 40, "long": 48}
"""Length of a descriptor's id, by the answer `schema_registry.descriptor_id`."""

_LATER_OF_DESCRIPTORS = ("imsOrg", "version", *_SANDBOX, "meta:registryMetadata")


def created_descriptor_shape(call: Call, descriptor: JsonObject) -> JsonObject:
    """Return what the answer to a write shows: no history yet."""
    return _CREATED_DESCRIPTORS[call.edition.answer("schema_registry.descriptor")](descriptor)


def descriptor_shape(call: Call, descriptor: JsonObject) -> JsonObject:
    """Return a descriptor as a lookup shows it."""
    return _FOUND_DESCRIPTORS[call.edition.answer("schema_registry.descriptor")](descriptor)


def _without(descriptor: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in descriptor.items() if name not in names}


def _with_history(descriptor: JsonObject) -> JsonObject:
    """Who made it and when, as the developer guide prints it."""
    metadata = descriptor["meta:registryMetadata"]
    return {
        **_without(descriptor, "@id", "meta:containerId", *_LATER_OF_DESCRIPTORS),
        "createdUser": metadata["xdm:createdUserId"],
        "imsOrg": descriptor["imsOrg"],
        "createdClient": metadata["xdm:createdClientId"],
        "updatedUser": metadata["xdm:lastModifiedUserId"],
        "created": metadata["repo:createdDate"],
        "updated": metadata["repo:lastModifiedDate"],
        "meta:containerId": "tenant",
        "@id": descriptor["@id"],
    }


_CREATED_DESCRIPTORS: dict[str, Shape] = {
    "with_metadata": lambda descriptor: _without(descriptor, "meta:registryMetadata"),
    "with_history": lambda descriptor: _without(descriptor, *_LATER_OF_DESCRIPTORS),
}
_FOUND_DESCRIPTORS: dict[str, Shape] = {
    "with_metadata": lambda descriptor: descriptor,
    "with_history": _with_history,
}
REPLACED_DESCRIPTORS: dict[str, Callable[[Call, JsonObject], Reply]] = {
    "whole": lambda call, descriptor: Reply(200, descriptor_shape(call, descriptor)),
    "id": lambda call, descriptor: Reply(201, {"@id": descriptor["@id"]}),
}
"""Answers to a replacement, by the answer `schema_registry.descriptor_replaced`."""
