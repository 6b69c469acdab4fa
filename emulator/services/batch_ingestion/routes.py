"""Views of the Batch Ingestion API."""

from __future__ import annotations

from emulator.byte_ranges import read_content_range
from emulator.hooks import CompletionPolicy
from emulator.services.batch_ingestion import shapes, uploads
from emulator.services.batch_ingestion.input_format import asked_format
from emulator.services.batch_ingestion.service import BatchIngestion
from emulator.services.batch_ingestion.uploads import FileId
from emulator.web import Answer, Call, Reply, operation

MAX_ROWS = 100
"""How many rows a preview has at most."""


@operation("batch_ingestion.create_batch")
def create_batch(service: BatchIngestion, call: Call) -> Reply:
    return Reply(201, shapes.batch(service.create(call.scope, call.body)))


@operation("batch_ingestion.act_on_batch", is_long=True)
def act_on_batch(service: BatchIngestion, call: Call) -> Answer:
    id, action = call.path["batchId"], shapes.action(call)
    if action == "complete":
        policy = service.complete(call.scope, id)
        if policy is not None:
            return lambda: _ended(service, call, policy)
    elif call.find("batch", id)["status"] not in shapes.AFTER[action]:
        acts = {"abort": service.abort, "fail": service.fail, "revert": service.revert}
        acts[action](call.scope, id)
    return shapes.acted(call, call.scope.find("batch", id))


def _ended(service: BatchIngestion, call: Call, policy: CompletionPolicy) -> Reply:
    id = call.path["batchId"]
    before = call.scope.existing("batch", id)
    service.end(call.scope, id, policy)
    return shapes.acted(call, call.scope.find("batch", id) or before)


@operation("batch_ingestion.upload_file")
def upload_file(service: BatchIngestion, call: Call) -> Reply:
    """Take a small file whole."""
    return shapes.uploaded(call, uploads.put(call.scope, _file(call), call.content))


@operation("batch_ingestion.act_on_file")
def act_on_file(service: BatchIngestion, call: Call) -> Reply:
    """Begin or complete a file that comes in ranges."""
    act = uploads.begin if shapes.action(call) == "initialize" else uploads.complete
    act(call.scope, _file(call))
    return shapes.file_acted(call, uploads.find(call.scope, _file(call)))


@operation("batch_ingestion.upload_file_part")
def upload_file_part(service: BatchIngestion, call: Call) -> Reply:
    """Take one range of a large file."""
    span = read_content_range(call.headers["content-range"])
    if span is not None:
        uploads.add(call.scope, _file(call), span, call.content)
    return shapes.file_size(uploads.find(call.scope, _file(call)))


@operation("batch_ingestion.head_file")
def head_file(service: BatchIngestion, call: Call) -> Reply:
    """Tell how much of a file is there."""
    return shapes.file_size(uploads.find(call.scope, _file(call)))


@operation("batch_ingestion.preview_batch", is_long=True)
def preview_batch(service: BatchIngestion, call: Call) -> Reply:
    """Show the columns and first rows of what a batch has so far."""
    from emulator.services.batch_ingestion.rows import preview

    batch, asked = call.find("batch", call.path["batchId"]), asked_format(call.query)
    rows, dataset = shapes.rows_asked(call, MAX_ROWS), call.path["datasetId"]
    names, found = preview(call.scope, batch, dataset, asked, rows)
    return shapes.preview({**batch["inputFormat"], **asked}, names, found)


def _file(call: Call) -> FileId:
    return FileId(call.path["batchId"], call.path["datasetId"], call.path["file"])
