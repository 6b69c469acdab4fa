"""Views of the Data Access API."""

from __future__ import annotations

from emulator.byte_ranges import read_byte_range
from emulator.services.data_access import shapes
from emulator.services.data_access.service import DataAccess
from emulator.web import Call, Reply, operation


@operation("data_access.list_batch_files")
def list_batch_files(service: DataAccess, call: Call) -> Reply:
    files = service.files(call.scope, call.path["batchId"])
    return shapes.page(call, [shapes.dataset_file(call, file) for file in files])


@operation("data_access.get_batch_failed")
def get_batch_failed(service: DataAccess, call: Call) -> Reply:
    """List the files of a batch's refused rows, or read one."""
    return _below(service, call, "failed")


@operation("data_access.get_batch_meta")
def get_batch_meta(service: DataAccess, call: Call) -> Reply:
    """List a batch's diagnostic files, or read one."""
    return _below(service, call, "meta")


@operation("data_access.get_file")
def get_file(service: DataAccess, call: Call) -> Reply:
    """List the parts of a data set file, or read one whole or in a range."""
    id, name = call.path["dataSetFileId"], call.query.get("path")
    if name is None:
        parts = service.parts(call.scope, id)
        return shapes.page(call, [shapes.entry(call, f"files/{id}", part) for part in parts])
    size = service.part_size(call.scope, id, name) or 0
    span = read_byte_range(call.headers.get("range", ""), size)
    first, length = (span.first, span.last - span.first + 1) if span else (0, None)
    return shapes.bytes_of(name, service.part(call.scope, id, name, first, length), span, size)


@operation("data_access.head_file")
def head_file(service: DataAccess, call: Call) -> Reply:
    """Tell the size and media type of a part of a data set file."""
    id, name = call.path["dataSetFileId"], call.query["path"]
    return shapes.description(name, service.part_size(call.scope, id, name) or 0)


@operation("data_access.preview_dataset", is_long=True)
def preview_dataset(service: DataAccess, call: Call) -> Reply:
    return Reply(200, {"data": service.preview(call.scope, call.path["datasetId"])})


def _below(service: DataAccess, call: Call, folder: str) -> Reply:
    """Read a file of a batch's folder, or list what is there."""
    id, path = call.path["batchId"], call.query.get("path", "")
    content = service.content(call.scope, id, folder, path) if path else None
    if content is not None:
        return shapes.bytes_of(path, content)
    found = service.entries(call.scope, id, folder, path)
    place = f"batches/{id}/{folder}"
    return shapes.page(call, [shapes.entry(call, place, item, path) for item in found])
