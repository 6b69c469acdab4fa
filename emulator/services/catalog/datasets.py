"""Data sets: how they come to be, change and go. Knows no HTTP."""

from __future__ import annotations

import re
import time

from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject, as_object
from emulator.scope import Scope
from emulator.services.catalog.identifiers import (
    dataset_of_view,
    new_members,
    next_version,
    view_id,
)
from emulator.store import ALL, Change, Hint
from emulator.xdm.identity import identity

DATASET = "dataset"
TABLE = "dataset_table"
DATA_SOURCE = "data_source"

TABLE_TAG = "adobe/pqs/table"
"""The tag that names the table by which queries know a data set."""

SERVER_FIELDS = (
    "id imsOrg sandboxId created updated createdClient createdUser updatedUser version viewId files"
    " basePath persistence lastBatchId lastBatchStatus lastSuccessfulBatch lastFailedBatch"
).split()
"""Members that only the server sets; what a request says of them is passed over."""

SERVER_TAGS = ("adobe/", "aep/siphon/")
"""How the names of tags begin that stay when a request leaves them out."""

DEFAULT_TAGS: JsonObject = {
    "acp_granular_plugin_validation_flags": ["identity:enabled", "profile:disabled"],
    "acp_granular_validation_flags": ["requiredFieldCheck:enabled"],
    "acp_validationContext": ["enabled"],
}

_BEHAVIORS = {
    "https://ns.adobe.com/xdm/data/time-series": "time-series",
    "https://ns.adobe.com/xdm/data/record": "record",
    "https://ns.adobe.com/xdm/data/adhoc": "adhoc",
}


class Datasets:
    """The data sets of every sandbox. A stored data set has its `id` inside."""

    def get(self, scope: Scope, id: str) -> JsonObject | None:
        return scope.read(DATASET, id)

    def all(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        return scope.bodies(DATASET, hint)

    def named(self, scope: Scope, ids: str) -> list[JsonObject]:
        """Return the data sets that exist of a list of ids with commas, in its order."""
        wanted = dict.fromkeys(id.strip() for id in ids.split(","))
        return [dataset for id in wanted if (dataset := self.get(scope, id))]

    def of_view(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the data set whose view has an id."""
        dataset = self.get(scope, dataset_of_view(id))
        return dataset if dataset and dataset["viewId"] == id else None

    def tag(self, scope: Scope, name: str) -> JsonObject | None:
        """Return the distinct values of a tag and the data sets that have it, the oldest first."""
        hint = Hint(frozenset(("id", "tags")), (name,))
        tags = {item["id"]: as_object(item.get("tags")) for item in self.all(scope, hint)}
        holders = {id: found[name] for id, found in tags.items() if name in found}
        values = dict.fromkeys(value for listed in holders.values() for value in listed)
        found = {"name": name, "values": list(values), "datasets": list(holders)}
        return found if holders else None

    def create(
        self, scope: Scope, sent: JsonObject, table_format: str, with_data_source: bool
    ) -> JsonObject:
        """Make a data set of what a request sent; `with_data_source` numbers one for it."""
        id = scope.new_hex(DATASET, 24)
        own = as_object(sent.get("tags"))
        table = _texts(own.get(TABLE_TAG)) or [_free_table(scope, sent.get("name"))]
        server_tags = {TABLE_TAG: table, "adobe/siphon/table/format": [table_format]}
        dataset: JsonObject = {
            **new_members(scope, id, scope.now()),
            "viewId": view_id(id),
            "files": f"@/dataSetFiles?dataSetId={id}",
            "tags": {**server_tags, **DEFAULT_TAGS},
        }
        if with_data_source and "dataSourceId" not in sent:
            number = scope.platform.store.next(scope.sandbox, DATA_SOURCE)
            sent = {**sent, "dataSourceId": number}
        dataset = _settled(scope, dataset, _mutable(sent) | {"tags": {**DEFAULT_TAGS, **own}})
        scope.write(scope.change(DATASET, id, dataset, 0), *_tables(scope, {}, dataset))
        return dataset

    def replace(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Put what a request sent in place of everything that the server does not set."""
        old = scope.existing(DATASET, id)
        kept = {name: value for name, value in old.items() if name in SERVER_FIELDS}
        return _update(scope, old, kept | _mutable(sent))

    def change(self, scope: Scope, id: str, sent: Json) -> JsonObject:
        """Replace the members that were sent whole, or carry out a JSON Patch array."""
        old = scope.existing(DATASET, id)
        return _update(scope, old, apply(old, sent) if isinstance(sent, list) else old | sent)

    def merge(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Merge what was sent into the data set, object by object at every depth."""
        old = scope.existing(DATASET, id)
        return _update(scope, old, deep_merge(old, sent))

    def delete(self, scope: Scope, id: str) -> JsonObject | None:
        """Remove a data set and return it; None if there is none."""
        dataset = self.get(scope, id)
        if dataset:
            scope.write(scope.change(DATASET, id, None), *_tables(scope, dataset, {}))
        return dataset


def _tables(scope: Scope, old: JsonObject, new: JsonObject) -> list[Change]:
    """Return what changes in the index of tables when a data set is written: whose each one is."""
    before, after = (_texts(as_object(side.get("tags")).get(TABLE_TAG)) for side in (old, new))
    gone = [scope.change(TABLE, table, None) for table in before if table not in after]
    return gone + [
        scope.change(TABLE, table, {"id": new["id"]}) for table in after if table not in before
    ]


def _texts(values: Json) -> list[str]:
    """Return the texts of a tag that are not blank."""
    listed = values if isinstance(values, list) else []
    return [value for value in listed if isinstance(value, str) and value.strip()]


def _free_table(scope: Scope, name: Json) -> str:
    """Return the table name that a data set's name gives, with a number behind it if it is taken.

    Names of data sets need not be unique; those of their tables are.
    """
    text = name if isinstance(name, str) else ""
    base = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "dataset"
    table = base
    while scope.read(TABLE, table):
        number = scope.platform.store.next(scope.sandbox, f"{TABLE} {base}")
        table = f"{base}_{number}"
    return table


def _update(scope: Scope, old: JsonObject, changed: JsonObject) -> JsonObject:
    dataset = _settled(scope, old, changed)
    dataset["version"] = next_version(old["version"])
    dataset["updated"] = scope.now()
    dataset["updatedUser"] = scope.user_id
    scope.write(scope.change(DATASET, old["id"], dataset), *_tables(scope, old, dataset))
    return dataset


def _settled(scope: Scope, old: JsonObject, changed: JsonObject) -> JsonObject:
    """Return a changed data set with what is the server's as it was, and its defaults."""
    server = {name: old[name] for name in SERVER_FIELDS if name in old}
    dataset = _mutable(changed) | server
    dataset["tags"] = _tags(scope, as_object(old.get("tags")), as_object(changed.get("tags")))
    dataset.setdefault("name", dataset["id"])
    dataset.setdefault("state", "ACTIVE")
    dataset.setdefault("enableErrorDiagnostics", False)
    file_description = dataset.get("fileDescription") or {}
    if isinstance(file_description, dict):
        file_description = {"format": "parquet", **file_description}
    dataset["fileDescription"] = file_description
    if dataset.get("extensions") != old.get("extensions"):
        dataset["extensions"] = _expiration_set(dataset.get("extensions"), scope.now())
    if not dataset.get("classification") or _only_schema_changed(old, dataset):
        behavior = _behavior(scope, as_object(dataset.get("schemaRef")).get("id"))
        dataset["classification"] = {"dataBehavior": behavior, "managedBy": "CUSTOMER"}
    return dataset


def _tags(scope: Scope, old: JsonObject, changed: JsonObject) -> JsonObject:
    """Return the tags that take the place of the old ones; the platform's own do not get lost."""
    kept = {
        name: value
        for name, value in old.items()
        if name.startswith(SERVER_TAGS) and not _texts(changed.get(name))
    }
    tags = {**changed, **kept}
    profile = tags.get("unifiedProfile")
    if isinstance(profile, list):
        tags["unifiedProfile"] = _profile_tag(profile, scope.now())
    return tags


def _profile_tag(values: list[Json], now: int) -> list[Json]:
    """Return the values of the tag `unifiedProfile`, with the time if it says enabled without."""
    texts = [str(value).replace(" ", "") for value in values]
    if "enabled:true" not in texts or any(text.startswith("enabledAt:") for text in texts):
        return values
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now / 1000))
    return [*values, f"enabledAt:{moment}"]


def _expiration_set(extensions: Json, now: int) -> Json:
    """Return extensions whose row expiration says that a user has set it now."""
    lake = as_object(as_object(extensions).get("adobe_lakeHouse"))
    expiration = lake.get("rowExpiration")
    if not isinstance(expiration, dict):
        return extensions
    expiration = {**expiration, "valueStatus": "custom", "setBy": "user", "updated": now}
    return {**extensions, "adobe_lakeHouse": {**lake, "rowExpiration": expiration}}


def _behavior(scope: Scope, schema_id: Json) -> str:
    """Return what kind of data a schema describes; a record where the schema does not say."""
    schema = scope.find("schema", schema_id) if isinstance(schema_id, str) else None
    extended = (schema or {}).get("meta:extends") or []
    return next((_BEHAVIORS[id] for id in extended if id in _BEHAVIORS), "record")


def deep_merge(old: Json, new: Json) -> Json:
    """Return `old` with the members of `new`; objects merge, everything else is replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: deep_merge(old.get(name), value) for name, value in new.items()}


def _only_schema_changed(old: JsonObject, new: JsonObject) -> bool:
    """Tell whether a data set has another schema but still the classification of the old one."""
    same = new.get("classification") == old.get("classification")
    now, before = (identity(as_object(side.get("schemaRef")).get("id")) for side in (new, old))
    return same and now != before


def _mutable(sent: JsonObject) -> JsonObject:
    return {name: value for name, value in sent.items() if name not in SERVER_FIELDS}
