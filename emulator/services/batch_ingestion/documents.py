"""The documents that Batch Ingestion keeps beside Catalog's batches."""

from __future__ import annotations

from emulator.documents import COUNT, TEXT, DocumentModel, members, one_of, or_null
from emulator.services.batch_ingestion.service import POLICY
from emulator.services.batch_ingestion.uploads import UPLOAD

DOCUMENTS = (
    DocumentModel(
        UPLOAD,
        members(
            {
                "batchId": TEXT,
                "datasetId": TEXT,
                "name": TEXT,
                "state": one_of("initialized", "complete"),
            },
            closed=True,
        ),
        key="{batchId}/{datasetId}/{name}",
    ),
    DocumentModel(
        POLICY,
        members(
            {
                "polls": or_null(COUNT),
                "code": TEXT,
                "description": TEXT,
                "held_by": TEXT,
                "seen": COUNT,
            },
            closed=True,
        ),
    ),
)
