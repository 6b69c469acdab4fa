"""What stands for the ids and placeholders of a page, and is made before a request needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from emulator.testing.client import Response
from tests.corpus.names import (
    ADDRESSED,
    CHOSEN,
    DATA_SET,
    FLOW_PARTS,
    LISTED,
    NAMED,
    NS,
    PLACEHOLDERS,
    PRINTED_ID,
    REGISTRY,
    REGISTRY_RESOURCE,
    TENANT,
    WHOLE_SCHEMA,
    own,
    own_fields,
)
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


@dataclass
class Substitution:
    """Knows what stands for what one page prints, and makes what it does not know."""

    prepare: Preparation
    rows: list[dict[str, Any]]
    known: dict[str, str] = field(default_factory=dict)
    ends: list[tuple[str, str]] = field(default_factory=list)
    """The source and target connections that the page has made: connection spec, id."""
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

    def filled(self, text: str) -> str:
        """Return a text with everything that the page prints replaced by what stands for it."""
        text = own(text)
        for printed in sorted(self.known, key=len, reverse=True):
            text = text.replace(printed, self.known[printed])
        return text.replace(TENANT, self.tenant)

    # What the page takes for granted

    def prepare_for(self, row: dict[str, Any], text: str) -> None:
        """Make what a request with this text (its path and body) takes for granted."""
        text = own(text)
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
        for match in ADDRESSED.finditer(own(row["path"])):
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
        is_new = code not in self.known or code.startswith("<")  # the page fits it to each call
        if not is_new or not PRINTED_ID.fullmatch(code):
            return
        flow_spec = self._flow_spec(text)
        if made := self._fitting(end, flow_spec) or self._last(f"{end}Connections"):
            self._know(code, made)
            return
        specs = flow_spec.get("sourceConnectionSpecIds") or []
        if not specs:
            return
        if end == "target":
            self._know(code, self.prepare.target_connection(self._schema_of_flow(text)))
        else:
            usual = [each for each in (BLOB, SALESFORCE, STREAMING, *specs) if each in specs]
            self._know(code, self.prepare.source_connection(usual[0]))

    def _flow_spec(self, text: str) -> dict[str, Any]:
        """Return the flow spec that a flow names, or nothing if the emulator does not know it."""
        named = re.search(r'"flowSpec": \{"id": "([^"]+)"', text)
        code = self.filled(named[1]) if named else ""
        found = self.prepare.client.call("GET", f"/data/foundation/flowservice/flowSpecs/{code}")
        return first(found) if named and found.status < 300 else {}

    def _fitting(self, end: str, flow_spec: dict[str, Any]) -> str:
        """Return the last connection of the page's whose spec a flow spec takes at one end."""
        specs = flow_spec.get(f"{end}ConnectionSpecIds") or []
        return next((made for spec, made in reversed(self.ends) if spec in specs), "")

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
        if collection in ("sourceConnections", "targetConnections"):
            body = row.get("repaired", row.get("body")) or {}
            spec = self.filled(str(body.get("connectionSpec", {}).get("id", "")))
            self.ends.append((spec, given))
        alternative = first(response).get("meta:altId") if collection in REGISTRY else None
        for placeholder in PLACEHOLDERS.get(collection, ()):
            self.known[placeholder] = str(alternative or given)
        if collection == "batches" and '"relatedObjects"' in response.content.decode():
            data_set = first(response)["relatedObjects"][0]["id"]
            self.known.update(dict.fromkeys(PLACEHOLDERS["dataSets"], data_set))
        if collection == "schemas":
            self.known.update(dict.fromkeys(WHOLE_SCHEMA, given))
            self.known[f"{NS}/{TENANT}/schemas/{{SCHEMA_ID}}"] = given
        printed = own(row["expected"].get("id", ""))
        if printed and "{" not in printed:
            self.known[printed.rpartition("/")[2]] = given.rpartition("/")[2]
