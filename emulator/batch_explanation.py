"""A batch in plain words: what it was made of, left out, and wrote.

For the control API, the command line and the page; what it says lies beside the batch. A column
that the schema lacks is left out without an error, so this is the place that tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.data_plane.columns import told_columns
from emulator.data_plane.row_problems import cause_lines, read_problems
from emulator.json_types import JsonObject, as_object
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.plurals import counted
from emulator.scope import Scope
from emulator.services.interfaces import dataset_ids

LOADING = "loading"
"""The state of a batch that takes files; it reads them when it is completed."""


def explain_batch(scope: Scope, batch: JsonObject) -> JsonObject:
    """Return what became of a batch.

    Secrets in names and texts are masked.

    Returns:
        `batch`: its `id`, `status`, `dataset` with its `name`, `organization` and `sandbox`, how
        many `records` it wrote and how many rows `failed`, both null until it has ended, and its
        `errors`; `files`, `columns`, `failed` and `warned`, as `read_problems` has them; `needed`:
        what it waits for; `text`: all this in lines.
    """
    problems = read_problems(scope.platform.blobs, scope.sandbox, batch["id"])
    answer: JsonObject = {"batch": _summary(scope, batch), **problems}
    answer["needed"] = _needed(answer["batch"])
    answer["text"] = list(_lines(answer))
    masked: JsonObject = Masker(CONNECTIONS).json(answer)
    return masked


def _summary(scope: Scope, batch: JsonObject) -> JsonObject:
    dataset = next(iter(dataset_ids(batch)), None)
    found = as_object(scope.find("dataset", dataset)) if dataset else {}
    errors = batch.get("errors")
    return {
        "id": batch["id"],
        "status": batch.get("status"),
        "dataset": dataset,
        "name": found.get("name"),
        "organization": scope.organization,
        "sandbox": scope.sandbox.name,
        "records": batch.get("recordCount"),
        "failed": batch.get("failedRecordCount"),
        "errors": [as_object(error) for error in errors] if isinstance(errors, list) else [],
    }


def _needed(batch: JsonObject) -> list[str]:
    if batch["status"] != LOADING:
        return []
    path = f"/data/foundation/import/batches/{batch['id']}?action=COMPLETE"
    return [f"completion, since it still takes files: POST {path}"]


def _lines(answer: JsonObject) -> Iterator[str]:
    batch = answer["batch"]
    yield f"Batch {batch['id']} in {batch['sandbox']}: {batch['status']}"
    yield ""
    yield from (
        f"Read      {file['path']}: {counted(file['rows'], 'row')}" for file in answer["files"]
    )
    yield from (f"Columns   {line}" for line in told_columns(answer["columns"]))
    for name in ("failed", "warned"):
        found = answer[name]
        if found["rows"]:
            yield f"{name.title():10}{counted(found['rows'], 'row')}"
        for cause in found["causes"]:
            yield from (f"          {line}" for line in cause_lines(cause))
    dataset = batch["name"] or batch["dataset"]
    yield f"Written   {counted(batch['records'] or 0, 'record')} to data set {dataset}"
    for error in batch["errors"]:
        yield f"Says      {error.get('code', '')} {error.get('description', '')}".rstrip()
    yield from (f"Needed    {need}" for need in answer["needed"])
