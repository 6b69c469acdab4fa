"""Mapping sets: how they come to be, change and go, with all their versions. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.json_types import Json, JsonObject, as_object
from emulator.platform import Platform
from emulator.scope import Finder, Lister, Scope, stored_finder
from emulator.services.data_prep import language, suggestions, vocabulary
from emulator.services.data_prep.schemas_and_samples import SAMPLE as MAPPER_SAMPLE
from emulator.services.data_prep.schemas_and_samples import SCHEMA as MAPPER_SCHEMA
from emulator.store import ALL, Hint

MAPPING_SET = "mapping_set"
VERSION = "mapping_set_version"
MAPPING = "mapping"
SCHEMA = "mapping_schema"


@dataclass(frozen=True, slots=True)
class Birth:
    """How a new mapping set starts."""

    dashed_id: bool
    version: int
    status: str


BIRTHS = {
    "": Birth(dashed_id=False, version=0, status="DRAFT"),
    "draft": Birth(dashed_id=False, version=0, status="DRAFT"),
    "published": Birth(dashed_id=True, version=1, status="PUBLISHED"),
}
"""By the shape that an edition's documents show for the aspect `data_prep.birth`."""


class DataPrep:
    """The mapping sets of every sandbox. Times are milliseconds, as they were written."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def finders(self) -> Mapping[str, Finder]:
        return {
            MAPPING_SET: self._mapping_set,
            MAPPER_SCHEMA: stored_finder(MAPPER_SCHEMA),
            MAPPER_SAMPLE: stored_finder(MAPPER_SAMPLE),
        }

    def listers(self) -> Mapping[str, Lister]:
        return {MAPPING_SET: self.mapping_sets}

    def landed_fields(self, scope: Scope, batch_id: str) -> list[str] | None:
        """Return the paths in the first row that a batch has landed; None if it has no row."""
        return suggestions.landed_fields(self._platform.services.data_access, scope, batch_id)

    def suggestion_target(self, scope: Scope, dataset_id: str) -> JsonObject | None:
        """Return a data set's `schemaRef` and the resolved `schema`; None if it has no schema."""
        dataset = scope.find("dataset", dataset_id) or {}
        ref = as_object(dataset.get("schemaRef"))
        schema = scope.find("resolved_schema", str(ref.get("id")))
        return {"schemaRef": ref, "schema": schema} if schema else None

    def _mapping_set(self, scope: Scope, key: str) -> JsonObject | None:
        """Return a set as rules see it: with its versions as text and the ids of its mappings."""
        found = scope.read(MAPPING_SET, key)
        if found is None:
            return None
        versions = [str(number) for number in range(found["firstVersion"], found["version"] + 1)]
        ids = [mapping["id"] for mapping in found["mappings"]]
        return {**found, "versions": versions, "mappingIds": ids}

    def version(self, scope: Scope, id: str, number: int) -> JsonObject:
        """Return a mapping set as one of its versions was.

        Raises:
            LookupError: The set has no such version.
        """
        return scope.existing(VERSION, f"{id} {number}")

    def mapping_sets(self, scope: Scope, hint: Hint = ALL) -> list[JsonObject]:
        """Return every mapping set that is needed as it is now, the oldest first."""
        return scope.bodies(MAPPING_SET, hint)

    def create(self, scope: Scope, sent: JsonObject, birth: str) -> JsonObject:
        """Make a mapping set of what a request sent; `birth` is how it starts."""
        start = BIRTHS[birth]
        new_id = scope.new_uuid if start.dashed_id else scope.new_hex
        now, user = scope.now(), scope.user_id
        head = {
            "id": new_id(MAPPING_SET),
            "version": start.version,
            "firstVersion": start.version,
            "createdDate": now,
            "modifiedDate": now,
            "createdBy": user,
            "modifiedBy": user,
            "status": start.status,
        }
        schema_id = scope.new_hex(SCHEMA)
        return _write(scope, {**head, **_content(scope, sent, head, schema_id)})

    def replace(self, scope: Scope, id: str, sent: JsonObject) -> JsonObject:
        """Put what a request sent in place of a set's content, as its next version."""
        old, changed = _next_version(scope, id)
        kept = ("id", "firstVersion", "createdDate", "createdBy", "status")
        head = {**{name: old[name] for name in kept}, **changed}
        schema_id = old["outputSchema"]["id"]
        return _write(scope, {**head, **_content(scope, sent, head, schema_id)})

    def put_mapping(
        self, scope: Scope, id: str, sent: JsonObject, mapping_id: str = ""
    ) -> JsonObject:
        """Add a mapping to a set, or replace the one with that id, and return it.

        Only a client shows these calls. As with a replaced set, they make its next version; the
        other mappings keep their ids, and so does a replaced one (assumed).
        """
        mapping_set, head = _next_version(scope, id)
        made = _mapping(scope, vocabulary.mapping(sent), head)
        rows = [row for row in mapping_set["mappings"] if row["id"] != mapping_id]
        old = next((row for row in mapping_set["mappings"] if row["id"] == mapping_id), None)
        if old is None:
            rows.append(made)
        else:
            kept = {name: old[name] for name in ("id", "createdDate", "createdBy")}
            made = {**made, **kept}
            rows.insert(mapping_set["mappings"].index(old), made)
        _write(scope, {**mapping_set, **head, "mappings": rows})
        return made

    def remove_mapping(self, scope: Scope, id: str, mapping_id: str) -> None:
        """Take a mapping out of a set, which makes the set's next version (assumed)."""
        mapping_set, head = _next_version(scope, id)
        rows = [row for row in mapping_set["mappings"] if row["id"] != mapping_id]
        _write(scope, {**mapping_set, **head, "mappings": rows})

    def delete(self, scope: Scope, id: str) -> None:
        """Remove a mapping set with all its versions."""
        found = scope.read(MAPPING_SET, id)
        if found:
            numbers = range(found["firstVersion"], found["version"] + 1)
            versions = [scope.change(VERSION, f"{id} {number}", None) for number in numbers]
            scope.write(scope.change(MAPPING_SET, id, None), *versions)

    def preview(
        self, scope: Scope, sent: JsonObject, schema: JsonObject | None, words: str
    ) -> list[Json]:
        """Return what a mapping set makes of rows; `words` names the reserved words in force."""
        return language.preview(sent, schema, words, scope.platform.clock, scope.platform.ids.seed)


def _next_version(scope: Scope, id: str) -> tuple[JsonObject, JsonObject]:
    """Return a set as it is, and what its next version changes in its head."""
    old = scope.existing(MAPPING_SET, id)
    return old, {
        "version": old["version"] + 1,
        "modifiedDate": scope.now(),
        "modifiedBy": scope.user_id,
    }


def _write(scope: Scope, mapping_set: JsonObject) -> JsonObject:
    id, version = mapping_set["id"], mapping_set["version"]
    scope.write(
        scope.change(MAPPING_SET, id, mapping_set),
        scope.change(VERSION, f"{id} {version}", mapping_set, 0),
    )
    return mapping_set


def _content(scope: Scope, sent: JsonObject, head: JsonObject, schema_id: str) -> JsonObject:
    """Return the part of a set that a request replaces."""
    ref = vocabulary.output_schema_ref(sent)
    content: JsonObject = {
        "outputSchema": {"id": schema_id, "version": 0, "schemaRef": ref},
        "mappings": [_mapping(scope, row, head) for row in vocabulary.mappings(sent)],
        "strictMapping": sent.get("strictMapping") is True,
        "allowNullValues": sent.get("allowNullValues") is True,
        "supportVersion": str(sent.get("supportVersion") or "1.1"),
        "xdmVersion": ref["contentType"],
        "schemaRef": ref,
        "xdmSchema": ref["id"],
    }
    content |= {name: sent[name] for name in ("name", "tags") if sent.get(name) is not None}
    if as_object(sent.get("inputSchema")):
        content["inputSchema"] = sent["inputSchema"]
    return content


def _mapping(scope: Scope, row: JsonObject, head: JsonObject) -> JsonObject:
    """Return a mapping with an id of its own, which no earlier version has used."""
    now, user = head["modifiedDate"], head["modifiedBy"]
    audit: JsonObject = {
        "id": scope.new_hex(MAPPING),
        "version": 0,
        "createdDate": now,
        "modifiedDate": now,
        "createdBy": user,
        "modifiedBy": user,
    }
    if row["sourceType"] == vocabulary.EXPRESSION:
        read = language.attributes(str(row.get("source")))
        row = row if read is None else {**row, "expressionAttributes": read}
    return audit | row
