"""The documents that Data Prep keeps."""

from __future__ import annotations

from emulator.documents import (
    ANY,
    COUNT,
    FLAG,
    MOMENT,
    OBJECT,
    TEXT,
    DocumentModel,
    list_of,
    members,
)
from emulator.services.data_prep.schemas_and_samples import SAMPLE
from emulator.services.data_prep.schemas_and_samples import SCHEMA as MAPPER_SCHEMA
from emulator.services.data_prep.service import MAPPING_SET, VERSION

_HEAD = {
    "id": TEXT,
    "version": COUNT,
    "createdDate": MOMENT,
    "modifiedDate": MOMENT,
    "createdBy": TEXT,
    "modifiedBy": TEXT,
}
_REF = members({"id": {}, "contentType": {}})
_MAPPING_SET = members(
    {
        **_HEAD,
        "firstVersion": COUNT,
        "status": TEXT,
        "outputSchema": members({"id": TEXT, "version": COUNT, "schemaRef": _REF}),
        "mappings": list_of(members({**_HEAD, "sourceType": ANY})),
        "strictMapping": FLAG,
        "allowNullValues": FLAG,
        "supportVersion": TEXT,
        "xdmVersion": {},
        "schemaRef": _REF,
        "xdmSchema": {},
    },
    {"inputSchema": OBJECT},
)

DOCUMENTS = (
    DocumentModel(MAPPING_SET, _MAPPING_SET, "{id}"),
    DocumentModel(VERSION, _MAPPING_SET, "{id} {version}"),
    DocumentModel(
        MAPPER_SCHEMA,
        members({**_HEAD, "jsonSchema": OBJECT}, {"schemaRef": _REF}),
        "{id}",
    ),
    DocumentModel(SAMPLE, members({**_HEAD, "sampleData": {}, "sampleType": TEXT}), "{id}"),
)
