"""Replays printed requests: each page against an emulator of its own, in the order of the page.

What a page leaves to its reader is filled in: placeholders of headers get valid values, an id that
the page prints for what it creates becomes the id that the emulator has given, and what the page
takes for granted (a schema, a data set, a base connection) is made before it is first used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emulator.testing.client import AepClient, Response

FOLDER = Path(__file__).parent
SAFE = "%/?&=:;,@!$'()*+[]~._-"
FLOW_SERVICE = "/data/foundation/flowservice"
SCHEMA_REGISTRY = "/data/foundation/schemaregistry"
DATA_SETS = "/data/foundation/catalog/dataSets"
SCHEMAS = "https://ns.adobe.com"

PLACEHOLDERS = {
    "connections": ("{BASE_CONNECTION_ID}", "{CONNECTION_ID}"),
    "sourceConnections": ("{SOURCE_CONNECTION_ID}",),
    "targetConnections": ("{TARGET_CONNECTION_ID}",),
    "flows": ("{FLOW_ID}", "{DATAFLOW_ID}"),
    "mappingSets": ("{MAPPING_ID}", "{MAPPING_SET_ID}"),
    "batches": ("{BATCH_ID}", "{batchId}"),
    "dataSets": ("{DATASET_ID}", "{datasetId}"),
    "schemas": ("{SCHEMA_ID}",),
    "fieldgroups": ("{FIELD_GROUP_ID}",),
    "mixins": ("{MIXIN_ID}",),
    "classes": ("{CLASS_ID}",),
    "datatypes": ("{DATA_TYPE_ID}",),
    "descriptors": ("{DESCRIPTOR_ID}",),
}
"""The placeholders that stand for what was last created in a collection."""

REGISTRY = ("schemas", "fieldgroups", "mixins", "classes", "datatypes")
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PARTS = ("-person-details", "-personal-details")
REGISTRY_RESOURCE = re.compile(
    r"https://ns\.adobe\.com/(?:\{TENANT(?:_ID)?\}|stardust)/(schemas|classes|mixins|datatypes)/"
    r"([0-9a-f]{20,}|\{SCHEMA_ID\})|_\{TENANT_ID\}\.(schemas|classes|mixins|datatypes)\.([0-9a-f]{20,})"
)
DATA_SET = re.compile(
    r'"(?:dataSetId|datasetId)": "([0-9a-f]{24}|\{[A-Za-z_]+\})"|/dataSets/([0-9a-f]{24})'
)
BODIES: dict[str, dict[str, Any]] = {
    "schemas": {"allOf": [{"$ref": f"{PROFILE}{part}"} for part in ("", *PARTS)]},
    "classes": {"allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}]},
    "mixins": {"meta:intendedToExtend": [PROFILE]},
    "fieldgroups": {"meta:intendedToExtend": [PROFILE]},
    "datatypes": {"properties": {"field": {"type": "string"}}},
}
"""What is made for a resource of the registry that a page takes for granted."""

CONTENT = {"json": b'{"_id": "1"}', "csv": b"_id\n1\n", "parquet": b"PAR1"}
"""What is uploaded where a page names a file of the reader's own."""


ABSENT = re.compile(r"_(exists?|is_known|are_known|is_of_the_dataset)$")
"""Rules that refuse what addresses nothing: with 404, a printed id that nobody made."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed request and where it stands: the file below `printed`, and the place in it."""

    file: str
    place: int
    row: dict[str, Any]

    @property
    def reference(self) -> str:
        """What names the request in the list of deviations."""
        return f"{self.file}#{self.place}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a printed request."""

    printed: Printed
    response: Response

    @property
    def is_fine(self) -> bool:
        """Whether it was answered as its page says."""
        expected = self.printed.row["expected"]
        accepted = self.response.status < 300
        if self.response.status == 404 and ABSENT.search(self.response.rule):
            return True
        if "text" in self.printed.row and "repaired" not in self.printed.row:
            return self.response.status == 400  # the page prints a body that is not JSON
        if accepted and "status" in expected:
            return bool(self.response.status == expected["status"])
        return accepted == bool(expected.get("success", expected.get("status", 500) < 300))

    @property
    def text(self) -> str:
        """The status and, of a refusal, the rule."""
        rule = self.response.rule or self.response.headers.get("x-emulator-problem", "")
        return f"{self.response.status} {rule}".strip()


def pages() -> Iterator[list[Printed]]:
    """Yield the printed requests of each file."""
    for path in sorted((FOLDER / "printed").rglob("*.json")):
        name = f"{path.parent.name}/{path.stem}"
        rows = json.loads(path.read_text(encoding="utf-8"))
        yield [Printed(name, place, row) for place, row in enumerate(rows)]


@dataclass
class Reader:
    """Follows one page: sends its requests and keeps what stands for what it prints."""

    client: AepClient
    known: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        stats = self.client.ok("GET", f"{SCHEMA_REGISTRY}/stats")
        assert isinstance(stats, dict)
        tenant = str(stats["tenantId"])
        self.known.update(
            {
                "{TENANT_ID}": tenant,
                "{TENANT}": tenant,
                "/stardust/": f"/{tenant}/",
                "{CONTAINER_ID}": "tenant",
            }
        )

    def follow(self, printed: Printed) -> Outcome:
        """Send a printed request and return what became of it."""
        row = printed.row
        body = row.get("repaired", row.get("body"))
        self._prepare(row["path"] + " " + json.dumps(body))
        self._prepare_placeholders(row["path"])
        for placeholder, value in row.get("values", {}).items():
            self.known[placeholder] = value
        path = quote(self._filled(row["path"]), safe=SAFE)
        content = row.get("text", "").encode() or None
        if body is not None:
            content = self._filled(json.dumps(body)).encode()
        elif "form" in row:
            content = CONTENT[str(row["form"]).rpartition(".")[2]] if row["form"][0] == "@" else b""
        headers = self._headers(row, path, content is not None)
        response = self.client.exchange(row["method"], path, headers, content)
        if response.status < 300 and row["method"] == "POST":
            self._keep(row, response)
        return Outcome(printed, response)

    def _headers(self, row: dict[str, Any], path: str, has_body: bool) -> dict[str, str]:
        valid = {name.lower(): value for name, value in self.client.headers.items()}
        headers = {name: valid[name] for name in ("authorization", "x-api-key", "x-gw-ims-org-id")}
        if has_body:
            headers["content-type"] = "application/json"  # the pages say so before their first call
        for name, value in row["headers"].items():
            headers[name.lower()] = valid.get(name.lower(), value.replace("{MAJOR_VERSION}", "1"))
        if "if-match" in headers:
            found = self.client.exchange("GET", path.partition("?")[0], self._plain())
            if found.status < 300:
                headers["if-match"] = _first(found)["etag"]
        return headers

    def _plain(self) -> dict[str, str]:
        return {**self.client.headers, "Accept": "application/json"}

    def _filled(self, text: str) -> str:
        for printed in sorted(self.known, key=len, reverse=True):
            text = text.replace(printed, self.known[printed])
        return text

    def _prepare(self, text: str) -> None:
        """Make what the request takes for granted."""
        schema = ""
        for match in REGISTRY_RESOURCE.finditer(text):
            kind, code = match[1] or match[3], match[2] or match[4]
            if code not in self.made:
                self._make_registry_resource(kind, code)
            if kind == "schemas":
                schema = f"{SCHEMAS}/{self.known['{TENANT_ID}']}/schemas/{self._filled(code)}"
        if "{TARGET_XDM_SCHEMA}" in text and "{TARGET_XDM_SCHEMA}" not in self.known:
            self.known["{TARGET_XDM_SCHEMA}"] = self._make_schema("{TARGET_XDM_SCHEMA}")
        schema = schema or self.known.get("{TARGET_XDM_SCHEMA}", "")
        for match in DATA_SET.finditer(text):
            code = match[1] or match[2]
            if code not in self.made and code not in self.known:
                self.made.add(code)
                self.known[code] = self._make_data_set(schema or self._make_schema(code))
        base = re.search(r'"baseConnectionId": "([0-9a-f-]{36})"', text)
        spec = re.search(r'"connectionSpec": \{"id": "([0-9a-f-]{36})"', text)
        if base and spec and base[1] not in self.made:
            self.made.add(base[1])
            self._make_base(base[1], spec[1])

    def _prepare_placeholders(self, path: str) -> None:
        """Make what a path names by a placeholder that nothing on the page stands for so far."""
        for collection in ("dataSets", "batches", *REGISTRY):
            for name in PLACEHOLDERS[collection]:
                if f"/{name}" not in path or name in self.known:
                    continue
                if collection in REGISTRY:
                    self.known[name] = str(self._make_resource(collection, name)["meta:altId"])
                    continue
                data_set = self._make_data_set(self._make_schema(name))
                self.known.update(dict.fromkeys(PLACEHOLDERS["dataSets"], data_set))
                if collection == "batches":
                    body = {"datasetId": data_set, "inputFormat": {"format": "json"}}
                    made = self.client.ok("POST", "/data/foundation/import/batches", body)
                    assert isinstance(made, dict)
                    self.known.update(dict.fromkeys(PLACEHOLDERS["batches"], str(made["id"])))

    def _make_registry_resource(self, kind: str, code: str) -> None:
        self.made.add(code)
        collection = "fieldgroups" if kind == "mixins" else kind
        self.known[code] = str(self._make_resource(collection, code)["$id"]).rpartition("/")[2]

    def _make_resource(self, collection: str, title: str) -> dict[str, Any]:
        path = f"{SCHEMA_REGISTRY}/tenant/{collection}"
        body = {"title": f"Made {title}", "type": "object", **BODIES[collection]}
        created: Any = self.client.ok("POST", path, body)
        assert isinstance(created, dict)
        return created

    def _make_schema(self, title: str) -> str:
        return str(self._make_resource("schemas", f"for {title}")["$id"])

    def _make_data_set(self, schema: str) -> str:
        content_type = "application/vnd.adobe.xed-full+json;version=1"
        reference = {"id": schema, "contentType": content_type}
        body = {"name": f"Made {len(self.made)}", "schemaRef": reference}
        created = self.client.ok("POST", DATA_SETS, body)
        assert isinstance(created, list)
        return str(created[0]).rpartition("/")[2]

    def _make_base(self, printed: str, spec: str) -> None:
        found = self.client.call("GET", f"{FLOW_SERVICE}/connectionSpecs/{spec}")
        if found.status >= 300:
            return
        body: dict[str, Any] = {
            "name": f"Made {printed}",
            "connectionSpec": {"id": spec, "version": "1.0"},
        }
        ways = _first(found).get("authSpec") or []
        if ways:
            properties = ways[0]["spec"].get("properties", {})
            params = {name: _sample(shape) for name, shape in properties.items()}
            body["auth"] = {"specName": ways[0]["name"], "params": params}
        created = self.client.call("POST", f"{FLOW_SERVICE}/connections", body)
        if created.status < 300:
            self.known[printed] = _first(created)["id"]

    def _keep(self, row: dict[str, Any], response: Response) -> None:
        collection = row["path"].partition("?")[0].rstrip("/").rpartition("/")[2]
        given = _given_id(response)
        if not given:
            return
        alternative = _first(response).get("meta:altId") if collection in REGISTRY else None
        for placeholder in PLACEHOLDERS.get(collection, ()):
            self.known[placeholder] = str(alternative or given)
        printed = row["expected"].get("id", "")
        if printed and printed != given:
            whole = "ns.adobe.com" not in printed
            self.known[printed if whole else printed.rpartition("/")[2]] = (
                given if whole else given.rpartition("/")[2]
            )
            self.made.add(printed if whole else printed.rpartition("/")[2])


def _first(response: Response) -> dict[str, Any]:
    content: Any = response.json
    if isinstance(content, dict) and isinstance(content.get("items"), list):
        content = content["items"][0]
    assert isinstance(content, dict)
    return content


def _given_id(response: Response) -> str:
    content: Any = response.json if response.content else None
    if isinstance(content, list) and content and isinstance(content[0], str):
        return content[0].rpartition("/")[2]
    if isinstance(content, dict):
        return str(content.get("$id") or content.get("@id") or content.get("id") or "")
    return ""


def _sample(shape: dict[str, Any]) -> Any:
    if "enum" in shape:
        return shape["enum"][0]
    kinds = {"integer": 1, "number": 1, "boolean": True}
    return kinds.get(str(shape.get("type")), "x" * max(1, int(shape.get("minLength", 1))))
