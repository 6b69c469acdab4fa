"""Checks of batches and their files: names of several parts, actions, ranges of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.byte_ranges import read_byte_range, read_content_range
from emulator.contract.checks.reason import Reason, shown
from emulator.json_types import Json, JsonObject, at, dumps


def refers_to_joined(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Several places of the request name a resource together.

    Arguments: `kind` finds it by the texts at the pointers `parts`, joined by `between`. With
    `field` and `values` the resource's field is one of these, too.
    """
    resource, key = _joined(arguments, lookup)
    if key is None:
        return
    noun = arguments["kind"].replace("_", " ")
    if resource is None:
        yield Reason(f"there is no {noun} {shown(key)}", values={"id": key})
    elif "field" in arguments and resource.get(arguments["field"]) not in arguments["values"]:
        found = resource.get(arguments["field"])
        yield Reason(f"its {arguments['field']} is {shown(found)}", values={"id": key})


def _joined(arguments: JsonObject, lookup: Any) -> tuple[JsonObject | None, str | None]:
    """Return the resource that several parts name, and their joined text if all are there."""
    parts = [at(lookup.request, pointer) for pointer in arguments["parts"]]
    if not all(isinstance(part, str) for part in parts):
        return None, None
    key = arguments.get("between", "/").join(parts)
    return lookup.find(arguments["kind"], key), key


def starts_from(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A resource is in a state from which an action can start; the value is the query string's.

    Arguments: the action is the text of the first of `names` in the value, in any case; `kind` and
    `key` find the resource; its `status` is in `moves` {action: [states]}.
    """
    action = next((value[name] for name in arguments["names"] if name in value), None)
    key = at(lookup.request, arguments["key"])
    resource = lookup.find(arguments["kind"], key) if isinstance(key, str) else None
    states = arguments["moves"].get(str(action).lower())
    status = (resource or {}).get("status")
    if resource is not None and states is not None and status not in states:
        word = str(action).upper()
        yield Reason(f"it is {status}", values={"id": key, "action": word, "state": status})


def holds_dataset(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value is the id of a data set that the batch at the pointer `batch` is for."""
    key = at(lookup.request, arguments["batch"])
    batch = lookup.find("batch", key) if isinstance(key, str) else None
    if batch is None:
        return
    related = batch.get("relatedObjects") or ()
    if value not in [item.get("id") for item in related if item.get("type") == "dataSet"]:
        yield Reason(f"batch {key} is not for data set {value}", values={"id": key, "value": value})


def content_range(value: Json, arguments: Any, lookup: Any) -> Iterator[Reason]:
    """A header Content-Range names a range within its total, and the body has as many bytes."""
    found = read_content_range(str(value))
    if found is None:
        yield Reason(f"{shown(value)} is not of the form bytes 0-82/164")
        return
    first, last, total = found
    length = lookup.request["content"].get("length", 0)
    if not first <= last < total:
        yield Reason(f"{shown(value)} is no range of {total} bytes")
    elif last - first + 1 != length:
        yield Reason(f"{shown(value)} are {last - first + 1} bytes, but {length} were sent")


def satisfiable_range(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A header Range begins within a file, which `kind`, `parts` and `between` find by its size."""
    resource, _ = _joined(arguments, lookup)
    if resource is None:
        return
    found = read_byte_range(str(value), resource["size"])
    if found and found[0] >= resource["size"]:
        size = resource["size"]
        yield Reason(f"the file has {size} bytes", values={"size": size, "value": value})


def whole_upload(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The ranges of a file cover it once: no holes, no overlaps, one total; it is not empty.

    `kind`, `parts` and `between` find the file, whose `parts` are [first, last, total].
    """
    resource, _ = _joined(arguments, lookup)
    if resource is None or resource.get("state") == "complete":
        return
    parts = resource["parts"]
    totals = sorted({total for _, _, total in parts})
    if len(totals) != 1:
        yield Reason(
            "nothing was sent of it" if not totals else f"its ranges are of {totals} bytes"
        )
        return
    expected = 0
    for first, last, _ in sorted(parts):
        if first != expected:
            fault = "overlap" if first < expected else "leave a hole"
            yield Reason(f"its ranges {fault} at byte {min(first, expected)}")
            return
        expected = last + 1
    if expected != totals[0]:
        yield Reason(f"its ranges end at byte {expected} of {totals[0]}")


def uploads_complete(value: Json, arguments: Any, lookup: Any) -> Iterator[Reason]:
    """The batch that the value names has files (`fault` none), or none begun only (`open`)."""
    found = lookup.find("batch_uploads", value) if isinstance(value, str) else None
    if found is None:
        return
    if arguments["fault"] == "open" and found["open"]:
        names = ", ".join(found["open"][:5])
        yield Reason(f"{names} was begun but not completed", values={"id": value})
    if arguments["fault"] == "none" and not found["count"]:
        yield Reason("it has no file", values={"id": value})


def readable_preview(value: Json, arguments: Any, lookup: Any) -> Iterator[Reason]:
    """What a batch has for a data set can be read in the format that the query names."""
    path = lookup.request["path"]
    names = arguments["names"]
    asked = {name: text for name, text in value.items() if name in names}
    if "format" in asked:
        asked["format"] = asked["format"].lower()
    key = dumps([path.get("batchId"), path.get("datasetId"), asked]).decode()
    found = lookup.find("unreadable_preview", key)
    if found is not None:
        yield Reason(found["reason"], values={"code": found["code"]})
