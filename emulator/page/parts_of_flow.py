"""The way of a flow: its source, its mapping and its target, its schedule and its runs."""

from __future__ import annotations

from itertools import islice

from emulator.data_plane.delta import transformation
from emulator.data_plane.schedule import read_schedule
from emulator.json_types import JsonObject, as_object
from emulator.page.places import RUN, Place, masked
from emulator.page.shown import Page
from emulator.page.words import day_and_time
from emulator.store import Hint

MAX_MAPPINGS = 200
RUNS = 20
_UNITS = (
    (7 * 24 * 3_600_000, "week"),
    (24 * 3_600_000, "day"),
    (3_600_000, "hour"),
    (60_000, "minute"),
)


def of_flow(page: Page, place: Place, flow: JsonObject) -> JsonObject:
    """Return what a flow is made of, as far as it is there, and what it does when."""
    scope, service = place.scope, page.platform.services.flow_service
    parts = service.parts_of(scope, flow["id"])
    source, target = as_object(parts["source"]), as_object(parts["target"])
    dataset_id = as_object(target.get("params")).get("dataSetId")
    named = as_object(transformation(flow, "Mapping")).get("mappingId")
    mapping_set = scope.find("mapping_set", named) if isinstance(named, str) else None
    mine = Hint(equal=(("flowId", flow["id"]),))
    runs = [stored.body for stored in islice(scope.recent(RUN, hint=mine), RUNS)]
    return {
        "source": _connection(place, source),
        "target": target,
        "dataset": scope.find("dataset", dataset_id) if isinstance(dataset_id, str) else None,
        "mapping_set": mapping_set,
        "mappings": as_object(mapping_set).get("mappings", [])[:MAX_MAPPINGS],
        "schedule": schedule_text(flow.get("scheduleParams")),
        "planned": service.queue.planned(scope, flow["id"]),
        "runs": [run for run in runs if run["flowId"] == flow["id"]],
    }


def _connection(place: Place, source: JsonObject) -> JsonObject:
    """Return a source connection with the names of its base and spec, and what it reads."""
    source = masked(source)
    base_id, spec_id = (
        source.get("baseConnectionId"),
        as_object(source.get("connectionSpec")).get("id"),
    )
    base = place.scope.find("connection", base_id) if isinstance(base_id, str) else None
    spec = place.scope.find("connection_spec", spec_id) if isinstance(spec_id, str) else None
    params = as_object(source.get("params"))
    reads = params.get("path") or params.get("tableName") or params.get("query") or ""
    return {**source, "base": base, "spec": as_object(spec).get("name", ""), "reads": str(reads)}


def of_connection(page: Page, place: Place, body: JsonObject) -> JsonObject:
    """Return the names of what a source or target connection is about."""
    dataset_id = as_object(body.get("params")).get("dataSetId")
    found = place.scope.find("dataset", dataset_id) if isinstance(dataset_id, str) else None
    return {"source": _connection(place, body), "dataset": found}


def of_mapping_set(page: Page, place: Place, body: JsonObject) -> JsonObject:
    """Return the mappings of a set."""
    return {"mappings": body.get("mappings", [])[:MAX_MAPPINGS]}


def schedule_text(params: object) -> str:
    """Return a flow's schedule in words; empty if it has none."""
    schedule = read_schedule(params)
    if schedule is None:
        return ""
    start = f"from {day_and_time(schedule.start)}"
    if schedule.every is None:
        return f"once, {start}"
    length, unit = next(one for one in _UNITS if schedule.every % one[0] == 0)
    number = schedule.every // length
    every = f"every {unit}" if number == 1 else f"every {number} {unit}s"
    return f"{every} {start}{f' to {day_and_time(schedule.end)}' if schedule.end else ''}"
