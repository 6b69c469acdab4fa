"""The schema that a CSV template describes, as an import takes it: with groups and descriptors.

Source: "Schema Registry API guide", CSV template to schema conversion. Nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.json_types import JsonObject
from emulator.xdm.csv_template import ALL, Row, field_of

_DRAFT = "http://json-schema.org/draft-06/schema#"

NewId = Callable[[str, str], str]
"""Makes an `$id` of a resource type for a name, the same for the same name."""

StandardGroup = Callable[[str], JsonObject | None]
"""Finds a standard field group by its title or `$id`."""


class SchemaPlan(NamedTuple):
    """What the schema is to be: the `$id` of its class, its title and description, its fields."""

    class_id: str
    title: str
    description: str
    rows: list[Row]


@dataclass
class _Group:
    """The rows of one field group; `standard` is the platform's own that they are in."""

    name: str
    standard: JsonObject | None
    custom: list[Row] = field(default_factory=list)
    chosen: list[Row] = field(default_factory=list)


def propose(
    plan: SchemaPlan, namespace: str, new_id: NewId, standard: StandardGroup
) -> list[JsonObject]:
    """Return the field groups of a template, its schema and its descriptors.

    Args:
        plan: The schema and its fields.
        namespace: The tenant's, with its underscore.
        new_id: Makes ids.
        standard: Finds the field groups of the platform.
    """
    groups = _grouped(plan.rows, standard)
    made = [_resource(group, plan, namespace, new_id) for group in groups if group.custom]
    ids = {group.name: item["$id"] for group, item in zip(_with_custom(groups), made, strict=True)}
    schema_id = new_id("schemas", plan.title)
    parts = [_part(group, ids, namespace) for group in groups]
    schema = {
        **_resource_head(schema_id, "schemas", plan.title, plan.description),
        "meta:extends": [plan.class_id],
        "meta:class": plan.class_id,
        "allOf": [{"$ref": plan.class_id}, *parts],
    }
    texts = (_display_info(row, schema_id, namespace) for row in plan.rows)
    identities = (_identity(row, schema_id, namespace) for row in plan.rows)
    return [*made, schema, *(found for found in (*texts, *identities) if found)]


def _with_custom(groups: list[_Group]) -> list[_Group]:
    return [group for group in groups if group.custom]


def _grouped(rows: list[Row], standard: StandardGroup) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for row in rows:
        name = row["fieldGroupId"] or row["fieldGroupName"]
        found = standard(row["fieldGroupId"]) or standard(row["fieldGroupName"])
        key = found["$id"] if found else name
        group = groups.setdefault(key, _Group(key, found))
        (group.custom if row.is_true("isCustom") else group.chosen).append(row)
    return list(groups.values())


def _resource_head(id: str, type: str, title: str, description: str) -> JsonObject:
    return {
        "$id": id,
        "$schema": _DRAFT,
        "type": "object",
        "meta:xdmType": "object",
        "meta:resourceType": type,
        "title": title,
        "description": description,
    }


def _resource(group: _Group, plan: SchemaPlan, namespace: str, new_id: NewId) -> JsonObject:
    """Return the field group that holds a group's custom fields."""
    id = new_id("mixins", f"{plan.title} {group.name}")
    generated = f"Generated field group {id.rpartition('/')[2]}"
    title = next((row["fieldGroupName"] for row in group.custom if row["fieldGroupName"]), "")
    fields: JsonObject = {}
    for row in group.custom:
        _put_field(fields, _steps(row, namespace), field_of(row), row.is_true("isRequired"))
    if group.standard is None:
        head = _resource_head(id, "mixins", title or generated, generated)
        return {**head, "meta:intendedToExtend": [plan.class_id], **fields}
    head = _resource_head(id, "mixins", f"{group.standard.get('title')}:{generated}", generated)
    extended = group.standard["$id"]
    return {
        **head,
        "meta:intendedToExtend": [plan.class_id],
        "meta:extends": [extended],
        "allOf": [fields, {"$ref": extended}],
    }


def _steps(row: Row, namespace: str) -> list[str]:
    """Return the way to a field; a custom one that is in no namespace is in the tenant's."""
    steps = row["fieldPath"].split(".")
    return steps if not row.is_true("isCustom") or namespace in steps else [namespace, *steps]


def _put_field(node: JsonObject, steps: list[str], leaf: JsonObject, required: bool) -> None:
    """Put a field where its way leads; what is required makes all on the way required."""
    name, *rest = steps
    if required:
        names = node.setdefault("required", [])
        # What is required has been put here before; most rows have a field of their own.
        is_new = name not in node.get("properties", {})
        names.extend([name] if is_new or name not in names else [])
    fields = node.setdefault("properties", {})
    if not rest:
        fields[name] = {**fields.get(name, {}), **leaf}
        return
    child = fields.setdefault(name, {"type": "object"})
    _put_field(child, rest, leaf, required)


def _part(group: _Group, ids: dict[str, str], namespace: str) -> JsonObject:
    """Return how the schema refers to a group; of a standard one it may take single fields."""
    part: JsonObject = {"$ref": ids.get(group.name) or (group.standard or {}).get("$id")}
    whole = any(row["fieldPath"] == ALL for row in group.chosen)
    if group.standard is None or whole or not group.chosen:
        return part
    rows = [*group.chosen, *group.custom]
    return {**part, "meta:refProperty": [_pointer(row, namespace) for row in rows]}


def _pointer(row: Row, namespace: str) -> str:
    return "/" + "/".join(_steps(row, namespace))


def _descriptor(type: str, row: Row, schema_id: str, namespace: str) -> JsonObject:
    return {
        "@type": type,
        "meta:resourceType": "descriptors",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": _pointer(row, namespace),
    }


def _display_info(row: Row, schema_id: str, namespace: str) -> JsonObject | None:
    """Return the descriptor that gives a standard field other texts, if the row has some."""
    texts = {"xdm:title": row["displayName"], "xdm:description": row["fieldDescription"]}
    translated = {name: {"en_us": text} for name, text in texts.items() if text}
    if row.is_true("isCustom") or not translated:
        return None
    return _descriptor("xdm:alternateDisplayInfo", row, schema_id, namespace) | translated


def _identity(row: Row, schema_id: str, namespace: str) -> JsonObject | None:
    """Return the descriptor of an identity, if the row is one."""
    if not row.is_true("isIdentity"):
        return None
    return {
        **_descriptor("xdm:descriptorIdentity", row, schema_id, namespace),
        "xdm:namespace": row["identityNamespace"],
        "xdm:property": "xdm:code",
        "xdm:isPrimary": row.is_true("isPrimaryIdentity"),
    }
