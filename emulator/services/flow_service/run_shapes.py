"""Replies about runs, and about what exploring finds, as the documents of an edition show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.data_plane.activities import ACTIVITIES, EXPORT
from emulator.json_types import JsonObject
from emulator.web import Call, Reply


def _items(run: JsonObject) -> JsonObject:
    """The on-demand page's list of one, with the reference's members beside it."""
    pair = _pair(run)
    return {**pair, "items": [pair]}


def _pair(run: JsonObject) -> JsonObject:
    return {"id": run["id"], "etag": run["etag"]}


_CREATED: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _pair,
    "id_and_etag": _pair,
    "items": _items,
}


def created(call: Call, run: JsonObject) -> Reply:
    """Return the 201 of a new run."""
    return Reply(201, _CREATED[call.edition.answer("flow_service.created_run")](run))


def replaced(call: Call, run: JsonObject) -> Reply:
    """Return the 200 of a replaced run, with its place."""
    location = f"{call.operation.base_path}/runs/{run['id']}"
    return Reply(200, _pair(run), {"Location": location})


def one(call: Call, run: JsonObject) -> Reply:
    """Return a read of one run: a list of one."""
    return Reply(200, {"items": [shown(call, run)]}, {"ETag": run["etag"]})


def bare(call: Call, run: JsonObject) -> Reply:
    """Return a run itself, which an action answers."""
    return Reply(200, shown(call, run))


def shown(call: Call, run: JsonObject) -> JsonObject:
    """Return a run as reads show it.

    Links to the manifests of its batch lead to this emulator. In the documents of 2020-08
    activities have names for ids.
    """
    named = call.edition.answer("flow_service.run_activities") == "named"
    texts = {activity.id: activity.old_id for activity in ACTIVITIES} if named else {}
    told: JsonObject = _told(run, texts, call.base_url)
    return told


def _told(value: Any, texts: dict[str, str], base_url: str) -> Any:
    if isinstance(value, dict):
        return {name: _told(item, texts, base_url) for name, item in value.items()}
    if isinstance(value, list):
        return [_told(item, texts, base_url) for item in value]
    if isinstance(value, str):
        return base_url + value if value.startswith(EXPORT) else texts.get(value, value)
    return value


def explored(call: Call, found: JsonObject) -> Reply:
    """Return what exploring a connection has found, as the documents of the edition show it."""
    if "objects" in found:
        show = _OBJECTS[call.edition.answer("flow_service.explored_folder")]
        return Reply(200, [show(item) for item in found["objects"]])
    return Reply(200, _FILE[call.edition.answer("flow_service.explored_file")](found["file"]))


def explored_zone(found: JsonObject) -> Reply:
    """Return what exploring the landing zone has found, which one page shows in one form."""
    return Reply(200, found.get("objects", found.get("file")))


def _capable(item: JsonObject) -> JsonObject:
    return item


def _named(item: JsonObject) -> JsonObject:
    return {"type": item["type"].title(), "name": item["name"], "path": item["path"]}


def _schema(file: JsonObject) -> JsonObject:
    return file


def _columns(file: JsonObject) -> list[JsonObject]:
    """Return only the columns; of a hierarchical file the outermost fields."""
    schema = file["schema"]
    fields = schema.get("columns") or [
        {"name": name, **field} for name, field in schema.get("properties", {}).items()
    ]
    return [{"name": field["name"], "type": field["type"].title()} for field in fields]


_OBJECTS: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _capable,
    "capable": _capable,
    "named": _named,
}
_FILE: dict[str, Callable[[JsonObject], Any]] = {
    "": _schema,
    "schema": _schema,
    "columns": _columns,
}
