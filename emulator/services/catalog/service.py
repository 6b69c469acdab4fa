"""Catalog's domain: what it keeps, and what it asks of other services. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.scope import Finder, Lister, Scope
from emulator.services import interfaces
from emulator.services.catalog.batches import BATCH, EXTERNAL_ID, Batches
from emulator.services.catalog.dataset_files import FILE, DatasetFiles
from emulator.services.catalog.datasets import DATASET, Datasets


class Catalog:
    """The data sets, batches and data set files of every sandbox."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.datasets = Datasets()
        self.files = DatasetFiles()
        self.batches = Batches(self.files)

    @property
    def labels(self) -> interfaces.DatasetService:
        """The usage labels of data sets, which the Dataset Service keeps."""
        return self._platform.services.dataset_service

    def finders(self) -> Mapping[str, Finder]:
        return {
            DATASET: self.datasets.get,
            BATCH: self.batches.get,
            FILE: self.files.get,
            EXTERNAL_ID: self.batches.external,
            "catalog_tag": self.datasets.tag,
            "dataset_view": self.datasets.of_view,
        }

    def listers(self) -> Mapping[str, Lister]:
        return {DATASET: self.datasets.all, BATCH: self.batches.all, FILE: self.files.all}

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a batch is waiting: reading it may end it, which takes as long as it does.

        So there is nothing to catch up with, but others should not wait.
        """
        return self._platform.services.batch_ingestion.is_waiting(scope)

    def catch_up(self, scope: Scope, *, waits: bool = False) -> int:
        return 0

    def look_up_batches(self, scope: Scope, ids: str) -> list[JsonObject]:
        """Return the batches of a list of ids; reading a waiting one advances it."""
        for batch in self.batches.named(scope, ids):
            self._platform.services.batch_ingestion.advance(scope, batch["id"])
        return self.batches.named(scope, ids)
