"""Usage labels of data sets and of their fields. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.json_types import JsonObject
from emulator.scope import Finder, Lister, Scope

LABELS = "dataset_labels"


class DatasetService:
    """The labels of every sandbox's data sets, one entity for each data set that has any.

    A stored entity has `id` (the data set's), `labels`, `optionalLabels` and `etag`.
    """

    def finders(self) -> Mapping[str, Finder]:
        return {LABELS: self.get}

    def listers(self) -> Mapping[str, Lister]:
        return {}

    def get(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the labels of a data set; they go with it."""
        return scope.read(LABELS, id) if scope.find("dataset", id) else None

    def put(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Give a data set these labels in place of all that it had."""
        stored = scope.stored(LABELS, id)
        version = stored.version + 1 if stored else 1
        labels = {
            "id": id,
            "labels": sent.get("labels", []),
            "optionalLabels": sent.get("optionalLabels", []),
            "etag": scope.etag(f"{LABELS} {id}", version, scope.now()),
        }
        scope.write(scope.change(LABELS, id, labels))
        return labels

    def remove(self, scope: Scope, id: str) -> None:
        """Take all labels away from a data set."""
        scope.write(scope.change(LABELS, id, None))
