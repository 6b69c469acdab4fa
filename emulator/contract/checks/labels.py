"""Checks of usage labels of data sets and their fields."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import pointed
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, as_object, short_json
from emulator.xdm.identity import identity


def field_labels_are_known(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Each item of a list has no label that the field does not have already.

    Arguments: `kind` and `key` find the labels of the data set; a field is named by the schema and
    the path of an item's `option`.
    """
    key = pointed(arguments["key"], value, lookup)
    found = (lookup.find(arguments["kind"], key) if isinstance(key, str) else None) or {}
    known = {_field(item): item["labels"] for item in found.get("optionalLabels", [])}
    for index, item in enumerate(value if isinstance(value, list) else []):
        labels, field = as_object(item).get("labels"), _field(item)
        for label in labels if isinstance(labels, list) else []:
            if label not in known.get(field, []):
                words = f"{field[1]} has no label {short_json(label)}"
                yield Reason(words, at=f"/{index}/labels", values={"id": key})


def _field(item: Json) -> tuple[str, str]:
    option = as_object(as_object(item).get("option"))
    return str(identity(option.get("id"))), str(option.get("schemaPath"))
