"""What tests send: the paths of the services, and bodies as the tutorials have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.testing.client import AepClient, valid_headers

ORGANIZATION = "5C1328435BF324E90A49402A@AdobeOrg"
HEADERS = {
    **valid_headers(),
    "x-api-key": "test-client",
    "x-gw-ims-org-id": ORGANIZATION,
}
"""Of another client and organization than those that scenarios and journeys start with."""
FLOW_SERVICE = "/data/foundation/flowservice"
SCHEMA_REGISTRY = "/data/foundation/schemaregistry"
CATALOG = "/data/foundation/catalog"
DATASET_SERVICE = "/data/foundation/dataset"
CONVERSION = "/data/foundation/conversion"
SANDBOX_MANAGEMENT = "/data/foundation/sandbox-management"
CONNECTORS = "/data/foundation/connectors"

BLOB = "4c10e202-c428-4796-9208-5f1f5732b1cf"
ADLS_GEN2 = "b3ba5556-48be-44b7-8b85-ff2b69b46dc4"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
CLOUD_STORAGE_TO_AEP = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"


@dataclass
class World:
    """What a flow is made of, created through the API."""

    base: str
    source: str
    schema: str
    dataset: str
    target: str
    mapping: str


def source_connection(base: str, **changes: Any) -> dict[str, Any]:
    """Return the tutorial's source connection on a base connection, with changes."""
    body: dict[str, Any] = {
        "name": "Delimited files",
        "baseConnectionId": base,
        "data": {"format": "delimited", "columnDelimiter": "\t"},
        "params": {"path": "/leads/*.tsv", "recursive": "true"},
        "connectionSpec": {"id": BLOB, "version": "1.0"},
    }
    return {**body, **changes}


def base_connection(**changes: Any) -> dict[str, Any]:
    """Return a base connection to Azure Blob, with changes."""
    auth = {"specName": "ConnectionString", "params": {"connectionString": "AccountKey=c2VjcmV0"}}
    spec = {"id": BLOB, "version": "1.0"}
    return {"name": "Blob", "auth": auth, "connectionSpec": spec, **changes}


def target_connection(schema: str, dataset: str, **changes: Any) -> dict[str, Any]:
    """Return the tutorial's target connection, with changes."""
    version = "application/vnd.adobe.xed-full+json;version=1.0"
    body: dict[str, Any] = {
        "name": "Data Lake",
        "data": {"schema": {"id": schema, "version": version}},
        "params": {"dataSetId": dataset},
        "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
    }
    return {**body, **changes}


def profile_schema(title: str = "Leads", **changes: Any) -> dict[str, Any]:
    """Return the tutorial's schema of the class XDM Individual Profile, with changes."""
    profile = "https://ns.adobe.com/xdm/context/profile"
    references = [profile, f"{profile}-person-details", f"{profile}-personal-details"]
    return {
        "type": "object",
        "title": title,
        "description": "",
        "allOf": [{"$ref": reference} for reference in references],
        "meta:class": profile,
        **changes,
    }


def dataset(schema: str, **changes: Any) -> dict[str, Any]:
    """Return the tutorial's data set, with changes."""
    content_type = "application/vnd.adobe.xed-full-notext+json; version=1"
    return {
        "name": "Leads",
        "schemaRef": {"id": schema, "contentType": content_type},
        **changes,
    }


def mapping_set(schema: str, **changes: Any) -> dict[str, Any]:
    """Return the newer tutorial's mapping set, with changes."""
    pairs = {"Id": "_id", "FirstName": "person.name.firstName", "LastName": "person.name.lastName"}
    mappings = [
        {"sourceAttribute": source, "destinationXdmPath": destination, "version": 0}
        for source, destination in pairs.items()
    ]
    return {"version": 0, "xdmSchema": schema, "xdmVersion": "1.0", "mappings": mappings, **changes}


def flow(world: World, **changes: Any) -> dict[str, Any]:
    """Return the newer tutorial's flow, with changes."""
    mapping = {"mappingId": world.mapping, "mappingVersion": "0"}
    body: dict[str, Any] = {
        "name": "Leads to the Data Lake",
        "flowSpec": {"id": CLOUD_STORAGE_TO_AEP, "version": "1.0"},
        "sourceConnectionIds": [world.source],
        "targetConnectionIds": [world.target],
        "transformations": [{"name": "Mapping", "params": mapping}],
        "scheduleParams": {"startTime": "1597784298", "frequency": "minute", "interval": "30"},
    }
    return {**body, **changes}


def make_world(aep: AepClient, title: str = "Leads", **of_dataset: Any) -> World:
    """Create everything that a flow needs, the way of the newer tutorial."""
    base = aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    source = aep.ok("POST", f"{FLOW_SERVICE}/sourceConnections", source_connection(base))["id"]
    schema = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema(title))["$id"]
    data = aep.ok("POST", f"{CATALOG}/dataSets", dataset(schema, **of_dataset))[0]
    data = data.removeprefix("@/dataSets/")
    body = target_connection(schema, data)
    target = aep.ok("POST", f"{FLOW_SERVICE}/targetConnections", body)["id"]
    mapping = aep.ok("POST", f"{CONVERSION}/mappingSets", mapping_set(schema))["id"]
    return World(base, source, schema, data, target, mapping)
