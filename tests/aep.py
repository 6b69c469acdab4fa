"""A small client for tests: sends valid headers, and holds every reply against the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.contract import Contract

ORGANIZATION = "5C1328435BF324E90A49402A@AdobeOrg"
HEADERS = {
    "Authorization": "Bearer test-token",
    "x-api-key": "test-client",
    "x-gw-ims-org-id": ORGANIZATION,
    "x-sandbox-name": "prod",
}
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

Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, dict[str, str], bytes]]


@dataclass
class Answer:
    """A reply, with header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def rule(self) -> str:
        """The rule that refused."""
        return self.headers.get("x-emulator-rule", "")

    @property
    def warnings(self) -> list[str]:
        sent = self.headers.get("x-emulator-warning", "")
        return sent.split(", ") if sent else []


@dataclass
class Aep:
    """Calls an emulator by `send` and judges what comes back."""

    send: Send
    contract: Contract
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))
    holds_shapes: bool = True
    """False where an emulator only observes: what nobody refuses has no documented shape."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        without: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        **named: str,
    ) -> Answer:
        """Send a request; `named` are headers too. Underscores in names stand for hyphens."""
        sent = {name: value for name, value in self.headers.items() if name not in without}
        content = raw
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None and "Content-Type" not in without:
            sent["Content-Type"] = "application/json"
        more = {**(headers or {}), **named}
        sent.update({name.replace("_", "-"): value for name, value in more.items()})
        return self.exchange(method, path, sent, content)

    def exchange(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None = None
    ) -> Answer:
        """Send a request with just these headers."""
        answer = Answer(*self.send(method, path, headers, content))
        self._judge(answer)
        return answer

    def _judge(self, answer: Answer) -> None:
        """Every reply has a documented shape, and every refusal leads to its explanation."""
        operation = self.contract.operations.get(answer.headers.get("x-emulator-operation", ""))
        if answer.status >= 400:
            known = {*self.contract.rules, *(problem.id for problem in self.contract.problems)}
            assert answer.rule in known, (answer.status, answer.rule)
            assert answer.status < 500 or answer.status == 501, answer.content
        if operation is not None and self.holds_shapes:
            kind = answer.headers.get("content-type", "")
            found = self.contract.responses.complaints_of_content(
                operation, answer.status, answer.content, kind
            )
            assert list(found) == []

    def ok(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **named: str,
    ) -> Any:
        """Send a request that has to be accepted and return its answer's JSON."""
        answer = self.call(method, path, body, headers={**(headers or {}), **named})
        assert answer.status < 300, (answer.status, answer.rule, answer.content)
        return answer.json if answer.content else None


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


def make_world(aep: Aep, title: str = "Leads") -> World:
    """Create everything that a flow needs, the way of the newer tutorial."""
    base = aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    source = aep.ok("POST", f"{FLOW_SERVICE}/sourceConnections", source_connection(base))["id"]
    schema = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema(title))["$id"]
    data = aep.ok("POST", f"{CATALOG}/dataSets", dataset(schema))[0].removeprefix("@/dataSets/")
    body = target_connection(schema, data)
    target = aep.ok("POST", f"{FLOW_SERVICE}/targetConnections", body)["id"]
    mapping = aep.ok("POST", f"{CONVERSION}/mappingSets", mapping_set(schema))["id"]
    return World(base, source, schema, data, target, mapping)
