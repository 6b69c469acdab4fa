"""What rules ask of Batch Ingestion."""

from __future__ import annotations

from emulator.data_plane.errors import FileError
from emulator.facts import fact
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.services.batch_ingestion import uploads
from emulator.services.batch_ingestion.input_format import asked_format
from emulator.services.batch_ingestion.service import BatchIngestion, is_of_files
from emulator.services.batch_ingestion.uploads import FileId
from emulator.services.interfaces import dataset_ids


@fact()
def takes_files(service: BatchIngestion, scope: Scope, batch_id: str) -> bool:
    """Tell whether a batch has a data set and an input format, so that files can go into it."""
    return is_of_files(scope.find("batch", batch_id) or {})


@fact()
def dataset_fault(
    service: BatchIngestion, scope: Scope, batch_id: str, dataset_id: str
) -> JsonObject | None:
    """Return why a batch takes no files of a data set: it is for another one."""
    batch = scope.find("batch", batch_id)
    if batch is None or dataset_id in dataset_ids(batch):
        return None
    values = {"id": batch_id, "value": dataset_id}
    return {"reason": f"batch {batch_id} is not for data set {dataset_id}", "values": values}


@fact()
def known_predecessor(service: BatchIngestion, scope: Scope, id: str) -> bool:
    """Tell whether a batch that is to be replaced exists; clients may write `$` before its id."""
    return scope.find("batch", id.removeprefix("$")) is not None


@fact()
def begun_upload(
    service: BatchIngestion, scope: Scope, batch_id: str, dataset_id: str, name: str
) -> bool:
    """Tell whether a file has been uploaded to a batch, or begun."""
    return uploads.find(scope, FileId(batch_id, dataset_id, name)) is not None


@fact()
def open_upload(
    service: BatchIngestion, scope: Scope, batch_id: str, dataset_id: str, name: str
) -> bool:
    """Tell whether a file has been begun and takes further ranges."""
    file = uploads.find(scope, FileId(batch_id, dataset_id, name))
    return file is not None and file["state"] == "initialized"


@fact()
def uploaded_ranges(
    service: BatchIngestion, scope: Scope, batch_id: str, dataset_id: str, name: str
) -> list[Json] | None:
    """Return the ranges [first, last, total] of an open file; None if there is none."""
    file = uploads.find(scope, FileId(batch_id, dataset_id, name))
    return file["parts"] if file and file["state"] != "complete" else None


@fact()
def open_upload_fault(service: BatchIngestion, scope: Scope, batch_id: str) -> JsonObject | None:
    """Return why a loading batch cannot be completed yet: which files are still open."""
    if not _is_loading(scope, batch_id):
        return None
    files = uploads.of_batch(scope, batch_id)
    names = ", ".join([file["name"] for file in files if file["state"] != "complete"][:5])
    values = {"id": batch_id}
    return {"reason": f"{names} was begun but not completed", "values": values} if names else None


@fact()
def has_upload(service: BatchIngestion, scope: Scope, batch_id: str) -> bool:
    """Tell whether a batch has a file, or is not loading any more."""
    return bool(uploads.of_batch(scope, batch_id)) or not _is_loading(scope, batch_id)


@fact()
def preview_fault(
    service: BatchIngestion, scope: Scope, batch_id: str, dataset_id: str, query: JsonObject
) -> JsonObject | None:
    """Return why the files of a batch cannot be previewed in the format that a query names."""
    from emulator.data_plane.readers import FORMATS
    from emulator.services.batch_ingestion.rows import PREVIEW_ROWS, preview

    batch, asked = scope.find("batch", batch_id), asked_format(query)
    if batch is None or asked.get("format", "json") not in FORMATS:
        return None
    try:
        preview(scope, batch, dataset_id, asked, PREVIEW_ROWS)
    except FileError as error:
        return {"reason": str(error)}
    return None


def _is_loading(scope: Scope, batch_id: str) -> bool:
    return (scope.find("batch", batch_id) or {}).get("status") == "loading"
