"""Media types of the Schema Registry and the representations of a resource that they ask for.

Source: "Schema Registry API guide", getting started: `application/vnd.adobe.{xed|xdm}[-modifier…]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.json_types import Json, JsonObject
from emulator.xdm.fields import map_nodes, without_texts

_TYPE = re.compile(r"application/vnd\.adobe\.(xed|xdm)((?:-[a-z0-9]+)*)\+json", re.IGNORECASE)
_DEPRECATING = {"deprecatefield", "deprecated"}
_RESOLVING = {"full", "flat", *_DEPRECATING}


@dataclass(frozen=True, slots=True)
class Representation:
    """The representation of a resource that a request asks for.

    `brief` is identity only; `resolved` has `allOf` and `$ref` merged into fields; `texts` are
    titles and descriptions; `standard` are XDM's own field names instead of the compatible ones;
    `deprecated` marks fields that a descriptor deprecates; `flat` are fields by their whole path.
    Of descriptors, `links` are paths, not the descriptors themselves, and `paged` is a flat list
    with its page.
    """

    brief: bool = False
    resolved: bool = False
    texts: bool = True
    descriptors: bool = False
    standard: bool = False
    deprecated: bool = False
    flat: bool = False
    links: bool = False
    paged: bool = False


def read_accept(accept: str) -> Representation:
    """Return the representation that an Accept header names; the raw one if it names none."""
    match = _TYPE.match(accept.strip())
    if match is None:
        return Representation()
    modifiers = set(match[2].lower().split("-")[1:])
    return Representation(
        brief="id" in modifiers,
        resolved=bool(modifiers & _RESOLVING),
        texts="notext" not in modifiers,
        descriptors="desc" in modifiers,
        standard=match[1].lower() == "xdm",
        deprecated=bool(modifiers & _DEPRECATING),
        flat="flat" in modifiers,
        links="link" in modifiers,
        paged="v2" in modifiers,
    )


def brief(resource: JsonObject) -> JsonObject:
    """Return a resource's identity, as lists of `xed-id` show it."""
    names = ("title", "$id", "meta:altId", "version")
    return {name: resource[name] for name in names if name in resource}


def represent(resource: JsonObject, representation: Representation) -> JsonObject:
    """Return a resource (raw or resolved already) in the rest of a representation."""
    if representation.brief:
        return brief(resource)
    if not representation.texts:
        resource = map_nodes(resource, without_texts)
    if representation.standard:
        resource = map_nodes(resource, _with_standard_names)
    if representation.flat:
        fields = dict(_flattened(resource.get("properties", {}), ""))
        resource = {**resource, "properties": fields}
    return resource


def _flattened(fields: JsonObject, path: str) -> Iterator[tuple[str, Json]]:
    """Yield the fields of objects with the names on the way to them, joined by slashes.

    Only a public client shows this representation: it reads the paths of a schema from it.
    """
    for name, field in fields.items():
        inner = field.get("properties") if isinstance(field, dict) else None
        if isinstance(inner, dict) and inner:
            yield from _flattened(inner, f"{path}{name}/")
        else:
            yield f"{path}{name}", field


def _with_standard_names(node: JsonObject) -> JsonObject:
    """Return a node whose fields have their standard names, which `meta:xdmField` holds."""
    fields = node.get("properties")
    if not isinstance(fields, dict):
        return node
    named: JsonObject = {}
    names: dict[str, str] = {}
    for name, field in fields.items():
        if _is_prefix(name, field):
            named.update(field["properties"])
        else:
            names[name] = _standard_name(name, field)
            named[names[name]] = field
    result = {**node, "properties": named}
    if isinstance(node.get("required"), list):
        result["required"] = [names.get(str(name), name) for name in node["required"]]
    return result


def _standard_name(name: str, field: Json) -> str:
    standard = field.get("meta:xdmField") if isinstance(field, dict) else None
    return standard if isinstance(standard, str) else name


def _is_prefix(name: str, field: Json) -> bool:
    """Tell whether an object stands for a name prefix only, as `_repo` does for `repo:`."""
    if not name.startswith("_") or not isinstance(field, dict) or "meta:xdmField" in field:
        return False
    fields = field.get("properties")
    return (
        isinstance(fields, dict)
        and bool(fields)
        and all(child.startswith(f"{name[1:]}:") for child in fields)
    )
