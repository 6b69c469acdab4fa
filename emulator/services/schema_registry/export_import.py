"""Export and import: resources on their way to another organization or sandbox.

Source: "Schema Registry API guide", export and import. On the way the tenant id is a placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry.composition import Find
from emulator.services.schema_registry.identifiers import TYPES, resource_type
from emulator.xdm.fields import references
from emulator.xdm.identity import ROOT, identity

PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"

_NOT_EXPORTED = ("imsOrg", "meta:registryMetadata", "meta:containerId", "meta:tenantNamespace")
"""Members that an export does not have."""

_NOT_IMPORTED = ("meta:immutableTags",)
"""Members that an import drops: a union needs descriptors, and those are not exported."""


def exported_resources(resource: JsonObject, find_own: Find, tenant: str) -> list[JsonObject]:
    """Return a resource behind all that it depends on, without anything of its tenant."""
    ordered: dict[str, JsonObject] = {}
    _collect(resource, find_own, ordered, set())
    # A tenant id stands behind the root of ids or an underscore, and ends with a separator.
    pattern = re.compile(rf"(?<=^{re.escape(ROOT)}){re.escape(tenant)}(?=/)|^_{tenant}(?=[./]|$)")

    def without_tenant(text: str) -> str:
        return pattern.sub(lambda m: m[0].replace(tenant, PLACEHOLDER), text)

    return [_translated(_plain(item, _NOT_EXPORTED), without_tenant) for item in ordered.values()]


def _plain(value: Json, without: tuple[str, ...] = ()) -> Json:
    """Return a value without some members, every reference spelled as the `$id` that it means."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: identity(item) if name == "$ref" else _plain(item)
        for name, item in value.items()
        if name not in without
    }


def _collect(
    resource: JsonObject, find: Find, ordered: dict[str, JsonObject], seen: set[str]
) -> None:
    """Add a resource to those that are ordered, behind all that it depends on, however deep."""
    seen.add(resource["$id"])
    waiting = [(resource, references(resource))]
    while waiting:
        item, left = waiting[-1]
        found = next((known for id in left if (known := _unseen(id, find, seen))), None)
        if found is None:
            ordered[item["$id"]] = item
            waiting.pop()
        else:
            seen.add(found["$id"])
            waiting.append((found, references(found)))


def _unseen(id: str, find: Find, seen: set[str]) -> JsonObject | None:
    found = find(id)
    return None if found is None or found["$id"] in seen else found


def imported_resources(sent: list[JsonObject], tenant: str) -> list[JsonObject]:
    """Return exported resources with a tenant's ids, those first that others refer to."""
    items = _with_tenant([item for item in sent if not is_descriptor(item)], tenant)
    named: dict[str, JsonObject] = {}
    for item in items:
        content = {name: value for name, value in item.items() if name not in _NOT_IMPORTED}
        named[target_id(item["$id"], tenant)] = {**content, "$id": target_id(item["$id"], tenant)}
    ordered: dict[str, JsonObject] = {}
    seen: set[str] = set()
    for id, item in named.items():
        if id not in ordered:
            _collect(item, named.get, ordered, seen)
    return list(ordered.values())


def imported_descriptors(sent: list[JsonObject], tenant: str) -> list[JsonObject]:
    """Return the descriptors among exported resources, of schemas with a tenant's ids."""
    found = _with_tenant([item for item in sent if is_descriptor(item)], tenant)
    return [
        {
            **{name: value for name, value in item.items() if name != "meta:resourceType"},
            "xdm:sourceSchema": target_id(str(item.get("xdm:sourceSchema")), tenant),
        }
        for item in found
    ]


def is_descriptor(item: JsonObject) -> bool:
    """Tell whether a member of an export is a descriptor; a CSV template's proposal has some."""
    return item.get("meta:resourceType") == "descriptors"


def _with_tenant(items: list[JsonObject], tenant: str) -> list[Json]:
    return [_translated(item, lambda text: text.replace(PLACEHOLDER, tenant)) for item in items]


def target_id(id: str, tenant: str) -> str:
    """Return the `$id` that a tenant's resource has after the import; other ids stay."""
    id = identity(id)
    steps = id.removeprefix(ROOT).split("/")
    if not id.startswith(ROOT) or len(steps) != 3 or resource_type(steps[1]) not in TYPES:
        return id
    return f"{ROOT}{tenant}/{resource_type(steps[1])}/{steps[2]}"


def _translated(value: Json, translate: Callable[[str], str]) -> Json:
    """Return a value with every text and every name of a member translated."""
    if isinstance(value, str):
        return translate(value)
    if isinstance(value, list):
        return [_translated(item, translate) for item in value]
    if isinstance(value, dict):
        return {translate(name): _translated(item, translate) for name, item in value.items()}
    return value
