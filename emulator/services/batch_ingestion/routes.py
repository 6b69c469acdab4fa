"""Views of the Batch Ingestion API."""

from __future__ import annotations

from emulator.byte_ranges import read_content_range
from emulator.services.batch_ingestion import shapes
from emulator.services.batch_ingestion.input_format import asked_format
from emulator.services.batch_ingestion.service import BatchIngestion
from emulator.services.batch_ingestion.uploads import file_key
from emulator.web import Call, Reply, operation

MAX_ROWS = 100


@operation("batch_ingestion.create_batch")
def create_batch(service: BatchIngestion, call: Call) -> Reply:
    """Open a batch."""
    return Reply(201, shapes.batch(service.create(call.sandbox, call.client, call.body)))


@operation("batch_ingestion.act_on_batch")
def act_on_batch(service: BatchIngestion, call: Call) -> Reply:
    """Complete, abort, fail or revert a batch."""
    id = call.path["batchId"]
    action = shapes.action(call)
    if action == "complete":
        service.complete(call.scope, id)
    elif call.find("batch", id)["status"] not in shapes.AFTER[action]:
        {"abort": service.abort, "fail": service.fail, "revert": service.revert}[action](
            call.sandbox, id
        )
    return shapes.acted(call, service.services.catalog.batches.get(call.sandbox, id))


@operation("batch_ingestion.upload_file")
def upload_file(service: BatchIngestion, call: Call) -> Reply:
    """Take a small file whole."""
    is_new = service.uploads.put(call.sandbox, shapes.file(call), call.content)
    return shapes.uploaded(call, is_new)


@operation("batch_ingestion.act_on_file")
def act_on_file(service: BatchIngestion, call: Call) -> Reply:
    """Begin or complete a file that comes in ranges."""
    uploads, file = service.uploads, shapes.file(call)
    act = uploads.begin if shapes.action(call) == "initialize" else uploads.complete
    act(call.sandbox, file)
    return shapes.file_acted(call, uploads.find(call.sandbox, file_key(file)))


@operation("batch_ingestion.upload_file_part")
def upload_file_part(service: BatchIngestion, call: Call) -> Reply:
    """Take one range of a large file."""
    uploads, file = service.uploads, shapes.file(call)
    span = read_content_range(call.headers["content-range"])
    if span is not None:
        uploads.add(call.sandbox, file, span, call.content)
    return shapes.file_told(uploads.find(call.sandbox, file_key(file)))


@operation("batch_ingestion.head_file")
def head_file(service: BatchIngestion, call: Call) -> Reply:
    """Tell how much of a file is there."""
    return shapes.file_told(service.uploads.find(call.sandbox, file_key(shapes.file(call))))


@operation("batch_ingestion.preview_batch")
def preview_batch(service: BatchIngestion, call: Call) -> Reply:
    """Show the columns and first rows of what a batch has so far."""
    batch, asked = call.find("batch", call.path["batchId"]), asked_format(call.query)
    rows = shapes.rows_asked(call, MAX_ROWS)
    names, found = service.preview(call.scope, batch, call.path["datasetId"], asked, rows)
    return shapes.preview({**batch["inputFormat"], **asked}, names, found)
