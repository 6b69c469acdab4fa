"""The figures of `GET /stats`: how many resources there are, the latest, and the use of classes."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.schema_registry.identifiers import TYPES
from emulator.services.schema_registry.service import SchemaRegistry

_RECENT = 10


def statistics(registry: SchemaRegistry, scope: Scope) -> JsonObject:
    """Return the figures of a tenant; moments are in milliseconds."""
    resources = {type: registry.all_own(scope, type) for type in TYPES}
    everything = [item for items in resources.values() for item in items]
    counts = {type: len(resources[type]) for type in ("schemas", "mixins", "datatypes", "classes")}
    created = _latest(everything, "repo:createdDate")
    updated = _latest(everything, "repo:lastModifiedDate")
    return {
        "imsOrg": scope.organization,
        "tenantId": scope.tenant_id,
        "counts": {**counts, "unions": len(registry.unions(scope))},
        "recentlyCreatedResources": [_created(item) for item in created],
        "recentlyUpdatedResources": [_updated(registry, scope, item) for item in updated],
        "classUsage": _class_usage(registry, scope, resources["schemas"]),
    }


def _latest(resources: list[JsonObject], moment: str) -> list[JsonObject]:
    oldest_first = sorted(resources, key=lambda item: item["meta:registryMetadata"][moment])
    return oldest_first[::-1][:_RECENT]


def _created(item: JsonObject) -> JsonObject:
    moment = item["meta:registryMetadata"]["repo:createdDate"]
    return {"$id": item["$id"], **_summary(item), "meta:created": moment}


def _updated(registry: SchemaRegistry, scope: Scope, item: JsonObject) -> JsonObject:
    moment = item["meta:registryMetadata"]["repo:lastModifiedDate"]
    row = {**_summary(item), "meta:updated": moment}
    if "meta:class" in item:
        owner = registry.find(scope, item["meta:class"]) or {}
        row = {**row, "meta:class": item["meta:class"], "meta:classTitle": owner.get("title", "")}
    return row


def _summary(item: JsonObject) -> JsonObject:
    return {
        "title": item.get("title", ""),
        "description": item.get("description", ""),
        "meta:resourceType": item["meta:resourceType"],
        "version": item["version"],
    }


def _class_usage(
    registry: SchemaRegistry, scope: Scope, schemas: list[JsonObject]
) -> list[JsonObject]:
    users: dict[str, list[JsonObject]] = {}
    for schema in schemas:
        if "meta:class" in schema:
            users.setdefault(schema["meta:class"], []).append(schema)
    return [
        {
            "$id": id,
            "title": (registry.find(scope, id) or {}).get("title", ""),
            "numberOfSchemas": len(using),
            "schemas": using,
        }
        for id, using in users.items()
    ]
