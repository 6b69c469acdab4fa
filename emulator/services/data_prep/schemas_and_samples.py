"""Mapper's own schemas and samples, beside those of the Schema Registry.

Source: Data Prep API guide, pages on schemas and sample data; the OpenAPI document has none of it.
"""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, as_object
from emulator.scope import Scope
from emulator.services.data_prep.vocabulary import read_json

SCHEMA = "mapper_schema"
SAMPLE = "mapper_sample"


def create_schema(scope: Scope, sent: JsonObject) -> JsonObject:
    """Make a schema of a JSON Schema, of a sample, or of a schema of the Schema Registry."""
    said = (name for name in ("name", "sampleId") if isinstance(sent.get(name), str))
    made: JsonObject = {name: sent[name] for name in said}
    ref = as_object(sent.get("schemaRef"))
    if "jsonSchema" in sent:
        made["jsonSchema"] = as_object(sent["jsonSchema"])
    elif "sampleId" in sent:
        sample = scope.read(SAMPLE, str(sent["sampleId"])) or {}
        made["jsonSchema"] = schema_of(str(sent["sampleId"]), sample.get("sampleData"))
    else:
        made["jsonSchema"] = scope.find("resolved_schema", str(ref.get("id"))) or {}
    if ref:
        made["schemaRef"] = {"id": ref.get("id"), "contentType": ref.get("contentType", "1.0")}
    return _create(scope, SCHEMA, made)


def create_sample(scope: Scope, sent: JsonObject) -> JsonObject:
    """Keep sample data."""
    return _create(scope, SAMPLE, _sample(sent))


def replace_sample(scope: Scope, id: str, sent: JsonObject) -> JsonObject:
    """Put sample data in place of other, as its next version."""
    old = scope.existing(SAMPLE, id)
    made = {**old, **_modified(scope), **_sample(sent), "version": old["version"] + 1}
    scope.write(scope.change(SAMPLE, id, made))
    return made


def _create(scope: Scope, kind: str, content: JsonObject) -> JsonObject:
    modified = _modified(scope)
    made = {
        "id": scope.new_hex(kind),
        "version": 0,
        "createdDate": modified["modifiedDate"],
        "createdBy": modified["modifiedBy"],
        **modified,
        **content,
    }
    scope.write(scope.change(kind, made["id"], made, 0))
    return made


def _modified(scope: Scope) -> JsonObject:
    return {"modifiedDate": scope.now(), "modifiedBy": scope.user_id}


JSON = "JSON"
"""The only type of samples that is shown; one that names none has it (assumed)."""


def _sample(sent: JsonObject) -> JsonObject:
    type = sent.get("sampleType")
    return {"sampleData": sent["sampleData"], "sampleType": type if isinstance(type, str) else JSON}


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
