"""Batches and the files that they made: how they come to be, end and go. Knows no HTTP.

A stored batch has its `id` inside; it is the object that Catalog shows. Its data lies in the blob
store below `batches/{id}/`. Batch Ingestion and flow runs write batches through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject
from emulator.sandbox import Sandbox
from emulator.services.catalog import naming
from emulator.store import Change

if TYPE_CHECKING:
    from emulator.platform import Platform

BATCH = "batch"
FILE = "dataset_file"
DATASET = "dataset"

EXTERNAL_ID = "batch_external_id"
"""Whose an external id is that a client has chosen."""

SERVER_FIELDS = (
    "id imsOrg sandboxId created updated createdClient createdUser version externalId"
).split()
"""Members of a batch that no change sets."""

GOOD = ("success", "active")
"""States in which a batch's data can be read."""

BAD = ("failed", "failure")


class Batches:
    """The batches of every sandbox, and their data set files."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store

    def get(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return one batch."""
        stored = self._store.read(sandbox, BATCH, id)
        return stored.body if stored else None

    def all(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return every batch, the oldest first."""
        return [stored.body for stored in self._store.scan(sandbox, BATCH)]

    def file(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Return one data set file."""
        stored = self._store.read(sandbox, FILE, id)
        return stored.body if stored else None

    def files(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return every data set file, the oldest first."""
        return [stored.body for stored in self._store.scan(sandbox, FILE)]

    def create(
        self, sandbox: Sandbox, client: str, members: Mapping[str, object], id: str = ""
    ) -> JsonObject:
        """Make a batch.

        Args:
            sandbox: Where.
            client: The API key of the caller.
            members: What the batch has beside the server's own: `relatedObjects`, `inputFormat`,
                `tags`, `replay`, `externalId`, `status` (else `loading`).
            id: The id, if the caller chooses it.
        """
        now = self._platform.clock.now()
        id = id or self._new_id(sandbox, now)
        user = self._platform.user_id(client)
        batch: JsonObject = {
            "status": "loading",
            "externalId": id,
            "relatedObjects": [],
            "tags": {},
            "availableDates": {},
            "errors": [],
            **members,
            "id": id,
            "imsOrg": sandbox.organization,
            "sandboxId": self._platform.sandbox_id(sandbox),
            "created": now,
            "updated": now,
            "createdClient": client,
            "createdUser": user,
            "updatedUser": user,
            "version": "1.0.0",
        }
        changes = [Change(sandbox, BATCH, id, batch, 0)]
        if batch["externalId"] != id:
            changes.append(Change(sandbox, EXTERNAL_ID, batch["externalId"], {"id": id}))
        self._store.write(*changes, *self._dataset_changes(sandbox, batch))
        return batch

    def named(self, sandbox: Sandbox, ids: str) -> list[JsonObject]:
        """Return the batches that exist of a list of ids with commas, in its order."""
        wanted = dict.fromkeys(id.strip() for id in ids.split(","))
        found = (self.get(sandbox, id) for id in wanted)
        return [batch for batch in found if batch]

    def external(self, sandbox: Sandbox, external_id: str) -> JsonObject | None:
        """Return whose an external id is: an object with the `id` of a batch."""
        stored = self._store.read(sandbox, EXTERNAL_ID, external_id)
        return stored.body if stored else None

    def change(self, sandbox: Sandbox, client: str, id: str, sent: Json) -> JsonObject:
        """Replace the members that were sent, or carry out a JSON Patch array."""
        if isinstance(sent, list):
            return self.replace(sandbox, client, id, apply(self._must(sandbox, id), sent))
        return self.update(sandbox, id, self._settable(client, sent))

    def replace(self, sandbox: Sandbox, client: str, id: str, sent: JsonObject) -> JsonObject:
        """Put what was sent in place of everything that the server does not set."""
        old = self._must(sandbox, id)
        empty: JsonObject = {"relatedObjects": [], "tags": {}, "availableDates": {}, "errors": []}
        kept = {name: old[name] for name in SERVER_FIELDS if name in old}
        self._store.write(Change(sandbox, BATCH, id, empty | kept))
        return self.update(sandbox, id, self._settable(client, sent))

    def _settable(self, client: str, sent: JsonObject) -> JsonObject:
        mine = {name: value for name, value in sent.items() if name not in SERVER_FIELDS}
        return {**mine, "updatedUser": self._platform.user_id(client)}

    def update(self, sandbox: Sandbox, id: str, members: Mapping[str, object]) -> JsonObject:
        """Set members of a batch and count its version on."""
        batch = self._changed(self._must(sandbox, id), members)
        changes = [Change(sandbox, BATCH, id, batch)]
        if "status" in members:
            changes += self._dataset_changes(sandbox, batch)
        self._store.write(*changes)
        return batch

    def finish(
        self, sandbox: Sandbox, id: str, members: Mapping[str, object], lands: bool
    ) -> JsonObject:
        """End a batch: its state, its data set file if data lands, what its data set shows of it.

        Batches that it replays become inactive.
        """
        batch = self._changed(self._must(sandbox, id), members)
        changes: list[Change] = []
        if lands:
            for number, dataset_id in enumerate(dataset_ids(batch), 1):
                changes.append(self._new_file(sandbox, batch, dataset_id, number))
                batch["relatedObjects"].append({"type": "dataSetFile", "id": f"{id}-{number}"})
            for gone in self.predecessors(sandbox, batch):
                changes += self._withdrawal(sandbox, gone, "inactive")
        changes.append(Change(sandbox, BATCH, id, batch))
        self._store.write(*changes, *self._dataset_changes(sandbox, batch))
        return batch

    def withdraw(self, sandbox: Sandbox, id: str, status: str) -> None:
        """Take a batch's data out of reach; what was stored stays stored."""
        self._store.write(*self._withdrawal(sandbox, self._must(sandbox, id), status))

    def delete(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Remove a batch with its files and bytes; None if there is none."""
        batch = self.get(sandbox, id)
        if batch:
            gone = [Change(sandbox, FILE, file["id"], None) for file in self._made(sandbox, id)]
            external = Change(sandbox, EXTERNAL_ID, batch.get("externalId") or id, None)
            self._store.write(Change(sandbox, BATCH, id, None), external, *gone)
            self._platform.blobs.delete_all(sandbox, f"batches/{id}/")
        return batch

    def delete_file(self, sandbox: Sandbox, id: str) -> JsonObject | None:
        """Remove a data set file with its bytes; None if there is none."""
        file = self.file(sandbox, id)
        if file:
            self._store.write(Change(sandbox, FILE, id, None))
            self._platform.blobs.delete_all(sandbox, f"batches/{file['batchId']}/data/{id}/")
        return file

    def predecessors(self, sandbox: Sandbox, batch: JsonObject) -> list[JsonObject]:
        """Return the batches that one replays: by their ids and by their external ids."""
        replay = batch.get("replay") or {}
        ids = {_bare(id) for id in replay.get("predecessors") or ()}
        externals = set(replay.get("predecessorsByExternalId") or ())
        if not ids and not externals:
            return []
        return [
            other
            for other in self.all(sandbox)
            if other["id"] in ids or other.get("externalId") in externals
        ]

    def served_files(self, sandbox: Sandbox, batch_id: str) -> list[JsonObject]:
        """Return the data set files of a batch whose data can be read."""
        batch = self.get(sandbox, batch_id)
        return self._made(sandbox, batch_id) if batch and batch.get("status") in GOOD else []

    def last(self, sandbox: Sandbox) -> list[JsonObject]:
        """Return what is known of the last batches, one object for each data set that has any."""
        datasets = (stored.body for stored in self._store.scan(sandbox, DATASET))
        return [_last_of(dataset) for dataset in datasets if dataset.get("lastBatchId")]

    def _made(self, sandbox: Sandbox, batch_id: str) -> list[JsonObject]:
        related = (self.get(sandbox, batch_id) or {}).get("relatedObjects") or ()
        ids = [item.get("id", "") for item in related if item.get("type") == "dataSetFile"]
        return [file for id in ids if (file := self.file(sandbox, id)) is not None]

    def _must(self, sandbox: Sandbox, id: str) -> JsonObject:
        batch = self.get(sandbox, id)
        if batch is None:
            raise LookupError(id)  # a rule has found it before
        return batch

    def _changed(self, batch: JsonObject, members: Mapping[str, object]) -> JsonObject:
        version = naming.next_version(batch["version"])
        return {**batch, **members, "version": version, "updated": self._now()}

    def _now(self) -> int:
        return self._platform.clock.now()

    def _new_id(self, sandbox: Sandbox, now: int) -> str:
        return naming.ulid(now, self._platform.new_hex(sandbox, BATCH, 20))

    def _new_file(
        self, sandbox: Sandbox, batch: JsonObject, dataset_id: str, number: int
    ) -> Change:
        stored = self._store.read(sandbox, DATASET, dataset_id)
        id, now = f"{batch['id']}-{number}", self._now()
        file = {
            "id": id,
            "batchId": batch["id"],
            "dataSetId": dataset_id,
            "dataSetViewId": stored.body["viewId"] if stored else naming.view_id(dataset_id),
            "imsOrg": sandbox.organization,
            "availableDates": {},
            "createdUser": batch["createdUser"],
            "createdClient": batch["createdClient"],
            "updatedUser": batch["updatedUser"],
            "version": "1.0.0",
            "created": now,
            "updated": now,
            "isValid": False,
            "records": batch.get("recordCount", 0),
            "size": batch.get("size", 0),
        }
        return Change(sandbox, FILE, id, file)

    def _withdrawal(self, sandbox: Sandbox, batch: JsonObject, status: str) -> list[Change]:
        related = [item for item in batch["relatedObjects"] if item.get("type") != "dataSetFile"]
        gone = [
            Change(sandbox, FILE, file["id"], None) for file in self._made(sandbox, batch["id"])
        ]
        changed = self._changed(batch, {"status": status, "relatedObjects": related})
        place = Change(sandbox, BATCH, batch["id"], changed)
        return [place, *gone, *self._dataset_changes(sandbox, changed)]

    def _dataset_changes(self, sandbox: Sandbox, batch: JsonObject) -> Iterable[Change]:
        """Return what changes in the data sets of a batch that has come to an end."""
        status = batch["status"]
        for id in dataset_ids(batch):
            stored = self._store.read(sandbox, DATASET, id)
            if stored is None:
                continue
            dataset = stored.body
            if status in (*GOOD, *BAD):
                dataset["lastBatchId"] = batch["id"]
                field = "lastSuccessfulBatch" if status in GOOD else "lastFailedBatch"
                dataset[field] = batch["id"]
            elif dataset.get("lastBatchId") != batch["id"]:
                continue
            dataset["lastBatchStatus"] = status
            dataset["version"] = naming.next_version(dataset["version"])
            dataset["updated"] = self._now()
            yield Change(sandbox, DATASET, id, dataset)


def dataset_ids(batch: JsonObject) -> list[str]:
    """Return the ids of the data sets that a batch is for."""
    related = batch.get("relatedObjects") or ()
    return [item["id"] for item in related if item.get("type") == "dataSet" and "id" in item]


def _bare(id: str) -> str:
    """Return an id without the sign with which clients write it in a replay."""
    return id.removeprefix("$")


def _last_of(dataset: JsonObject) -> JsonObject:
    """Return a data set's entry of `/lastBatches`, whose names end in `Id` where its own do not."""
    names = {
        "lastBatchId": "lastBatchId",
        "lastBatchStatus": "lastBatchStatus",
        "lastSuccessfulBatch": "lastSuccessfulBatchId",
        "lastFailedBatch": "lastFailedBatchId",
    }
    entry = {shown: dataset[name] for name, shown in names.items() if name in dataset}
    kept = ("imsOrg", "sandboxId", "created", "updated")
    return {"id": dataset["id"], **entry, **{name: dataset[name] for name in kept}}
