"""The rows of what was uploaded to a batch: ingested when it ends, or shown in a preview.

Apart from the service because it brings the data plane, which most callers never need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emulator.data_plane.columns import ColumnNotes
from emulator.data_plane.ingest import Ingested, percent_of, read_in, schema_of
from emulator.data_plane.input_rows import UNREADABLE, Input, InputRow, Place
from emulator.data_plane.readers import column_names, nested_rows, nesting, read_rows
from emulator.data_plane.rows import Row, first_rows
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.services.batch_ingestion import uploads
from emulator.services.batch_ingestion.input_format import read_options
from emulator.services.interfaces import Batches, dataset_ids

PREVIEW_ROWS = 100
"""How many rows a preview has at most."""


def read_files(scope: Scope, batches: Batches, batch: JsonObject) -> Ingested:
    """Read the rows of a batch's files, so that they can land."""
    # A data set that has been deleted meanwhile has nothing but its id.
    dataset_id = dataset_ids(batch)[0]
    dataset = scope.find("dataset", dataset_id) or {"id": dataset_id}
    files = uploads.complete_files(scope, batch["id"])
    schema = schema_of(scope, dataset)
    fields = schema.get("properties") or {}
    notes = ColumnNotes.of_schema(schema, nest=nesting(fields))
    rows = _rows(scope, batch, fields, files, notes)
    names, size = [file["name"] for file in files], sum(file["size"] for file in files)
    tags = batch["tags"]
    return read_in(
        scope,
        batches,
        dataset,
        batch["id"],
        Input(rows, names, size, notes.found),
        percent=percent_of(_first(tags.get("acp_partialIngestionPercent"))),
        diagnostics=_first(tags.get("acp_enableErrorDiagnostics")).lower() == "true"
        or dataset.get("enableErrorDiagnostics") is True,
    )


def _rows(
    scope: Scope,
    batch: JsonObject,
    fields: JsonObject,
    files: Iterable[JsonObject],
    notes: ColumnNotes,
) -> Iterator[InputRow]:
    format = batch["inputFormat"]
    kind = format["format"]
    options = read_options(format, tuple(fields))
    for file in files:
        read: Iterable[Row] = read_rows(uploads.content(scope, file), kind, options)
        rows = notes.noted(file["name"], read)
        if kind == "csv":
            rows = nested_rows(rows, fields)
        for row in rows:
            errors = UNREADABLE if row.corrupt else ()
            yield InputRow(row.value, file["name"], errors, Place(row.number), row.corrupt)


def preview(
    scope: Scope, batch: JsonObject, dataset_id: str, asked: JsonObject, rows: int
) -> tuple[list[str], list[JsonObject]]:
    """Return the columns and first rows of what a batch has for a data set.

    Args:
        scope: Where the batch is.
        batch: The batch.
        dataset_id: The data set.
        asked: What the request says instead of the batch's own input format.
        rows: How many rows at most.

    Raises:
        FileError: The first file cannot be read.
    """
    format = {**batch.get("inputFormat", {}), **asked}
    options = read_options(format)
    names: dict[str, None] = {}
    found: list[JsonObject] = []
    for file in uploads.complete_files(scope, batch["id"]):
        if file["datasetId"] == dataset_id:
            content, left = uploads.content(scope, file), rows - len(found)
            names |= dict.fromkeys(column_names(content, format["format"], options))
            content.seek(0)
            found += first_rows(read_rows(content, format["format"], options), left)
    return list(names), found


def _first(values: Json) -> str:
    """Return the first value of a tag as text; samples show single values without their array."""
    value = values[0] if isinstance(values, list) and values else values
    return "" if value is None else str(value)
