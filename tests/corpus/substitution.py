"""What stands for the ids and placeholders of a page, and is made before a request needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from emulator.testing.client import Response
from tests.corpus.preparation import (
    ACTIVATION_FLOW,
    BLOB,
    DATA_LAKE,
    S3_DESTINATION,
    SALESFORCE,
    STREAMING,
    Preparation,
    first,
    given_id,
)

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
    r"|exchangesandbox[a-z]+|aepstreamingservices[a-z]+)\b"
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
        mappings = body.get("mappings") or body.get("mappingSet", {}).get("mappings") or []
        for mapping in mappings:
            path = str(mapping.get("destination") or mapping.get("destinationXdmPath") or "")
            yield TENANTS.sub(_as_one, re.sub(r"\[.*?\]", "[]", path))
        for member in ("xdm:sourceProperty", "xdm:destinationProperty", "sourceProperty"):
            path = str(body.get(member, "")).strip("/").replace("/", ".")
            yield TENANTS.sub(_as_one, path)


def _as_one(match: re.Match[str]) -> str:
    return f"_{TENANT}" if match[0].startswith("_") else TENANT


@dataclass
class Substitution:
    """Knows what stands for what one page prints, and makes what it does not know."""

    prepare: Preparation
    rows: list[dict[str, Any]]
    known: dict[str, str] = field(default_factory=dict)
    tenant: str = ""

    def __post_init__(self) -> None:
        self.tenant = self.prepare.tenant
        named = (path.replace(TENANT, self.tenant) for path in own_fields(self.rows))
        self.prepare.fields = frozenset(named)
        self.known.update(CHOSEN)
        if "destination" in self.rows[0]["page"]:
            self.known["{FLOW_SPEC_ID}"] = ACTIVATION_FLOW
        for row in reversed(self.rows):
            self.known.update(row.get("values", {}))

    def own(self, text: str) -> str:
        """Return a text in which every tenant is the reader's."""
        return TENANTS.sub(_as_one, text)

    def filled(self, text: str) -> str:
        """Return a text with everything that the page prints replaced by what stands for it."""
        text = self.own(text)
        for printed in sorted(self.known, key=len, reverse=True):
            text = text.replace(printed, self.known[printed])
        return text.replace(TENANT, self.tenant)

    # What the page takes for granted

    def prepare_for(self, row: dict[str, Any], text: str) -> None:
        """Make what a request with this text (its path and body) takes for granted."""
        text = self.own(text)
        for match in REGISTRY_RESOURCE.finditer(text):
            self._know_resource(match[1], match[2])
        for placeholder in (*WHOLE_SCHEMA, "{destinationSchema}"):
            if placeholder in text and placeholder not in self.known:
                self.known[placeholder] = self.prepare.schema(placeholder)
        if '"id": "{SCHEMA_ID}"' in text and '"{SCHEMA_ID}"' not in self.known:
            self.known['"{SCHEMA_ID}"'] = json.dumps(self.prepare.schema("{SCHEMA_ID}"))
        self._prepare_data_sets(text)
        for match in NAMED.finditer(text):
            self._know_named(match[1] or "flowId", match[2] or match[3], text)
        for match in LISTED.finditer(text):
            self._know_listed(match[1], match[2], text)
        for match in ADDRESSED.finditer(self.own(row["path"])):
            self._know_addressed(match[1], match[2], row)

    def _know(self, printed: str, made: str) -> None:
        if made:
            self.known[printed] = made

    def _know_resource(self, kind: str, code: str) -> None:
        whole = f"{NS}/{TENANT}/{kind}/{code}"
        if code in self.known or whole in self.known:
            return
        collection = "fieldgroups" if kind == "mixins" else kind
        made = self.prepare.resource(collection, code)
        if code.startswith("{"):
            self.known[whole] = str(made["$id"])
            self.known[f"_{TENANT}.{kind}.{code}"] = str(made["meta:altId"])
        else:
            self.known[code] = str(made["$id"]).rpartition("/")[2]

    def _prepare_data_sets(self, text: str) -> None:
        named = re.search(rf"{NS}/{TENANT}/schemas/[0-9a-z]{{20,}}", text)
        schema = self.filled(named[0]) if named else self.known.get("{TARGET_XDM_SCHEMA}", "")
        for match in DATA_SET.finditer(text):
            code = match[1] or match[2]
            if code not in self.known:
                self._know(code, self.prepare.data_set(schema))

    def _know_named(self, member: str, code: str, text: str) -> None:
        is_new = code not in self.known or code.startswith("<")  # the page fits it to each call
        if not is_new or not PRINTED_ID.fullmatch(code):
            return
        if member == "mappingId":
            schema = self._schema_of_flow(text)
            self._know(code, self._last("mappingSets") or self.prepare.mapping_set(schema))
        elif member == "flowId":
            self._know(code, self._last("flows") or self.prepare.flow())
        elif member == "sampleId":
            self._know(code, self.prepare.mapper_sample())
        elif '"dataSetId"' in text:
            self._know(code, self.prepare.connection(DATA_LAKE))
        elif spec := re.search(r'"connectionSpec": \{"id": "([^"]+)"', text):
            self._know(code, self.prepare.connection(self.filled(spec[1])))

    def _last(self, collection: str) -> str:
        """Return what the page made last in a collection: it may print another id for it later."""
        return self.known.get(PLACEHOLDERS[collection][0], "")

    def _schema_of_flow(self, text: str) -> str:
        """Return the schema of a mapping set or target that a flow names and its page has made."""
        for member, path in FLOW_PARTS:
            named = re.search(rf'"{member}": \[?"([^"]+)"', text)
            made = self.known.get(named[1]) or self._last(path.rpartition("/")[2]) if named else ""
            if made:
                found = self.prepare.client.call("GET", f"{path}/{made}")
                schema = re.search(
                    rf"{self.tenant}[./]schemas[./]([0-9a-f]+)", json.dumps(found.json)
                )
                if schema:
                    return f"{NS}/{self.tenant}/schemas/{schema[1]}"
        return ""

    def _know_listed(self, end: str, code: str, text: str) -> None:
        if code in self.known or not PRINTED_ID.fullmatch(code):
            return
        if made := self._last(f"{end}Connections"):
            self._know(code, made)
            return
        spec = re.search(r'"flowSpec": \{"id": "([^"]+)"', text)
        found = self.prepare.client.call(
            "GET", f"/data/foundation/flowservice/flowSpecs/{spec and spec[1]}"
        )
        specs = first(found).get("sourceConnectionSpecIds") or [] if found.status < 300 else []
        if not specs:
            return
        if end == "target":
            self._know(code, self.prepare.target_connection(self._schema_of_flow(text)))
        else:
            usual = [each for each in (BLOB, SALESFORCE, STREAMING, *specs) if each in specs]
            self._know(code, self.prepare.source_connection(usual[0]))

    def _know_addressed(self, collection: str, code: str, row: dict[str, Any]) -> None:
        key = f"/{collection}/{code}"
        if re.search("action=(ABORT|REVERT)$", row["path"]):
            self.known.pop(code, None)  # the page speaks of another batch: one loading, one loaded
        if code in self.known or key in self.known or not self._is_printed(collection, code):
            return
        made = self._made(collection, code, row)
        if made and (code == "{id}" or collection == "mappings"):
            self.known[key] = f"/{collection}/{made}"
        else:
            self._know(code, made)

    def _is_printed(self, collection: str, code: str) -> bool:
        is_name = collection in ("sandboxes", "unions") or collection.startswith("rpc/")
        return is_name or bool(PRINTED_ID.fullmatch(code))

    def _made(self, collection: str, code: str, row: dict[str, Any]) -> str:
        path, make = row["path"], self.prepare
        is_export = "destination" in row["page"]
        makers: dict[str, Callable[[], str]] = {
            "connections": lambda: (
                make.connection(S3_DESTINATION) if is_export else self._connection(code)
            ),
            "sourceConnections": make.source_connection,
            "targetConnections": make.destination if is_export else make.target_connection,
            "flows": lambda: make.flow(to_destination=is_export),
            "runs": make.run,
            "mappingSets": make.mapping_set,
            "mappings": lambda: self._mapping(path),
            "dataSets": lambda: self._data_set(path),
            "datasets": lambda: self._data_set(path),
            "ttl": make.data_set,
            "tags": lambda: make.data_set() and "",
            "batches": lambda: self._batch(path),
            "files": lambda: self._file() if "/export/" in path else "",
            "sandboxes": lambda: make.sandbox(code),
            "descriptors": make.descriptor,
            "views": lambda: make.view(
                re.split("[/?]", self.filled(path).split("/dataSets/")[1])[0]
            ),
            "unions": make.union,
            "conversion/schemas": make.mapper_schema,
            "connectionSpecs": lambda: self._landing_zone(path),
        }
        if collection in makers:
            return makers[collection]()
        kind = collection if collection in REGISTRY else "schemas"
        return str(make.resource(kind, code)["meta:altId"])

    def _landing_zone(self, path: str) -> str:
        for name in re.findall(r"object=dlz-user-container/([^&]+)", path):
            self.prepare.file("dlz-user-container", unquote(name))
        return ""

    def _connection(self, code: str) -> str:
        """Make a connection of the kind that the page explores, with what it finds there."""
        page = json.dumps(self.rows)
        used = rf'"baseConnectionId": "{re.escape(code)}".*?"connectionSpec": \{{"id": "([^"]+)"'
        spec = re.search(used, page)
        asked = re.findall(r"objectType=(\w+)(?:&object=([^&\"]+))?", page)
        has_files = any(kind.lower() in ("file", "folder") for kind, _ in asked)
        default = BLOB if has_files else SALESFORCE
        made = self.prepare.connection(self.filled(spec[1]) if spec else default)
        for kind, name in asked:
            if name and kind.lower() == "table":
                self.prepare.table(made, unquote(self.filled(name)))
            elif name:
                self.prepare.file(made, unquote(self.filled(name)))
        return made

    def _batch(self, path: str) -> str:
        """Make a batch that is open where files are uploaded, and one that has ended elsewhere."""
        data_set = self.known.get("{DATASET_ID}") or self.prepare.data_set()
        self.known.update(dict.fromkeys(PLACEHOLDERS["dataSets"], data_set))
        is_complete = "/import/" not in path or path.endswith(("/preview", "action=REVERT"))
        made = self.prepare.batch(data_set, is_complete=is_complete)
        if is_complete:
            listed = {"fileMetaData1.json": "meta?path=input_files", "{FAILED_FILE}": "failed"}
            for printed, part in listed.items():
                self._know(printed, self.prepare.first_name(f"batches/{made}/{part}"))
        return made

    def _mapping(self, path: str) -> str:
        listed = self.prepare.client.call("GET", self.filled(path).rpartition("/")[0])
        content: Any = listed.json if listed.status < 300 else []
        return str(content[0]["id"]) if content else ""

    def _data_set(self, path: str) -> str:
        made = self.prepare.data_set()
        if path.endswith("/labels"):
            self.prepare.labels(made)
        return made

    def _file(self) -> str:
        file_id, name = self.prepare.data_file()
        self.known.update({"{FILE_NAME}": name, "profiles.parquet": name})
        return file_id

    # What the page has made

    def keep(self, row: dict[str, Any], response: Response) -> None:
        """Remember what a request has made or deleted."""
        collection = row["path"].partition("?")[0].rstrip("/").rpartition("/")[2]
        if row["method"] == "DELETE":
            gone = self.filled(row["path"])
            self.known = {a: b for a, b in self.known.items() if b not in gone or a in CHOSEN}
            return
        given = given_id(response) if row["method"] == "POST" else ""
        if not given:
            return
        alternative = first(response).get("meta:altId") if collection in REGISTRY else None
        for placeholder in PLACEHOLDERS.get(collection, ()):
            self.known[placeholder] = str(alternative or given)
        if collection == "batches" and '"relatedObjects"' in response.content.decode():
            data_set = first(response)["relatedObjects"][0]["id"]
            self.known.update(dict.fromkeys(PLACEHOLDERS["dataSets"], data_set))
        if collection == "schemas":
            self.known.update(dict.fromkeys(WHOLE_SCHEMA, given))
            self.known[f"{NS}/{TENANT}/schemas/{{SCHEMA_ID}}"] = given
        printed = self.own(row["expected"].get("id", ""))
        if printed and "{" not in printed:
            self.known[printed.rpartition("/")[2]] = given.rpartition("/")[2]
