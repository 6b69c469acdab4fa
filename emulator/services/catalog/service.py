"""Data sets: how they come to be, change and go. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.fixtures.library import Fixtures
from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.services.catalog import naming
from emulator.services.catalog.batches import BATCH, EXTERNAL_ID, FILE, Batches
from emulator.services.interfaces import Services
from emulator.store import Change, Store

DATASET = "dataset"
TABLE = "dataset_table"
DATA_SOURCE = "data_source"

SERVER_FIELDS = (
    "id imsOrg sandboxId created updated createdClient createdUser updatedUser version viewId files"
    " basePath persistence lastBatchId lastBatchStatus lastSuccessfulBatch lastFailedBatch"
).split()
"""Members that only the server sets; what a request says of them is passed over."""

SERVER_TAGS = ("adobe/", "aep/siphon/")
"""How the names of tags begin that stay whatever a request leaves out."""

DEFAULT_TAGS: JsonObject = {
    "acp_granular_plugin_validation_flags": ["identity:enabled", "profile:disabled"],
    "acp_granular_validation_flags": ["requiredFieldCheck:enabled"],
    "acp_validationContext": ["enabled"],
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, where: the sandbox, the API key, and the fixtures of the edition in force."""

    sandbox: Sandbox
    client: str
    fixtures: Fixtures


class Catalog:
    """The data sets of every sandbox. A stored data set has its `id` inside."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.batches = Batches(platform)

    @property
    def services(self) -> Services:
        """The other services."""
        return self._platform.services

    @property
    def _store(self) -> Store:
        return self._platform.store

    def finders(self) -> Mapping[str, Finder]:
        return {
            DATASET: self._dataset,
            BATCH: lambda scope, key: self.batches.get(scope.sandbox, key),
            FILE: lambda scope, key: self.batches.file(scope.sandbox, key),
            EXTERNAL_ID: lambda scope, key: self.batches.external(scope.sandbox, key),
            "batches": lambda scope, key: _any(self.batches.named(scope.sandbox, key)),
            "dataset_view": lambda scope, key: self.view(scope.sandbox, key),
            "datasets": self._any_of,
            "catalog_tag": self._tag,
        }

    def listers(self) -> Mapping[str, Lister]:
        return {
            DATASET: lambda scope: self.datasets(scope.sandbox),
            BATCH: lambda scope: self.batches.all(scope.sandbox),
            FILE: lambda scope: self.batches.files(scope.sandbox),
        }

    def _dataset(self, scope: Scope, key: str) -> JsonObject | None:
        return self.dataset(scope.sandbox, key)

    def _any_of(self, scope: Scope, key: str) -> JsonObject | None:
        """Return the data sets that a list of ids with commas names, or None if there is none."""
        found = self.named(scope.sandbox, key)
        return {"datasets": found} if found else None

    def _tag(self, scope: Scope, name: str) -> JsonObject | None:
        """Return the distinct values of a tag and the data sets that have it, the oldest first."""
        tags = {item["id"]: as_object(item.get("tags")) for item in self.datasets(scope.sandbox)}
        holders = {id: found[name] for id, found in tags.items() if name in found}
        values = dict.fromkeys(value for listed in holders.values() for value in listed)
        found = {"name": name, "values": list(values), "datasets": list(holders)}
        return found if holders else None

    def view(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return the data set whose view has an id."""
        dataset = self.dataset(sandbox, naming.dataset_of_view(id))
        return dataset if dataset and dataset["viewId"] == id else None

    def dataset(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return one data set."""
        stored = self._store.read(sandbox, DATASET, id)
        return stored.body if stored else None

    def datasets(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return every data set, the oldest first."""
        return [stored.body for stored in self._store.scan(sandbox, DATASET)]

    def named(self, sandbox: Sandbox, ids: str) -> list[JsonObject]:
        """Return the data sets that exist of a list of ids with commas, in its order."""
        wanted = dict.fromkeys(id.strip() for id in ids.split(","))
        found = (self.dataset(sandbox, id) for id in wanted)
        return [dataset for dataset in found if dataset]

    def create(
        self, caller: Caller, sent: JsonObject, table_format: str, with_data_source: bool
    ) -> JsonObject:
        """Make a data set of what a request sent; `with_data_source` numbers one for it."""
        sandbox, now = caller.sandbox, self._platform.clock.now()
        id = self._platform.new_hex(sandbox, DATASET, 24)
        table = naming.free_table(self._store, sandbox, sent.get("name"))
        server_tags = {"adobe/pqs/table": [table], "adobe/siphon/table/format": [table_format]}
        user = self._platform.user_id(caller.client)
        dataset: JsonObject = {
            "id": id,
            "imsOrg": sandbox.organization,
            "sandboxId": self._platform.sandbox_id(sandbox),
            "created": now,
            "updated": now,
            "createdClient": caller.client,
            "createdUser": user,
            "updatedUser": user,
            "version": "1.0.0",
            "viewId": naming.view_id(id),
            "files": f"@/dataSetFiles?dataSetId={id}",
            "tags": {**server_tags, **DEFAULT_TAGS},
        }
        if with_data_source and "dataSourceId" not in sent:
            sent = {**sent, "dataSourceId": self._store.next(sandbox, DATA_SOURCE)}
        tags = {**dataset["tags"], **as_object(sent.get("tags"))}
        dataset = self._settled(caller, dataset, _mutable(sent) | {"tags": tags})
        self._store.write(
            Change(sandbox, DATASET, id, dataset, 0), Change(sandbox, TABLE, table, {"id": id})
        )
        return dataset

    def replace(self, caller: Caller, id: str, sent: JsonObject) -> JsonObject:
        """Put what a request sent in place of everything that the server does not set."""
        old = self._must(caller.sandbox, id)
        kept = {name: value for name, value in old.items() if name in SERVER_FIELDS}
        return self._update(caller, old, kept | _mutable(sent))

    def change(self, caller: Caller, id: str, sent: Json) -> JsonObject:
        """Replace the members that were sent whole, or carry out a JSON Patch array."""
        old = self._must(caller.sandbox, id)
        changed = apply(old, sent) if isinstance(sent, list) else old | sent
        return self._update(caller, old, changed)

    def merge(self, caller: Caller, id: str, sent: JsonObject) -> JsonObject:
        """Merge what was sent into the data set, object by object at every depth."""
        old = self._must(caller.sandbox, id)
        return self._update(caller, old, deep_merge(old, sent))

    def delete(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Remove a data set; None if there is none."""
        dataset = self.dataset(sandbox, id)
        if dataset:
            tables = as_object(dataset.get("tags")).get("adobe/pqs/table") or []
            gone = [Change(sandbox, TABLE, table, None) for table in tables]
            self._store.write(Change(sandbox, DATASET, id, None), *gone)
        return dataset

    def _must(self, sandbox: Sandbox, id: str) -> JsonObject:
        dataset = self.dataset(sandbox, id)
        if dataset is None:
            raise LookupError(id)  # a rule has found it before
        return dataset

    def _update(self, caller: Caller, old: JsonObject, changed: JsonObject) -> JsonObject:
        dataset = self._settled(caller, old, changed)
        dataset["version"] = naming.next_version(old["version"])
        dataset["updated"] = self._platform.clock.now()
        dataset["updatedUser"] = self._platform.user_id(caller.client)
        self._store.write(Change(caller.sandbox, DATASET, old["id"], dataset))
        return dataset

    def _settled(self, caller: Caller, old: JsonObject, changed: JsonObject) -> JsonObject:
        """Return a changed data set with what is the server's as it was, and its defaults."""
        server = {name: old[name] for name in SERVER_FIELDS if name in old}
        dataset = {name: item for name, item in changed.items() if name not in SERVER_FIELDS}
        dataset |= server
        dataset["tags"] = self._tags(as_object(old.get("tags")), as_object(changed.get("tags")))
        dataset.setdefault("name", dataset["id"])
        dataset.setdefault("state", "ACTIVE")
        dataset.setdefault("enableErrorDiagnostics", False)
        file_description = dataset.get("fileDescription") or {}
        if isinstance(file_description, dict):
            file_description = {"format": "parquet", **file_description}
        dataset["fileDescription"] = file_description
        dataset |= self._expiring(old, dataset)
        if not dataset.get("classification") or _only_schema_changed(old, dataset):
            behavior = self._behavior(caller, as_object(dataset.get("schemaRef")).get("id"))
            dataset["classification"] = {"dataBehavior": behavior, "managedBy": "CUSTOMER"}
        return dataset

    def _tags(self, old: JsonObject, changed: JsonObject) -> JsonObject:
        kept = {name: value for name, value in old.items() if name.startswith(SERVER_TAGS)}
        tags = {**changed, **kept}
        profile = tags.get("unifiedProfile")
        if isinstance(profile, list):
            tags["unifiedProfile"] = naming.profile_tag(profile, self._platform.clock.now())
        return tags

    def _expiring(self, old: JsonObject, changed: JsonObject) -> JsonObject:
        """Return `extensions` with who set the rows' expiration, and when, if it was set anew."""
        now = self._platform.clock.now()
        before, after = old.get("extensions"), changed.get("extensions")
        return {} if after == before else {"extensions": naming.expiration_set(after, now)}

    def _behavior(self, caller: Caller, schema_id: Any) -> str:
        if not isinstance(schema_id, str):
            return "record"
        return naming.behavior(
            self._platform.find(caller.sandbox, caller.fixtures, "schema", schema_id)
        )


def _any(batches: list[JsonObject]) -> JsonObject | None:
    return {"batches": batches} if batches else None


def as_object(value: Json) -> JsonObject:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def deep_merge(old: Json, new: Json) -> Json:
    """Return `old` with the members of `new`; objects merge, everything else is replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: deep_merge(old.get(name), value) for name, value in new.items()}


def _only_schema_changed(old: JsonObject, new: JsonObject) -> bool:
    """Tell whether a data set has another schema but still the classification of the old one."""
    same = new.get("classification") == old.get("classification")
    return same and new.get("schemaRef") != old.get("schemaRef")


def _mutable(sent: JsonObject) -> JsonObject:
    return {name: value for name, value in sent.items() if name not in SERVER_FIELDS}
