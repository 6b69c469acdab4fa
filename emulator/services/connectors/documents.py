"""The documents that the Connectors API keeps."""

from __future__ import annotations

from emulator.documents import MOMENT, TEXT, DocumentModel, members
from emulator.services.connectors.encryption_keys import KEY
from emulator.services.connectors.landing_zone import ACCOUNT, REFRESH

DOCUMENTS = (
    DocumentModel(REFRESH, members({"at": MOMENT}, closed=True)),
    DocumentModel(
        ACCOUNT,
        members(
            {"sandbox": {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}},
            closed=True,
        ),
        place="platform",
    ),
    DocumentModel(
        KEY, members({"id": TEXT, "algorithm": {}, "publicKey": TEXT, "expires": MOMENT}), "{id}"
    ),
)
