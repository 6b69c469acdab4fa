"""Data set files: what batches have brought into data sets. Knows no HTTP.

A stored file has its `id` inside, `{batch id}-{number}`. Its parts lie in the blob store below
`batches/{batch id}/data/{id}/`.
"""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.catalog.datasets import DATASET
from emulator.services.catalog.identifiers import view_id
from emulator.store import ALL, Change, Hint

FILE = "dataset_file"

READABLE = ("success", "active")
"""States of a batch in which its data can be read."""


class DatasetFiles:
    """The data set files of every sandbox."""

    def get(self, scope: Scope, id: str) -> JsonObject | None:
        return scope.read(FILE, id)

    def all(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        return scope.bodies(FILE, hint)

    def of_batch(self, scope: Scope, batch: JsonObject) -> list[JsonObject]:
        """Return the files that a batch has made."""
        related = batch.get("relatedObjects") or ()
        ids = [item.get("id", "") for item in related if item.get("type") == "dataSetFile"]
        return [file for id in ids if (file := self.get(scope, id)) is not None]

    def served(self, scope: Scope, batch_id: str) -> list[JsonObject]:
        """Return the files of a batch whose data can be read."""
        batch = scope.find("batch", batch_id) or {}
        return self.of_batch(scope, batch) if batch.get("status") in READABLE else []

    def added(self, scope: Scope, batch: JsonObject, dataset_id: str, number: int) -> Change:
        """Return what stores the file that a batch brings into a data set, numbered from 1."""
        id, now = f"{batch['id']}-{number}", scope.now()
        dataset = scope.read(DATASET, dataset_id)
        file = {
            "id": id,
            "batchId": batch["id"],
            "dataSetId": dataset_id,
            "dataSetViewId": dataset["viewId"] if dataset else view_id(dataset_id),
            "imsOrg": scope.organization,
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
        return scope.change(FILE, id, file)

    def removed(self, scope: Scope, batch: JsonObject) -> list[Change]:
        """Return what removes the files of a batch; their bytes stay."""
        return [scope.change(FILE, file["id"], None) for file in self.of_batch(scope, batch)]

    def delete(self, scope: Scope, id: str) -> JsonObject | None:
        """Remove a file with its bytes and return it; None if there is none."""
        file = self.get(scope, id)
        if file:
            scope.write(scope.change(FILE, id, None))
            place = f"batches/{file['batchId']}/data/{id}/"
            scope.platform.blobs.delete_all(scope.sandbox, place)
        return file
