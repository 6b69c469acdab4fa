"""A flow run in plain words: what it read, dropped and wrote, and what it would have needed.

For the control API, the command line and the page. It looks at what is kept of the run and of the
rows of its batch; at the source only where the run found nothing at its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from emulator.data_plane.columns import told_columns, told_missing
from emulator.data_plane.delta import transformation
from emulator.data_plane.nearest import nearest_at_source
from emulator.data_plane.row_problems import ON_THEIR_OWN, cause_lines, read_problems
from emulator.json_types import JsonObject, as_object
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.plurals import counted
from emulator.run_needs import needs_of
from emulator.run_summary import batch_of, run_summary, whole
from emulator.scope import Scope
from emulator.services.interfaces import Services


class Explained(NamedTuple):
    """What is known of a run. Whatever has been deleted is empty."""

    run: JsonObject
    summary: JsonObject
    flow: JsonObject
    source: JsonObject
    dataset: JsonObject
    mapping: JsonObject
    batch: JsonObject
    problems: JsonObject


def explain_run(services: Services, scope: Scope, run: JsonObject) -> JsonObject:
    """Return what became of a run.

    Secrets in names and texts are masked.

    Returns:
        `run`, its summary; `read`: the number of files and rows, bytes, the `path` and connection,
        the window in milliseconds, `files`, the first ones with their rows, and `near`, what is
        there where nothing is at the path; `columns`, what
        files and mapping lack of each other, as `ColumnNotes` finds it; `failed` and
        `warned`: how many `rows`, and `causes`, each with `code`, `column`, `rows`, the `mapping`
        that fills the column, and the first rows as `examples`; `written`: batch, its status, data
        set, records, and rows that were `dropped`; `mapping`; `needed`: what would have helped;
        `text`: all this in lines.
    """
    known = _known(services, scope, run)
    answer: JsonObject = {
        "run": known.summary,
        "read": _read(scope, known),
        "columns": known.problems["columns"],
        "failed": _problems(known, "failed"),
        "warned": _problems(known, "warned"),
        "written": _written(known),
        "mapping": {name: known.mapping.get(name) for name in ("id", "version")},
    }
    answer["needed"] = needs_of(answer, known.flow, known.batch)
    answer["text"] = list(_lines(answer))
    masked: JsonObject = Masker(CONNECTIONS).json(answer)
    return masked


def _known(services: Services, scope: Scope, run: JsonObject) -> Explained:
    flow = as_object(scope.read("flow", run["flowId"]))
    parts = services.flow_service.parts_of(scope, run["flowId"]) if flow else {}
    target = as_object(as_object(parts.get("target")).get("params")).get("dataSetId")
    dataset = as_object(scope.find("dataset", target)) if isinstance(target, str) else {}
    id = batch_of(run)
    return Explained(
        run=run,
        summary=run_summary(scope, run),
        flow=flow,
        source=as_object(parts.get("source")),
        dataset={**dataset, "id": target},
        mapping=_mapping(services, scope, flow),
        batch=as_object(scope.read("batch", id)) if id else {},
        problems=read_problems(scope.platform.blobs, scope.sandbox, id),
    )


def _mapping(services: Services, scope: Scope, flow: JsonObject) -> JsonObject:
    """Return the mapping set of a flow in its version; empty where there is none any more."""
    params = transformation(flow, "Mapping") or {}
    id, version = params.get("mappingId"), str(params.get("mappingVersion", ""))
    found = scope.find("mapping_set", id) if isinstance(id, str) else None
    if found is None:
        return {}
    number = int(version) if version.isdecimal() and len(version) < 10 else found["version"]
    try:
        return services.data_prep.version(scope, found["id"], number)
    except LookupError:
        return {}


def _found_no_file(known: Explained) -> bool:
    """Tell whether a run failed before it read a file, or found none that is new."""
    is_of_files = bool(known.source) and not known.batch
    return is_of_files and known.summary["state"] in ("failed", "success")


def _read(scope: Scope, known: Explained) -> JsonObject:
    metrics = as_object(known.run.get("metrics"))
    files, sizes = as_object(metrics.get("fileSummary")), as_object(metrics.get("sizeSummary"))
    window = as_object(as_object(metrics.get("durationSummary")).get("extensions"))
    params = as_object(known.source.get("params"))
    return {
        "connection": known.source.get("baseConnectionId"),
        "sourceConnection": known.source.get("id"),
        "path": params.get("tableName") or params.get("path"),
        "from": whole(window.get("windowStart")),
        "until": whole(window.get("windowEnd")),
        "fileCount": whole(files.get("inputFileCount")),
        "bytes": whole(sizes.get("inputBytes")),
        "rows": known.summary["in"],
        "near": nearest_at_source(scope, known.source) if _found_no_file(known) else "",
        "files": known.problems["files"],
    }


def _written(known: Explained) -> JsonObject:
    return {
        "batch": known.batch.get("id"),
        "status": known.batch.get("status"),
        "dataset": known.dataset["id"],
        "name": known.dataset.get("name"),
        "records": known.summary["out"],
        "dropped": known.summary["failed"],
    }


def _problems(known: Explained, kind: str) -> JsonObject:
    """Return the rows that failed or warn, by cause, each with the mapping of its column."""
    found = known.problems[kind]
    causes = [{**cause, "mapping": _origin(known, cause)} for cause in found["causes"]]
    return {"rows": found["rows"], "causes": causes}


def _origin(known: Explained, cause: JsonObject) -> JsonObject | None:
    """Return the mapping that fills the column of a cause, or what the column lies in."""
    column, found = str(cause["column"]), None
    for mapping in known.mapping.get("mappings") or ():
        destination = str(mapping.get("destination") or "")
        is_meant = column == destination or column.startswith(
            (f"{destination}.", f"{destination}[")
        )
        if not column or not is_meant:
            continue
        if cause["source"] in ("", mapping.get("source")):
            found = {name: mapping.get(name) for name in ("source", "sourceType", "destination")}
    return found


def _lines(answer: JsonObject) -> Iterator[str]:
    run, read, written = answer["run"], answer["read"], answer["written"]
    yield f"Run {run['id']} of flow {run['name']} in {run['sandbox']}: {run['state']}"
    yield ""
    yield f"Read      {_read_text(read)}"
    yield from (
        f"          {file['path']}: {counted(file['rows'], 'row')}" for file in read["files"]
    )
    if more := (read["fileCount"] or 0) - len(read["files"]):
        yield f"          and {more} more"
    yield from (f"Columns   {line}" for line in told_columns(answer["columns"]))
    yield f"Failed    {_failed_text(answer)}"
    yield from _cause_lines(answer["failed"])
    yield f"Warned    {counted(answer['warned']['rows'], 'row')}"
    yield from _cause_lines(answer["warned"])
    yield f"Written   {_written_text(written)}"
    for error in run["errors"]:
        yield f"Says      {error.get('code', '')} {error.get('message', '')}".rstrip()
    if run["remark"]:
        yield f"          {run['remark']}"
    message = run["message"].removesuffix(told_missing(answer["columns"])).rstrip()
    if message and not (answer["failed"]["causes"] or answer["warned"]["causes"]):
        yield f"Says      {message}"
    yield from (f"Needed    {need}" for need in answer["needed"])


def _read_text(read: JsonObject) -> str:
    place = f" from {read['path']}" if read["path"] else ""
    connection = f" of connection {read['connection']}" if read["connection"] else ""
    if not read["fileCount"]:
        return f"nothing{place}{connection}"
    files = counted(read["fileCount"], "file or table", "files or tables")
    rows = counted(read["rows"] or 0, "row")
    return f"{files} with {rows}{place}{connection}"


def _failed_text(answer: JsonObject) -> str:
    """Return how many rows did not land: for what is in them, or since their batch failed."""
    bad = answer["failed"]["rows"]
    failed = max(answer["written"]["dropped"] or 0, bad)
    if failed == bad:
        return counted(failed, "row")
    why = f"{bad} of them {ON_THEIR_OWN}, the others" if bad else "all of them"
    return f"{counted(failed, 'row')}, {why} since the batch failed as a whole"


def _cause_lines(found: JsonObject) -> Iterator[str]:
    for cause in found["causes"]:
        yield from (f"          {line}" for line in cause_lines(cause))


def _written_text(written: JsonObject) -> str:
    records = counted(written["records"] or 0, "record")
    batch = f"batch {written['batch']} ({written['status']})" if written["batch"] else "no batch"
    return f"{records} to data set {written['name'] or written['dataset']}, {batch}"
