"""What a page takes for granted, made with the emulator's own API before a request needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from emulator.testing.client import AepClient, Response
from tests.corpus.samples import FILES, ROWS, nested, sample

FLOW_SERVICE = "/data/foundation/flowservice"
SCHEMA_REGISTRY = "/data/foundation/schemaregistry"
CATALOG = "/data/foundation/catalog"
IMPORT = "/data/foundation/import/batches"
EXPORT = "/data/foundation/export"
CONVERSION = "/data/foundation/conversion"
MAPPING_SETS = f"{CONVERSION}/mappingSets"
FULL = "application/vnd.adobe.xed-full+json;version=1"

BLOB = "4c10e202-c428-4796-9208-5f1f5732b1cf"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
STREAMING = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
PROFILES = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"
S3_DESTINATION = "4fce964d-3f37-408f-9778-e597338a21ee"
CLOUD_STORAGE_FLOW = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"
ACTIVATION_FLOW = "71471eba-b620-49e4-90fd-23f1fa0174d8"

PROFILE = "https://ns.adobe.com/xdm/context/profile"
GROUPS = ("-person-details", "-personal-details", "-work-details")
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
LEVELS = {"platinum": "Platinum", "gold": "Gold", "silver": "Silver", "bronze": "Bronze"}

BODIES: dict[str, dict[str, Any]] = {
    "classes": {"allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}]},
    "mixins": {"meta:intendedToExtend": [PROFILE]},
    "fieldgroups": {"meta:intendedToExtend": [PROFILE]},
    "datatypes": {
        "properties": {
            "expansionArea": {"type": "integer"},
            "loyaltyLevel": {"type": "string", "meta:enum": LEVELS},
        }
    },
}
"""What is made for a resource of the registry other than a schema."""


@dataclass
class Preparation:
    """Makes resources; each method returns an id, or an empty text where the emulator refuses."""

    client: AepClient
    fields: frozenset[str] = frozenset()
    """Paths of fields that the page names: schemas are made with them."""
    wait: Callable[[float], object] = field(default=lambda _: None)
    """Lets seconds pass on the emulator's clock."""
    _made: int = 0

    # Schema Registry

    @property
    def tenant(self) -> str:
        """The tenant's name, without its underscore."""
        stats: Any = self.client.ok("GET", f"{SCHEMA_REGISTRY}/stats")
        return str(stats["tenantId"])

    def resource(self, collection: str, title: str) -> dict[str, Any]:
        """Make a resource of the registry and return it as the registry does."""
        if collection == "schemas":
            body = self._schema_body()
        else:
            body = {"type": "object", "description": "Made for a page.", **BODIES[collection]}
        self._made += 1
        body["title"] = f"Made {self._made} for {title}"
        created: Any = self.client.ok("POST", f"{SCHEMA_REGISTRY}/tenant/{collection}", body)
        assert isinstance(created, dict)
        return created

    def _schema_body(self) -> dict[str, Any]:
        parts = [{"$ref": f"{PROFILE}{part}"} for part in ("", *GROUPS)]
        roots = {path.partition(".")[0] for path in self.fields}
        if "eventType" in roots and "person" not in roots:
            parts = [{"$ref": EVENT}]
        if group := self._field_group():
            parts.append({"$ref": group})
        return {"type": "object", "allOf": parts}

    def _field_group(self) -> str:
        own = sorted(path for path in self.fields if path.startswith("_") and "." in path)
        if not own:
            return ""
        definitions = {"own": {"type": "object", "properties": nested(own)}}
        body = {
            "title": f"Made fields {self._made}",
            "type": "object",
            "meta:intendedToExtend": [PROFILE, EVENT],
            "definitions": definitions,
            "allOf": [{"$ref": "#/definitions/own"}],
        }
        made = self.client.call("POST", f"{SCHEMA_REGISTRY}/tenant/fieldgroups", body)
        return str(first(made)["$id"]) if made.status < 300 else ""

    def schema(self, title: str) -> str:
        """Make a schema and return its `$id`."""
        return str(self.resource("schemas", title)["$id"])

    @cached_property
    def usual_schema(self) -> str:
        """The `$id` of the schema of everything that is made without a schema of the page's."""
        return self.schema("the page")

    def descriptor(self) -> str:
        """Make the descriptor of a primary identity."""
        body = {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": self.schema("a descriptor"),
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/personalEmail/address",
            "xdm:namespace": "Email",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        }
        return self._created(f"{SCHEMA_REGISTRY}/tenant/descriptors", body)

    def union(self) -> str:
        """Make a schema of profiles part of their union, whose id is that of its class."""
        self.descriptor()
        schemas: Any = self.client.ok(
            "GET",
            f"{SCHEMA_REGISTRY}/tenant/schemas",
            headers={"Accept": "application/vnd.adobe.xed-id+json"},
        )
        patch = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
        for each in schemas["results"]:
            path = f"{SCHEMA_REGISTRY}/tenant/schemas/{each['meta:altId']}"
            self.client.call("PATCH", path, patch)
        return ""

    # Catalog, batches and files

    def data_set(self, schema: str = "") -> str:
        """Make a data set of a schema, by default of a new one."""
        reference = {"id": schema or self.usual_schema, "contentType": FULL}
        return self._created(f"{CATALOG}/dataSets", {"name": "Made", "schemaRef": reference})

    def view(self, data_set: str) -> str:
        """Return the id of a data set's view."""
        found: Any = self.client.ok("GET", f"{CATALOG}/dataSets/{data_set}")
        return str(found[data_set].get("viewId", ""))

    def batch(self, data_set: str, *, is_complete: bool) -> str:
        """Make a batch of JSON rows, one of them bad, that is open or has been ingested."""
        body = {
            "datasetId": data_set,
            "inputFormat": {"format": "json", "isMultiLineJson": False},
            "enableErrorDiagnostics": True,
            "partialIngestionPercentage": 80,
        }
        made = self._created(IMPORT, body)
        if is_complete and made:
            path = f"{IMPORT}/{made}/datasets/{data_set}/files/rows.json"
            headers = {**self.client.headers, "Content-Type": "application/octet-stream"}
            self.client.exchange("PUT", path, headers, ROWS)
            self.client.call("POST", f"{IMPORT}/{made}?action=COMPLETE")
            self.wait(3600)
        return made

    def data_file(self) -> tuple[str, str]:
        """Make a data set with a file, and return the file's id and its name."""
        batch = self.batch(self.data_set(), is_complete=True)
        listed: Any = self.client.ok("GET", f"{EXPORT}/batches/{batch}/files")
        file_id = str(listed["data"][0]["dataSetFileId"])
        parts: Any = self.client.ok("GET", f"{EXPORT}/files/{file_id}")
        return file_id, str(parts["data"][0]["name"])

    def first_name(self, path: str) -> str:
        """Return the name of the first file that the Data Access API lists at a path."""
        listed = self.client.call("GET", f"{EXPORT}/{path}")
        content: Any = listed.json if listed.status < 300 and listed.content else {}
        names = [str(each["name"]) for each in content.get("data", []) if "name" in each]
        return names[0] if names else ""

    def labels(self, data_set: str) -> None:
        """Label a data set."""
        path = f"/data/foundation/dataset/datasets/{data_set}/labels"
        self.client.call("POST", path, {"labels": ["C1"], "optionalLabels": []})

    def sandbox(self, name: str) -> str:
        """Make a sandbox with a name, or for a placeholder, and wait until it is active."""
        self._made += 1
        name = f"made-{self._made}" if name.startswith("{") else name
        body = {"name": name, "title": f"Made {name}", "type": "development"}
        made = self.client.call("POST", "/data/foundation/sandbox-management/sandboxes", body)
        self.wait(3600)
        return name if made.status < 300 else ""

    # Flow Service

    def connection(self, spec: str = BLOB) -> str:
        """Make a base connection with whatever its first auth spec asks for."""
        found = self.client.call("GET", f"{FLOW_SERVICE}/connectionSpecs/{spec}")
        if found.status >= 300:
            return ""
        body: dict[str, Any] = {"name": "Made", "connectionSpec": {"id": spec, "version": "1.0"}}
        ways = first(found).get("authSpec") or []
        if ways:
            shapes = ways[0]["spec"].get("properties", {})
            params = {name: sample(shape) for name, shape in shapes.items()}
            body["auth"] = {"specName": ways[0]["name"], "params": params}
        return self._created(f"{FLOW_SERVICE}/connections", body)

    def table(self, connection: str, name: str) -> None:
        """Store a small table where a connection finds it."""
        path = f"/_emulator/files/{connection}/{quote(name)}.csv"
        self.client.exchange("PUT", path, self.client.headers, FILES[".csv"])

    def file(self, connection: str, path: str) -> None:
        """Store a small file where a connection finds it."""
        content = ROWS if path.endswith(".json") else FILES[".csv"]
        target = f"/_emulator/files/{connection}/{quote(path.lstrip('/'))}"
        self.client.exchange("PUT", target, self.client.headers, content)

    def source_connection(self, spec: str = BLOB) -> str:
        """Make a source connection of a connection spec."""
        body: dict[str, Any] = {
            "name": "Made source",
            "baseConnectionId": self.connection(spec),
            "connectionSpec": {"id": spec, "version": "1.0"},
        }
        if spec == BLOB:
            params = {"path": "/in/a.csv", "type": "file"}
            body |= {"data": {"format": "delimited"}, "params": params}
        elif spec == PROFILES:
            body |= {"data": {"format": "json"}, "params": {}}
        elif spec != STREAMING:
            body |= {"data": {"format": "tabular"}, "params": {"tableName": "Accounts"}}
        return self._created(f"{FLOW_SERVICE}/sourceConnections", body)

    def target_connection(self, schema: str = "", data_set: str = "") -> str:
        """Make a target connection to a data set of the data lake."""
        schema = schema or self.usual_schema
        body = {
            "name": "Made target",
            "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
            "data": {"format": "parquet_xdm", "schema": {"id": schema, "version": FULL}},
            "params": {"dataSetId": data_set or self.data_set(schema)},
        }
        return self._created(f"{FLOW_SERVICE}/targetConnections", body)

    def destination(self) -> str:
        """Make a target connection to a bucket."""
        body = {
            "name": "Made destination",
            "baseConnectionId": self.connection(S3_DESTINATION),
            "connectionSpec": {"id": S3_DESTINATION, "version": "1.0"},
            "params": {"mode": "Server-to-server", "bucketName": "made", "path": "made"},
        }
        return self._created(f"{FLOW_SERVICE}/targetConnections", body)

    def mapper_sample(self) -> str:
        """Make sample data of Data Prep."""
        body = {"sampleData": '{"id": "", "email": ""}', "sampleType": "JSON"}
        return self._created(f"{CONVERSION}/samples", body)

    def mapper_schema(self) -> str:
        """Make a schema of Data Prep."""
        body = {"jsonSchema": {"type": "object", "properties": {"id": {"type": "string"}}}}
        return self._created(f"{CONVERSION}/schemas", body)

    def mapping_set(self, schema: str = "") -> str:
        """Make a mapping set of one mapping, in three versions."""
        destination = "person.name.firstName"
        mapping = {"sourceType": "ATTRIBUTE", "source": "first", "destination": destination}
        target = {"xdmSchema": schema or self.usual_schema, "xdmVersion": "1.0"}
        body = {"version": 0, **target, "mappings": [mapping]}
        made = self._created(MAPPING_SETS, body)
        for _ in range(2):
            self.client.call("PUT", f"{MAPPING_SETS}/{made}", body)
        return made

    def flow(self, *, to_destination: bool = False) -> str:
        """Make a flow from files to a data set, or one that exports profiles to a bucket."""
        if to_destination:
            return self._created(f"{FLOW_SERVICE}/flows", self._activation())
        schema = self.usual_schema
        mapping = {"mappingId": self.mapping_set(schema), "mappingVersion": "0"}
        body = {
            "name": "Made flow",
            "description": "Made for a page.",
            "flowSpec": {"id": CLOUD_STORAGE_FLOW, "version": "1.0"},
            "sourceConnectionIds": [self.source_connection()],
            "targetConnectionIds": [self.target_connection(schema)],
            "transformations": [{"name": "Mapping", "params": mapping}],
            "scheduleParams": {"startTime": "1900000000", "frequency": "minute", "interval": "30"},
        }
        return self._created(f"{FLOW_SERVICE}/flows", body)

    def _activation(self) -> dict[str, Any]:
        none: dict[str, list[Any]] = {"selectors": []}
        params = {"segmentSelectors": none, "profileSelectors": none}
        return {
            "name": "Made activation",
            "description": "Made for a page.",
            "flowSpec": {"id": ACTIVATION_FLOW, "version": "1.0"},
            "sourceConnectionIds": [self.source_connection(PROFILES)],
            "targetConnectionIds": [self.destination()],
            "transformations": [{"name": "GeneralTransform", "params": params}],
        }

    def run(self) -> str:
        """Make a flow and order a run of it."""
        return self._created(f"{FLOW_SERVICE}/runs", {"flowId": self.flow()})

    def _created(self, path: str, body: dict[str, Any]) -> str:
        made = self.client.call("POST", path, body)
        return given_id(made) if made.status < 300 else ""


def first(response: Response) -> dict[str, Any]:
    """Return the object that a reply is about: itself, or its first item."""
    content: Any = response.json
    if isinstance(content, dict) and isinstance(content.get("items"), list):
        content = content["items"][0]
    assert isinstance(content, dict)
    return content


def given_id(response: Response) -> str:
    """Return the id that a reply gives to what it created, or an empty text."""
    content: Any = response.json if response.content else None
    if isinstance(content, list) and content and isinstance(content[0], str):
        return content[0].rpartition("/")[2]
    if isinstance(content, dict):
        return str(content.get("$id") or content.get("@id") or content.get("id") or "")
    return ""
