"""Replies of the Batch Ingestion API as its documents and captures show them."""

from __future__ import annotations

from emulator.filters.numbers import whole_number
from emulator.json_types import Json, JsonObject, dumps
from emulator.web import Call, Reply

AFTER = {
    "abort": ("aborted",),
    "fail": ("failed", "failure"),
    "revert": ("inactive", "deleted"),
}
"""The states in which an action has already had its effect."""

_MEMBERS = (
    "id imsOrg updated status created version relatedObjects tags createdUser updatedUser"
    " externalId createdClient inputFormat replay"
).split()
"""What the answer to a creation shows of a batch, in its order: a capture of 2025."""

_DEFAULTS = {"delimiter": ",", "quote": '"', "escape": "\\", "charset": "UTF-8", "header": "true"}


def batch(batch: JsonObject) -> JsonObject:
    """Return a batch as this API shows it."""
    return {name: batch[name] for name in _MEMBERS if name in batch}


def action(call: Call) -> str:
    """Return what is to be done: guides write `action` and `actions`, in either case."""
    return str(call.query.get("action", call.query.get("actions"))).lower()


def acted(call: Call, found: JsonObject | None) -> Reply:
    """Return the answer to an action on a batch: nothing, or the batch in the OpenAPI document."""
    if found and call.edition.answer("batch_ingestion.acted") == "batch":
        return Reply(200, batch(found))
    return Reply(200, b"")


def uploaded(call: Call, is_new: bool) -> Reply:
    """Return the answer to a whole file: 200, or 201 for a new one in the OpenAPI document."""
    tells_new = call.edition.answer("batch_ingestion.uploaded") == "created_or_replaced"
    return Reply(201 if is_new and tells_new else 200, b"")


def file_acted(call: Call, found: JsonObject | None) -> Reply:
    """Return the answer to an action on a file: 201, or 200 with it in the OpenAPI document."""
    if found and call.edition.answer("batch_ingestion.file_acted") == "file":
        return Reply(200, {"name": found["name"], "sizeInBytes": found["size"]})
    return Reply(201, b"")


def file_size(found: JsonObject | None) -> Reply:
    """Return how much of a file is there, from its beginning on, in the header Range."""
    size = found["size"] if found else 0
    return Reply(200, b"", {"Range": f"bytes 0-{size - 1}"} if size else {})


def rows_asked(call: Call, max_rows: int) -> int:
    """Return how many rows a preview shows; without a number, or with 0, as many as it may."""
    return min(whole_number(call.query.get("nrow"), 0) or max_rows, max_rows)


def preview(format: JsonObject, names: list[str], rows: list[JsonObject]) -> Reply:
    """Return a preview: columns by number, and rows by these numbers."""
    parameters = {name: _text(format.get(name, usual)) for name, usual in _DEFAULTS.items()}
    paths = _paths(names, rows)
    columns = [{"cid": str(number), "name": "/".join(path)} for number, path in enumerate(paths)]
    body = {
        "formatParams": {**parameters, "format": format["format"]},
        "preview": {"columns": columns, "rows": [_numbered(row, paths) for row in rows]},
    }
    return Reply(200, body)


def _numbered(row: JsonObject, paths: list[tuple[str, ...]]) -> JsonObject:
    """Return the values of a row by the numbers of their columns, as texts."""
    values = ((str(number), _at(row, path)) for number, path in enumerate(paths))
    return {number: _text(value) for number, value in values if value is not None}


def _paths(names: list[str], rows: list[JsonObject]) -> list[tuple[str, ...]]:
    """Return the columns of rows as paths: fields of objects are columns of their own."""
    found: dict[tuple[str, ...], None] = dict.fromkeys((name,) for name in names)
    for row in rows:
        found |= dict.fromkeys(_leaves(row, ()))
    inner = {path[:length] for path in found for length in range(1, len(path))}
    return [path for path in found if path not in inner]


def _leaves(value: Json, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        return [path]
    return [leaf for name, child in value.items() for leaf in _leaves(child, (*path, name))]


def _at(row: Json, path: tuple[str, ...]) -> Json:
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    return dumps(value).decode()
