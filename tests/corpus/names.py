"""How pages name what they leave to their reader, and how to find it in a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

NS = "https://ns.adobe.com"

PLACEHOLDERS = {
    "connections": ("{BASE_CONNECTION_ID}", "{CONNECTION_ID}"),
    "sourceConnections": ("{SOURCE_CONNECTION_ID}",),
    "targetConnections": ("{TARGET_CONNECTION_ID}",),
    "flows": ("{FLOW_ID}", "{DATAFLOW_ID}"),
    "mappingSets": ("{MAPPING_ID}", "{MAPPING_SET_ID}"),
    "batches": ("{BATCH_ID}", "{batchId}"),
    "dataSets": ("{DATASET_ID}", "{datasetId}", "{TARGET_DATASET}"),
    "schemas": ("{SCHEMA_ID}", "{schemaAltId}"),
    "fieldgroups": ("{FIELD_GROUP_ID}",),
    "mixins": ("{MIXIN_ID}",),
    "classes": ("{CLASS_ID}",),
    "datatypes": ("{DATA_TYPE_ID}",),
    "descriptors": ("{DESCRIPTOR_ID}",),
}
"""The placeholders that stand for what was last created in a collection."""

WHOLE_SCHEMA = ("{SCHEMA_REF_ID}", "{schemaId}", "{sourceSchema}", "{TARGET_XDM_SCHEMA}")
"""Those that stand for the `$id` of a schema."""

CHOSEN = {
    "{CONNECTION_SPEC_ID}": "4c10e202-c428-4796-9208-5f1f5732b1cf",
    "{FLOW_SPEC_ID}": "9753525b-82c7-4dce-8a9b-5ccfce2b9876",
    "{CONTAINER_ID}": "tenant",
    "{MAJOR_VERSION}": "1",
    "{FILE_PATH}": "/in/a.csv",
    "{BEHAVIOR_ID}": "_xdm.data.record",
    "{UNION_ID}": "_xdm.context.profile__union",
    "{tagNamespace}": "adobe/pqs/table",
}
"""What this reader chooses where a page leaves it to its reader; a row's `values` go first."""

REGISTRY = ("schemas", "fieldgroups", "mixins", "classes", "datatypes")
TENANTS = re.compile(
    r"\{TENANT(?:_ID)?\}|(?<=_)\{ORG_ID\}|(?<=adobe\.com/)\{IMS_ORG\}|\b(?:_?)(?:stardust|extconndev"
    r"|exchangesandbox[a-z]+|aepstreamingservices[a-z]+|adobe_mcdp_connectors_stg)\b"
)
"""How pages call the reader's tenant; several print the one of their author."""

TENANT = "0TENANT0"
"""What stands for it until the emulator's own is filled in."""

REGISTRY_RESOURCE = re.compile(
    rf"(?:https://ns\.adobe\.com/{TENANT}/|_{TENANT}\.)(schemas|classes|mixins|datatypes)[/.]"
    r"([0-9a-z]{20,}|\{SCHEMA_ID\})"
)
DATA_SET = re.compile(
    r'"(?:dataSetId|datasetId)": "([0-9a-z]{24}|\{{1,2}[A-Za-z_]+\}{1,2})"|/dataSets/([0-9a-f]{24})'
)
ADDRESSED = re.compile(
    r"/(connections|sourceConnections|targetConnections|flows|runs|mappingSets|mappings|files"
    r"|[dD]ata[sS]ets|ttl|tags|connectionSpecs|batches|sandboxes|descriptors|views|unions|rpc/\w+"
    r"|(?:schemas|fieldgroups|mixins|classes|datatypes)(?=/\{)|conversion/schemas)/([^/?,]+)"
)
NAMED = re.compile(
    r'"(baseConnectionId|mappingId|flowId|sampleId)": "([^"]+)"|flowId==([0-9a-f-]{36})'
)
LISTED = re.compile(r'"(source|target)ConnectionIds": \["([^"]+)"\]')
FLOW_PARTS = (
    ("mappingId", "/data/foundation/conversion/mappingSets"),
    ("targetConnectionIds", "/data/foundation/flowservice/targetConnections"),
)
PRINTED_ID = re.compile(
    r"[0-9a-f-]{24,40}|[0-9A-Z]{26}|\{{1,2}\w+\}{1,2}|%7B\w+%7D|[A-Z_]+_ID|<\w+>"
)


def own_fields(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the fields that a page maps to or describes, and that it defines nowhere."""
    for row in rows:
        body = row.get("repaired", row.get("body"))
        if not isinstance(body, dict):
            continue
        if "rowExpiration" in json.dumps(body):
            yield "eventType"  # rows of events expire, and no others
        mappings = body.get("mappings") or body.get("mappingSet", {}).get("mappings") or []
        for mapping in mappings:
            path = str(mapping.get("destination") or mapping.get("destinationXdmPath") or "")
            yield own(re.sub(r"\[.*?\]", "[]", path))
        for member in ("xdm:sourceProperty", "xdm:destinationProperty", "sourceProperty"):
            path = str(body.get(member, "")).strip("/").replace("/", ".")
            yield own(path)


def own(text: str) -> str:
    """Return a text with one name for the reader's tenant instead of the page's."""
    return TENANTS.sub(_as_one, text)


def _as_one(match: re.Match[str]) -> str:
    return f"_{TENANT}" if match[0].startswith("_") else TENANT
