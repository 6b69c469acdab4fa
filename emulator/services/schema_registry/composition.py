"""What the registry makes of a resource that was sent: normal form, and what it includes.

Source: "Schema Registry API guide" (schemas, classes, field groups, data types), "Create an ad-hoc
schema", and both versions of the tutorial.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import Json, JsonObject, among
from emulator.xdm.fields import composed, references, typed
from emulator.xdm.identity import identity

ADHOC = "https://ns.adobe.com/xdm/data/adhoc"
RELATIONAL = "https://ns.adobe.com/xdm/data/adhoc-v2"

ASSIGNED = (
    "$id imsOrg meta:abstract meta:altId meta:class meta:containerId meta:datasetNamespace"
    " meta:descriptors meta:extends meta:extensible meta:registryMetadata meta:resourceType"
    " meta:sandboxId meta:sandboxType meta:tenantNamespace meta:xdmType refs version"
).split()
"""Members that the registry assigns; what a client sends for them is ignored."""

_APPEND = "meta:immutableTags-"
"""The path by which the API reference and a client add a tag."""

Find = Callable[[str], JsonObject | None]


def normalised(sent: JsonObject, type: str, id: str, find: Find) -> JsonObject:
    """Return a resource as the registry stores it, but for its history (see `resources`).

    Args:
        find: Returns any resource by `$id`, the tenant's or the platform's.
    """
    content = {name: value for name, value in sent.items() if name not in ASSIGNED}
    content.setdefault("type", "object")
    _append_tags(content)
    stated = {"allOf": content.get("allOf"), "meta:class": sent.get("meta:class")}
    owner = class_of(stated, find) if type == "schemas" else ""
    namespace = _dataset_namespace(content, type, id, find(owner) if owner else None)
    if type == "classes" and namespace:
        content = _with_namespace(content, namespace)
    parts = content.get("allOf")
    if isinstance(parts, list):
        content["allOf"] = _without_repetitions(parts)
    content = typed(content)
    made: JsonObject = {
        "meta:abstract": type != "schemas",
        "meta:extensible": type != "schemas",
        "meta:xdmType": "array" if content["type"] == "array" else "object",
        "refs": _references(content, owner),
        "meta:extends": _extended(sent, content, owner, find),
    }
    if owner:
        made["meta:class"] = owner
    if namespace:
        made["meta:datasetNamespace"] = namespace
    return {**content, **made}


def class_of(resource: JsonObject, find: Find) -> str:
    """Return the id of the class among the parts of a schema, or `""`.

    Where no part is known to be one, it is the one that `meta:class` names, or else the first that
    the library lacks: documents print the class first.
    """
    parts = composed(resource)
    known = next((id for id in parts if _is_class(id, find)), "")
    unknown = [] if known else [id for id in parts if find(id) is None]
    stated = identity(resource.get("meta:class"))
    return known or (stated if stated in unknown else next(iter(unknown), ""))


def _is_class(id: str, find: Find) -> bool:
    return (find(id) or {}).get("meta:resourceType") == "classes"


def _append_tags(content: JsonObject) -> None:
    """Put an appended tag into the list of tags, and leave an empty list out."""
    added = content.pop(_APPEND, None)
    if added is not None:
        tags = content.get("meta:immutableTags")
        known = tags if isinstance(tags, list) else []
        new, is_known = added if isinstance(added, list) else [added], among(known)
        content["meta:immutableTags"] = [*known, *(tag for tag in new if not is_known(tag))]
    if not content.get("meta:immutableTags"):
        content.pop("meta:immutableTags", None)


def _without_repetitions(parts: list[Json]) -> list[Json]:
    """Leave out repeated references, as the tutorial's response does."""
    different: list[Json] = []
    seen: set[str] = set()
    for part in parts:
        reference = part.get("$ref") if isinstance(part, dict) else None
        if isinstance(reference, str):
            if identity(reference) in seen:
                continue
            seen.add(identity(reference))
        different.append(part)
    return different


def _dataset_namespace(content: JsonObject, type: str, id: str, owner: JsonObject | None) -> str:
    """Return the name of the object that holds an ad-hoc resource's fields, or `""`."""
    if type == "classes" and ADHOC in composed(content):
        return "_" + id.rpartition("/")[2]
    return str((owner or {}).get("meta:datasetNamespace", ""))


def _with_namespace(content: JsonObject, namespace: str) -> JsonObject:
    """Rename `_adhoc`, wherever a class declares fields, to the class's own namespace."""
    result: JsonObject = _renamed(content, namespace)
    parts, definitions = content.get("allOf"), content.get("definitions")
    if isinstance(parts, list):
        result["allOf"] = [_renamed(part, namespace) for part in parts]
    if isinstance(definitions, dict):
        renamed = {name: _renamed(part, namespace) for name, part in definitions.items()}
        result["definitions"] = renamed
    return result


def _renamed(node: Json, namespace: str) -> Json:
    fields = node.get("properties") if isinstance(node, dict) else None
    if not isinstance(fields, dict) or "_adhoc" not in fields:
        return dict(node) if isinstance(node, dict) else node
    renamed = {namespace if name == "_adhoc" else name: field for name, field in fields.items()}
    return {**node, "properties": renamed}


def _references(content: JsonObject, owner: str) -> list[str]:
    """Return what a resource refers to directly; the class of a schema, `owner`, comes last."""
    if not owner:
        return list(dict.fromkeys(references(content)))
    return [id for id in composed(content) if id != owner] + [owner]


def _extended(sent: JsonObject, content: JsonObject, owner: str, find: Find) -> list[str]:
    """Return everything that a resource includes: groups, the class's ancestors, the class."""
    stated = sent.get("meta:extends")
    if isinstance(stated, list) and RELATIONAL in identity(stated):
        return [RELATIONAL]
    parts = composed(content)
    included: dict[str, None] = {}
    for id in parts:
        if id != owner:
            included[id] = None
            included.update(dict.fromkeys(_ancestors(id, find)))
    if owner:
        included.update(dict.fromkeys(_ancestors(owner, find)))
        included.pop(owner, None)
        included[owner] = None
    return list(included)


def _ancestors(id: str, find: Find) -> list[str]:
    resource = find(id) or {}
    known = resource.get("meta:extends")
    return identity(known) if isinstance(known, list) else composed(resource)
