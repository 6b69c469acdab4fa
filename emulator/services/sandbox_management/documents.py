"""The documents that the Sandbox API keeps, in the organization's own place."""

from __future__ import annotations

from emulator.documents import COUNT, FLAG, MOMENT, TEXT, DocumentModel, members
from emulator.services.sandbox_management.service import ENTRY

DOCUMENTS = (
    DocumentModel(
        ENTRY,
        members(
            {
                "id": TEXT,
                "name": TEXT,
                "title": {},
                "state": TEXT,
                "type": {},
                "region": TEXT,
                "isDefault": FLAG,
                "eTag": COUNT,
                "created": MOMENT,
                "modified": MOMENT,
                "createdBy": TEXT,
                "modifiedBy": TEXT,
            }
        ),
        key="{name}",
        place="organization",
    ),
)
