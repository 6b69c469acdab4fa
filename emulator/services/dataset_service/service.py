"""Usage labels of data sets and of their fields. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder, Lister, Scope
from emulator.store import Change

LABELS = "dataset_labels"


class DatasetService:
    """The labels of every sandbox's data sets, one entity for each data set that has any.

    A stored entity has `id` (the data set's), `labels`, `optionalLabels` and `etag`.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store

    def finders(self) -> Mapping[str, Finder]:
        return {LABELS: self._labels}

    def listers(self) -> Mapping[str, Lister]:
        return {}

    def _labels(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the labels of a data set; they go with it."""
        stored = self._store.read(scope.sandbox, LABELS, id)
        dataset = scope.find("dataset", id)
        labels: JsonObject | None = stored.body if stored and dataset else None
        return labels

    def put(self, sandbox: Sandbox, id: str, sent: JsonObject) -> JsonObject:
        """Give a data set these labels in place of all that it had."""
        stored = self._store.read(sandbox, LABELS, id)
        version = stored.version + 1 if stored else 1
        now = self._platform.clock.now()
        labels = {
            "id": id,
            "labels": sent.get("labels", []),
            "optionalLabels": sent.get("optionalLabels", []),
            "etag": self._platform.ids.etag(f"{LABELS} {id}", version, now),
        }
        self._store.write(Change(sandbox, LABELS, id, labels))
        return labels

    def remove(self, sandbox: Sandbox, id: str) -> None:
        """Take all labels away from a data set."""
        self._store.write(Change(sandbox, LABELS, id, None))
