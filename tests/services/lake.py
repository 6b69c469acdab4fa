"""A data set over HTTP that batches are ingested into, and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from emulator.testing.client import AepClient, Response
from tests.bodies import CATALOG, SCHEMA_REGISTRY, dataset, profile_schema

IMPORT = "/data/foundation/import"
EXPORT = "/data/foundation/export"
ANN = {"_id": "1", "person": {"name": {"firstName": "Ann"}}}
BOB = {"_id": "2", "person": {"name": {"firstName": "Bob"}}}
BAD = {"_id": "3", "person": {"birthDate": "yesterday"}}


def lines(*rows: Mapping[str, Any]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


class Lake:
    """A data set of JSON files, and short ways to its batches."""

    def __init__(self, api: AepClient, format: str = "json", title: str = "Leads") -> None:
        self.api = api
        self.schema = self._schema(title)
        body = dataset(self.schema, fileDescription={"format": format})
        self.dataset = api.ok("POST", f"{CATALOG}/dataSets", body)[0].removeprefix("@/dataSets/")

    def _schema(self, title: str) -> str:
        schemas = f"{SCHEMA_REGISTRY}/tenant/schemas"
        id: str = self.api.ok("POST", schemas, profile_schema(title))["$id"]
        return id

    def create(self, format: str = "json", **members: Any) -> str:
        body = {"datasetId": self.dataset, "inputFormat": {"format": format}, **members}
        id: str = self.api.ok("POST", f"{IMPORT}/batches", body)["id"]
        return id

    def path(self, batch: str, name: str = "a.json") -> str:
        return f"{IMPORT}/batches/{batch}/datasets/{self.dataset}/files/{name}"

    def put(self, batch: str, content: bytes, name: str = "a.json", **headers: str) -> Response:
        headers = {"Content_Type": "application/octet-stream", **headers}
        return self.api.call("PUT", self.path(batch, name), content=content, headers=headers)

    def act(self, batch: str, action: str = "COMPLETE") -> Response:
        return self.api.call("POST", f"{IMPORT}/batches/{batch}?action={action}")

    def act_on_file(self, batch: str, action: str, name: str = "a.json") -> Response:
        return self.api.call("POST", f"{self.path(batch, name)}?action={action}")

    def part(self, batch: str, content: bytes, span: str, name: str = "a.json") -> Response:
        headers = {"Content_Type": "application/octet-stream", "Content_Range": f"bytes {span}"}
        return self.api.call("PATCH", self.path(batch, name), content=content, headers=headers)

    def ingest(self, *rows: Mapping[str, Any], **members: Any) -> str:
        """Ingest rows as one file of JSON lines and return the batch's id."""
        batch = self.create(**members)
        assert self.put(batch, lines(*rows)).status == 200
        assert self.act(batch).status == 200
        return batch

    def batch(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.ok("GET", f"{CATALOG}/batches/{id}")[id]
        return found

    def status(self, id: str) -> str:
        return str(self.batch(id)["status"])

    def parts(self, batch: str) -> list[str]:
        found = self.api.ok("GET", f"{EXPORT}/files/{batch}-1")["data"]
        return [part["name"] for part in found]

    def read(self, batch: str, name: str, **headers: str) -> Response:
        query = urlencode({"path": name})
        return self.api.call("GET", f"{EXPORT}/files/{batch}-1?{query}", headers=headers)

    def landed(self, batch: str) -> list[Any]:
        """Return the rows of a batch's JSON files, read the way a client does."""
        contents = [self.read(batch, name).content for name in self.parts(batch)]
        return [json.loads(line) for content in contents for line in content.splitlines()]

    def preview(self) -> list[Any]:
        found: list[Any] = self.api.ok("GET", f"{EXPORT}/datasets/{self.dataset}/preview")["data"]
        return found
