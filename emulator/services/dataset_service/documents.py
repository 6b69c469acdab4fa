"""The documents that the Dataset Service keeps."""

from __future__ import annotations

from emulator.documents import OBJECTS, TEXT, DocumentModel, members
from emulator.services.dataset_service.service import LABELS

DOCUMENTS = (
    DocumentModel(
        LABELS,
        members(
            {"id": TEXT, "labels": {}, "optionalLabels": {}, "etag": TEXT}, {"parents": OBJECTS}
        ),
        key="{id}",
    ),
)
