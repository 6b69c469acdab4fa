"""Usage labels of data sets and of their fields. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.json_types import JsonObject, as_object
from emulator.scope import Finder, Scope
from emulator.services.interfaces import Domain

LABELS = "dataset_labels"


class DatasetService(Domain):
    """The labels of every sandbox's data sets, one entity for each data set that has any.

    A stored entity has `id` (the data set's), `labels`, `optionalLabels`, `etag`, and `parents` if
    a request named any.
    """

    def finders(self) -> Mapping[str, Finder]:
        return {LABELS: self.get}

    def get(self, scope: Scope, id: str) -> JsonObject | None:
        """Return the labels of a data set; they go with it."""
        return scope.read(LABELS, id) if scope.find("dataset", id) else None

    def payload(self, labels: JsonObject) -> JsonObject:
        """Return labels as a request sends them: Dataset Service API reference, `LabelPayload`.

        A data set without any has two empty lists.
        """
        return {name: labels.get(name, []) for name in ("labels", "optionalLabels")}

    def keyed(self, scope: Scope, labels: JsonObject) -> JsonObject:
        """Return labels under the name of their data set, as the guides print them."""
        organization = {"imsOrg": scope.organization}
        return {f"AEP:dataset:{labels['id']}": organization | self.payload(labels)}

    def parents(self, scope: Scope, labels: JsonObject) -> list[JsonObject]:
        """Return the entities of which a data set inherits labels: its schema's comes first."""
        dataset = scope.find("dataset", labels["id"]) or {}
        schema = scope.find("schema", str(as_object(dataset.get("schemaRef")).get("id"))) or {}
        name = schema.get("meta:altId")
        own = [{"id": name, "type": "schema", "namespace": "AEP"}] if name else []
        return [*own, *labels.get("parents", [])]

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
        parents = sent.get("parents")
        if isinstance(parents, list) and all(isinstance(item, dict) for item in parents):
            labels["parents"] = parents
        scope.write(scope.change(LABELS, id, labels))
        return labels

    def remove(self, scope: Scope, id: str) -> None:
        """Take all labels away from a data set."""
        scope.write(scope.change(LABELS, id, None))
