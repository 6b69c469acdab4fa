"""The documents that the Schema Registry keeps."""

from __future__ import annotations

from emulator.documents import (
    MOMENT,
    TEXT,
    TEXTS,
    DocumentModel,
    map_of,
    matching,
    members,
    one_of,
)
from emulator.services.schema_registry.audit_log import LOG
from emulator.services.schema_registry.descriptors import BY_SCHEMA, DESCRIPTORS
from emulator.services.schema_registry.identifiers import TYPES, kind_of
from emulator.services.schema_registry.resources import TITLES
from emulator.services.schema_registry.unions import UNIONS
from emulator.xdm.identity import ROOT

_METADATA = members(
    {
        "repo:createdDate": MOMENT,
        "repo:lastModifiedDate": MOMENT,
        "xdm:createdClientId": TEXT,
        "xdm:lastModifiedClientId": TEXT,
        "xdm:createdUserId": TEXT,
        "xdm:lastModifiedUserId": TEXT,
        "eTag": TEXT,
    },
)
_OF_TENANT = {
    "imsOrg": TEXT,
    "meta:containerId": TEXT,
    "meta:sandboxId": TEXT,
    "meta:sandboxType": TEXT,
    "meta:registryMetadata": _METADATA,
}
_DESCRIPTOR = members({"@id": TEXT, "version": matching(r"\d{1,9}"), **_OF_TENANT})
_UPDATE = members({"id": TEXT, "xdmType": TEXT, "action": TEXT, "path": TEXT})


def _resource(type: str) -> DocumentModel:
    """Return the model of resources of a type. What clients say of fields is open."""
    schema = members(
        {
            "$id": matching(rf"{ROOT}[^/]+/{type}/[^/]+"),
            "meta:altId": TEXT,
            "meta:resourceType": one_of(type),
            "version": matching(r"\d{1,9}\.\d{1,9}"),
            "meta:tenantNamespace": TEXT,
            "meta:extends": TEXTS,
            **_OF_TENANT,
        },
        {"meta:class": TEXT},
    )
    return DocumentModel(kind_of(type), schema, "{$id}")


DOCUMENTS = (
    *(_resource(type) for type in TYPES),
    DocumentModel(DESCRIPTORS, _DESCRIPTOR, "{@id}"),
    DocumentModel(BY_SCHEMA, map_of(_DESCRIPTOR)),
    DocumentModel(TITLES, members({"id": TEXT}, closed=True)),
    DocumentModel(UNIONS, members({"members": TEXTS}, closed=True)),
    DocumentModel(
        LOG,
        members(
            {
                "id": TEXT,
                "updatedUser": TEXT,
                "imsOrg": TEXT,
                "updatedTime": MOMENT,
                "requestId": TEXT,
                "clientId": TEXT,
                "sandBoxId": TEXT,
                "updates": {"type": "array", "items": _UPDATE},
            }
        ),
        "{id}",
    ),
)
