"""The documents that Catalog keeps."""

from __future__ import annotations

from emulator.documents import (
    COUNT,
    FLAG,
    MOMENT,
    OBJECT,
    TEXT,
    DocumentModel,
    list_of,
    map_of,
    matching,
    members,
)
from emulator.services.catalog.batches import BATCH, EXTERNAL_ID
from emulator.services.catalog.dataset_files import FILE
from emulator.services.catalog.datasets import DATASET, TABLE

VERSION = matching(r"\d{1,9}\.\d{1,9}\.\d{1,9}")

_OF_ALL = {
    "id": TEXT,
    "imsOrg": TEXT,
    "created": MOMENT,
    "updated": MOMENT,
    "createdClient": TEXT,
    "createdUser": TEXT,
    "updatedUser": TEXT,
    "version": VERSION,
}
_RELATED = list_of(members({"id": TEXT}, {"type": TEXT}))

DOCUMENTS = (
    DocumentModel(
        DATASET,
        members(
            {
                **_OF_ALL,
                "sandboxId": TEXT,
                "viewId": TEXT,
                "tags": map_of({}),
                "fileDescription": {},
            },
            dict.fromkeys(
                ("lastBatchId", "lastBatchStatus", "lastSuccessfulBatch", "lastFailedBatch"), TEXT
            ),
        ),
        key="{id}",
    ),
    DocumentModel(TABLE, members({"id": TEXT}, closed=True)),
    DocumentModel(
        BATCH,
        members(
            {
                **_OF_ALL,
                "sandboxId": TEXT,
                "status": TEXT,
                "externalId": TEXT,
                "relatedObjects": _RELATED,
                "tags": OBJECT,
            },
            {
                "availableDates": OBJECT,
                "recordCount": COUNT,
                "failedRecordCount": COUNT,
                "size": COUNT,
            },
        ),
        key="{id}",
    ),
    DocumentModel(EXTERNAL_ID, members({"id": TEXT}, closed=True)),
    DocumentModel(
        FILE,
        members(
            {
                **_OF_ALL,
                "batchId": TEXT,
                "dataSetId": TEXT,
                "dataSetViewId": TEXT,
                "isValid": FLAG,
                "records": COUNT,
                "size": COUNT,
            }
        ),
        key="{id}",
    ),
)
