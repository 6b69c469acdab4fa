"""Mapper's own schemas and samples, beside those of the Schema Registry. Knows no HTTP.

Source: Data Prep API guide, pages on schemas and sample data; the OpenAPI document has none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.fixtures.library import Fixtures
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Finder
from emulator.services.data_prep.vocabulary import as_object, read_json
from emulator.store import Change

SCHEMA = "mapper_schema"
SAMPLE = "mapper_sample"


class Library:
    """The schemas and samples of every sandbox. Times are kept as they were written."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def finders(self) -> Mapping[str, Finder]:
        return {
            SCHEMA: lambda scope, key: self.one(scope.sandbox, SCHEMA, key),
            SAMPLE: lambda scope, key: self.one(scope.sandbox, SAMPLE, key),
        }

    def one(self, sandbox: Sandbox, kind: str, id: str) -> JsonObject | None:
        """Return a schema or a sample."""
        stored = self._platform.store.read(sandbox, kind, id)
        return stored.body if stored else None

    def all(self, sandbox: Sandbox, kind: str) -> list[JsonObject]:
        """Return all schemas or samples, the oldest first."""
        return [stored.body for stored in self._platform.store.scan(sandbox, kind)]

    def create_schema(
        self, sandbox: Sandbox, client: str, fixtures: Fixtures, sent: JsonObject
    ) -> JsonObject:
        """Make a schema of a JSON Schema, of a sample, or of a schema of the Schema Registry."""
        made: JsonObject = {name: sent[name] for name in ("name", "sampleId") if name in sent}
        ref = as_object(sent.get("schemaRef"))
        if "jsonSchema" in sent:
            made["jsonSchema"] = as_object(sent["jsonSchema"])
        elif "sampleId" in sent:
            sample = self.one(sandbox, SAMPLE, str(sent["sampleId"])) or {}
            made["jsonSchema"] = schema_of(str(sent["sampleId"]), sample.get("sampleData"))
        else:
            found = self._platform.find(sandbox, fixtures, "resolved_schema", str(ref.get("id")))
            made["jsonSchema"] = found or {}
        if ref:
            made["schemaRef"] = {"id": ref.get("id"), "contentType": ref.get("contentType", "1.0")}
        return self._create(sandbox, client, SCHEMA, made)

    def create_sample(self, sandbox: Sandbox, client: str, sent: JsonObject) -> JsonObject:
        """Keep sample data."""
        return self._create(sandbox, client, SAMPLE, _sample(sent))

    def replace_sample(
        self, sandbox: Sandbox, client: str, id: str, sent: JsonObject
    ) -> JsonObject:
        """Put sample data in place of other, as its next version."""
        old = self.one(sandbox, SAMPLE, id)
        if old is None:
            raise LookupError(id)  # a rule has found it before
        made = {**old, **self._modified(client), **_sample(sent), "version": old["version"] + 1}
        self._platform.store.write(Change(sandbox, SAMPLE, id, made))
        return made

    def _create(self, sandbox: Sandbox, client: str, kind: str, content: JsonObject) -> JsonObject:
        modified = self._modified(client)
        made = {
            "id": self._platform.new_hex(sandbox, kind),
            "version": 0,
            "createdDate": modified["modifiedDate"],
            "createdBy": modified["modifiedBy"],
            **modified,
            **content,
        }
        self._platform.store.write(Change(sandbox, kind, made["id"], made, 0))
        return made

    def _modified(self, client: str) -> dict[str, Any]:
        now, user = self._platform.clock.now(), self._platform.user_id(client)
        return {"modifiedDate": now, "modifiedBy": user}


def _sample(sent: JsonObject) -> JsonObject:
    return {"sampleData": sent.get("sampleData"), "sampleType": sent.get("sampleType")}


def schema_of(sample_id: str, sample: Json) -> JsonObject:
    """Return the schema of a sample: each field of its rows is a text (documented)."""
    read = read_json(sample)
    rows = read if isinstance(read, list) else [read]
    names = dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)
    return {
        "title": f"SampleSchema:{sample_id}",
        "type": "object",
        "properties": {name: {"title": name, "type": "string"} for name in names},
    }
