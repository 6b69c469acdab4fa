"""Batches: how they come to be, change, end and go. Knows no HTTP.

A stored batch has its `id` inside; it is the object that Catalog shows. Its data lies in the blob
store below `batches/{id}/`. Batch Ingestion and flow runs write batches through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from emulator.json_patch import apply
from emulator.json_types import Json, JsonObject
from emulator.ongoing import Interrupted
from emulator.scope import Scope
from emulator.services.catalog.dataset_files import READABLE, DatasetFiles
from emulator.services.catalog.datasets import DATASET
from emulator.services.catalog.identifiers import new_members, next_version, ulid
from emulator.services.interfaces import dataset_ids
from emulator.store import ALL, Change, Hint

BATCH = "batch"

EXTERNAL_ID = "batch_external_id"
"""The kind of an index: from an external id that a client has chosen to the batch's own id."""

SERVER_FIELDS = (
    "id imsOrg sandboxId created updated createdClient createdUser version externalId"
).split()
"""Members of a batch that no change sets."""

FAILED = ("failed", "failure")
"""States of a batch that ended without data."""

ENDED = (*READABLE, *FAILED, "aborted", "abandoned", "inactive")
"""States of a batch that nobody works on any more."""


class Batches:
    """The batches of every sandbox."""

    def __init__(self, files: DatasetFiles) -> None:
        self._files = files

    def get(self, scope: Scope, id: str) -> JsonObject | None:
        return scope.read(BATCH, id)

    def all(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        return scope.bodies(BATCH, hint)

    def named(self, scope: Scope, ids: str) -> list[JsonObject]:
        """Return the batches that exist of a list of ids with commas, in its order."""
        wanted = dict.fromkeys(id.strip() for id in ids.split(","))
        return [batch for id in wanted if (batch := self.get(scope, id))]

    def external(self, scope: Scope, external_id: str) -> JsonObject | None:
        """Return whose an external id is: an object with the `id` of a batch."""
        return scope.read(EXTERNAL_ID, external_id)

    def create(self, scope: Scope, members: Mapping[str, object], id: str = "") -> JsonObject:
        """Make a batch.

        Args:
            scope: Where, and by whom.
            members: What the batch has beside the server's own: `relatedObjects`, `inputFormat`,
                `tags`, `replay`, `externalId`, `status` (else `loading`).
            id: The id, if the caller chooses it.
        """
        now = scope.now()
        id = id or ulid(now, scope.new_hex(BATCH, 20))
        batch: JsonObject = {
            "status": "loading",
            "externalId": id,
            "relatedObjects": [],
            "tags": {},
            "availableDates": {},
            "errors": [],
            **members,
            **new_members(scope, id, now),
        }
        changes = [scope.change(BATCH, id, batch, 0)]
        if batch["externalId"] != id:
            changes.append(scope.change(EXTERNAL_ID, batch["externalId"], {"id": id}))
        with scope.exclusive():
            scope.write(*changes, *_dataset_changes(scope, batch))
        return batch

    def change(self, scope: Scope, id: str, sent: Json) -> JsonObject:
        """Replace the members that were sent, or carry out a JSON Patch array."""
        if isinstance(sent, list):
            return self.replace(scope, id, apply(scope.existing(BATCH, id), sent))
        return self.update(scope, id, _settable(scope, sent))

    def replace(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Put what was sent in place of everything that the server does not set."""
        empty: JsonObject = {"relatedObjects": [], "tags": {}, "availableDates": {}, "errors": []}
        with scope.exclusive():
            old = scope.existing(BATCH, id)
            kept = {name: old[name] for name in (*SERVER_FIELDS, "status") if name in old}
            return self._update(scope, empty | kept, _settable(scope, sent))

    def update(self, scope: Scope, id: str, members: Mapping[str, object]) -> JsonObject:
        """Set members of a batch and count its version on."""
        with scope.exclusive():
            return self._update(scope, scope.existing(BATCH, id), members)

    def _update(self, scope: Scope, batch: JsonObject, members: Mapping[str, object]) -> JsonObject:
        batch = _changed(scope, batch, members)
        changes = [scope.change(BATCH, batch["id"], batch)]
        if "status" in members:
            changes += _dataset_changes(scope, batch)
        scope.write(*changes)
        return batch

    def finish(
        self, scope: Scope, id: str, members: Mapping[str, object], lands: bool
    ) -> JsonObject:
        """End a batch: its state, its data set files if data lands, its data sets' last batch.

        Batches that it replays become inactive.

        Raises:
            Interrupted: It has been ended or deleted by somebody else.
        """
        with scope.exclusive():
            batch = self._open(scope, id)
            if batch is None:
                raise Interrupted
            return self._finish(scope, _changed(scope, batch, members), lands)

    def give_up(self, scope: Scope, id: str, errors: list[JsonObject]) -> bool:
        """End a batch as failed; tell whether it was still open."""
        with scope.exclusive():
            is_open = self._open(scope, id) is not None
            if is_open:
                self.update(scope, id, {"status": "failed", "errors": errors})
        return is_open

    def _open(self, scope: Scope, id: str) -> JsonObject | None:
        """Return a batch that has not come to an end."""
        batch = self.get(scope, id)
        return None if batch is None or batch["status"] in ENDED else batch

    def _finish(self, scope: Scope, batch: JsonObject, lands: bool) -> JsonObject:
        id = batch["id"]
        changes: list[Change] = []
        if lands:
            for number, dataset_id in enumerate(dataset_ids(batch), 1):
                changes.append(self._files.added(scope, batch, dataset_id, number))
                batch["relatedObjects"].append({"type": "dataSetFile", "id": f"{id}-{number}"})
            for replayed in self.predecessors(scope, batch):
                changes += self._withdrawal(scope, replayed, "inactive")
        changes.append(scope.change(BATCH, id, batch))
        scope.write(*changes, *_dataset_changes(scope, batch))
        return batch

    def withdraw(self, scope: Scope, id: str, status: str) -> None:
        """Take a batch's data out of reach; what was stored stays stored."""
        scope.write(*self._withdrawal(scope, scope.existing(BATCH, id), status))

    def delete(self, scope: Scope, id: str) -> JsonObject | None:
        """Remove a batch with its files and bytes and return it; None if there is none."""
        batch = self.get(scope, id)
        if batch:
            external = scope.change(EXTERNAL_ID, batch.get("externalId") or id, None)
            gone = [scope.change(BATCH, id, None), external, *self._files.removed(scope, batch)]
            scope.write(*gone)
            scope.platform.blobs.delete_all(scope.sandbox, f"batches/{id}/")
        return batch

    def predecessors(self, scope: Scope, batch: JsonObject) -> list[JsonObject]:
        """Return the batches that one replays: by their ids and by their external ids."""
        replay = batch.get("replay") or {}
        # Clients write a dollar sign before the ids.
        ids = {id.removeprefix("$") for id in replay.get("predecessors") or ()}
        externals = set(replay.get("predecessorsByExternalId") or ())
        if not ids and not externals:
            return []
        named = self.all(scope, Hint(frozenset(("id", "externalId"))))
        replayed = (
            item["id"] for item in named if item["id"] in ids or item.get("externalId") in externals
        )
        return [scope.existing(BATCH, id) for id in replayed]

    def last(self, scope: Scope) -> Iterator[JsonObject]:
        """Yield what is known of the last batches, one object for each data set that has any."""
        for stored in scope.scan(DATASET, hint=Hint(texts=("lastBatchId",))):
            if stored.body.get("lastBatchId"):
                yield _last_of(stored.body)

    def _withdrawal(self, scope: Scope, batch: JsonObject, status: str) -> list[Change]:
        related = [item for item in batch["relatedObjects"] if item.get("type") != "dataSetFile"]
        changed = _changed(scope, batch, {"status": status, "relatedObjects": related})
        gone = self._files.removed(scope, batch)
        return [scope.change(BATCH, batch["id"], changed), *gone, *_dataset_changes(scope, changed)]


def _settable(scope: Scope, sent: JsonObject) -> JsonObject:
    mine = {name: value for name, value in sent.items() if name not in SERVER_FIELDS}
    return {**mine, "updatedUser": scope.user_id}


def _changed(scope: Scope, batch: JsonObject, members: Mapping[str, object]) -> JsonObject:
    return {**batch, **members, "version": next_version(batch["version"]), "updated": scope.now()}


def _dataset_changes(scope: Scope, batch: JsonObject) -> Iterable[Change]:
    """Return what changes in the data sets of a batch that has come to an end."""
    status = batch["status"]
    for id in dataset_ids(batch):
        dataset = scope.read(DATASET, id)
        if dataset is None:
            continue
        if status in (*READABLE, *FAILED):
            dataset["lastBatchId"] = batch["id"]
            field = "lastSuccessfulBatch" if status in READABLE else "lastFailedBatch"
            dataset[field] = batch["id"]
        elif dataset.get("lastBatchId") != batch["id"]:
            continue
        dataset["lastBatchStatus"] = status
        dataset["version"] = next_version(dataset["version"])
        dataset["updated"] = scope.now()
        yield scope.change(DATASET, id, dataset)


def _last_of(dataset: JsonObject) -> JsonObject:
    """Return a data set's entry of `/lastBatches`, whose names end in `Id` where its own do not."""
    names = {
        "lastBatchId": "lastBatchId",
        "lastBatchStatus": "lastBatchStatus",
        "lastSuccessfulBatch": "lastSuccessfulBatchId",
        "lastFailedBatch": "lastFailedBatchId",
    }
    entry = {public: dataset[name] for name, public in names.items() if name in dataset}
    kept = ("imsOrg", "sandboxId", "created", "updated")
    return {"id": dataset["id"], **entry, **{name: dataset[name] for name in kept}}
