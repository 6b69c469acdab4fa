"""Replies of Data Prep as its documents show them.

Times are milliseconds as they were when a write is answered, and whole seconds when it is read
later, as in the samples of the Data Prep API guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from emulator.contract import Rule
from emulator.contract.lookup import Finding
from emulator.json_types import JsonObject, dumps
from emulator.services.data_prep import language
from emulator.services.data_prep.listing import Page
from emulator.services.data_prep.suggestions import Match
from emulator.services.data_prep.vocabulary import ATTRIBUTE, mappings
from emulator.web import Call, Reply

_HEAD = ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy")
_CONTENT = "sourceType source destination name description expressionAttributes".split()
_SHORT = ("id", "version", *_CONTENT)
_TAIL = ("strictMapping", "allowNullValues", "xdmVersion", "schemaRef", "xdmSchema")


def seconds(milliseconds: int) -> int:
    """Return a time rounded half up to whole seconds, still in milliseconds."""
    return (milliseconds + 500) // 1000 * 1000


def _pick(item: JsonObject, names: Iterable[str]) -> JsonObject:
    return {name: item[name] for name in names if name in item}


def _read(item: JsonObject) -> JsonObject:
    """Return a set or mapping with its times as a later read shows them."""
    times = {name: seconds(item[name]) for name in ("createdDate", "modifiedDate")}
    return item | times


def short_mapping(mapping: JsonObject) -> JsonObject:
    """Return a mapping as a set that is read alone shows it."""
    return _pick(mapping, _SHORT)


def long_mapping(mapping: JsonObject, *, with_users: bool) -> JsonObject:
    """Return a mapping as lists show it, under both vocabularies."""
    shape = _pick(_read(mapping), _HEAD if with_users else _HEAD[:4])
    shape |= _pick(mapping, _CONTENT if with_users else _CONTENT[:-1])
    shape |= _pick(mapping, ("identity", "primaryIdentity", "identityGroup", "namespaceCode"))
    shape["matchScore"] = 0.0
    if with_users:
        shape["functionVersion"] = 1
    older = {"sourceAttribute": "source", "destinationXdmPath": "destination"}
    return shape | {name: mapping[end] for name, end in older.items() if end in mapping}


def _summary(mapping_set: JsonObject) -> JsonObject:
    return _pick(mapping_set, _HEAD)


def _with_refs(mapping_set: JsonObject) -> JsonObject:
    """Return a set as the tutorial of March 2020 prints it."""
    shape = _pick(_read(mapping_set), _HEAD[:4])
    shape["inputSchemaRef"] = {"id": None, "contentType": None}
    shape["outputSchemaRef"] = mapping_set["schemaRef"]
    shape["mappings"] = [long_mapping(row, with_users=False) for row in mapping_set["mappings"]]
    return shape | _pick(mapping_set, ("status", "xdmVersion", "schemaRef", "xdmSchema"))


CREATED: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _summary,
    "summary": _summary,
    "full": _with_refs,
}
"""What creating a set answers, by the shape that an edition's documents show."""


def created(call: Call, mapping_set: JsonObject) -> Reply:
    """Return the answer to a new mapping set: 200, not 201."""
    shape = call.edition.answer("data_prep.created")
    return Reply(200, CREATED[shape](mapping_set))


def replaced(call: Call, mapping_set: JsonObject) -> Reply:
    """Return the answer to a replaced set: its new time is not rounded, and it has no status."""
    if call.edition.answer("data_prep.mapping_set") == "refs":
        return one(call, mapping_set)
    shape = _mapping_set(call, mapping_set, short_mapping) | _pick(mapping_set, ("modifiedDate",))
    return Reply(200, {name: value for name, value in shape.items() if name != "status"})


def one(call: Call, mapping_set: JsonObject) -> Reply:
    """Return one mapping set with its mappings in short."""
    return Reply(200, _mapping_set(call, mapping_set, short_mapping))


def listed(call: Call, page: Page) -> Reply:
    """Return a page of mapping sets with their mappings in full."""
    rows = [_mapping_set(call, item, partial(long_mapping, with_users=True)) for item in page.sets]
    return _paged(rows, page)


def _paged(rows: list[JsonObject], page: Page) -> Reply:
    return Reply(200, {"data": rows, "_page": {"count": len(rows), "limit": page.limit}})


def _mapping_set(
    call: Call, mapping_set: JsonObject, mapping_shape: Callable[[JsonObject], JsonObject]
) -> JsonObject:
    """Return a set as the documents of the edition in force print it."""
    if call.edition.answer("data_prep.mapping_set") == "refs":
        return _with_refs(mapping_set)
    output = mapping_set["outputSchema"]
    if call.query.get("expandSchema", "").lower() == "true":
        output = {**output, "jsonSchema": _json_schema(call, mapping_set)}
    shape = _pick(_read(mapping_set), (*_HEAD, "name", "tags", "supportVersion", "inputSchema"))
    shape["outputSchema"] = output
    shape["mappings"] = [mapping_shape(mapping) for mapping in mapping_set["mappings"]]
    return shape | _pick(mapping_set, ("status", *_TAIL))


def _json_schema(call: Call, mapping_set: JsonObject) -> JsonObject:
    schema_id = mapping_set["xdmSchema"]
    if not isinstance(schema_id, str):
        return {}
    return call.lookup.find("resolved_schema", schema_id) or {}


def mapping_list(call: Call, mapping_set: JsonObject) -> Reply:
    """Return the mappings of a set in full, in the set's order."""
    return Reply(200, [_mapping(call, mapping) for mapping in mapping_set["mappings"]])


def one_mapping(call: Call, mapping_set: JsonObject) -> Reply:
    """Return one mapping of a set in full."""
    wanted = call.path["mappingId"]
    found = next(mapping for mapping in mapping_set["mappings"] if mapping["id"] == wanted)
    return Reply(200, _mapping(call, found))


def changed_mapping(call: Call, mapping: JsonObject) -> Reply:
    """Return a mapping that was added or replaced, in full (assumed; no document shows it)."""
    return Reply(200, _mapping(call, mapping))


def _mapping(call: Call, mapping: JsonObject) -> JsonObject:
    dated = call.edition.answer("data_prep.mapping_set") == "refs"
    return long_mapping(mapping, with_users=not dated)


def suggested(schema_ref: JsonObject, matches: list[Match]) -> Reply:
    """Return mappings that suggest themselves, as a mapping set that could be created (assumed).

    What fits nowhere has no destination. `matchScore` is a member that long mappings have.
    """
    rows = [
        {
            "sourceType": ATTRIBUTE,
            "source": match.source,
            "destination": match.destination or None,
            "matchScore": match.score,
        }
        for match in matches
    ]
    return Reply(200, {"version": 0, "outputSchema": {"schemaRef": schema_ref}, "mappings": rows})


def validated(body: JsonObject, findings: list[Finding]) -> Reply:
    """Return one line for each mapping of a set: what the rules of creating say of it."""
    rows: list[JsonObject] = []
    for index, mapping in enumerate(mappings(body)):
        place = f"/body/mappings/{index}"
        about = [item for item in findings if f"{item.at}/".startswith(f"{place}/")]
        errors = [_error(mapping, item) for item in about if _fails(item.rule)]
        rows.append({"status": "FAILED" if errors else "SUCCESS", "errors": errors or None})
    return Reply(200, {"validationResponse": rows})


def _fails(rule: Rule) -> bool:
    """Tell whether breaking a rule makes a mapping invalid.

    What refuses does, and so does what is found wrong with a mapping though no document says that
    the platform refuses it; not what documents disagree about or only advise.
    """
    return rule.severity == "error" or (rule.severity == "warning" and not rule.demands)


def _error(mapping: JsonObject, finding: Finding) -> JsonObject:
    """Return a finding as the reference's TransformErrorInfo."""
    return {
        "destination": mapping.get("destination"),
        "exception": finding.reason,
        "source": mapping.get("source"),
        "columnName": language.column(mapping),
        "sourceType": mapping["sourceType"],
    }


def validated_expression(fault: str) -> Reply:
    """Return what is said of an expression; of one with a fault that only observing lets pass."""
    status = "failed" if fault else "succeeded"
    return Reply(200, {"validationStatus": status, "error": fault or "none"})


_SCHEMA = ("id", "version", "name", "sampleId", "jsonSchema", "schemaRef")


def schema(item: JsonObject) -> Reply:
    """Return a schema of Mapper's own as a read shows it."""
    return Reply(200, _pick(item, _SCHEMA))


def created_schema(item: JsonObject) -> Reply:
    """Return a new schema; of one from the Schema Registry `jsonSchema` is a text, as printed."""
    shape = _pick(item, _SCHEMA)
    if "schemaRef" in item:
        shape["jsonSchema"] = dumps(item["jsonSchema"]).decode()
    return Reply(200, shape)


def schema_page(page: Page) -> Reply:
    """Return a page of Mapper's schemas."""
    return _paged([_pick(item, _SCHEMA) for item in page.sets], page)


_SAMPLE = (*_HEAD, "sampleData", "sampleType")


def sample(item: JsonObject) -> Reply:
    """Return sample data as a read shows it, with its times in whole seconds."""
    return Reply(200, _pick(_read(item), _SAMPLE))


def written_sample(item: JsonObject) -> Reply:
    """Return sample data that was just written: the time of that is not rounded."""
    shape = _pick(item, _SAMPLE)
    if item["version"]:
        shape["createdDate"] = seconds(item["createdDate"])
    return Reply(200, shape)


def sample_page(page: Page) -> Reply:
    """Return a page of sample data."""
    return _paged([_pick(_read(item), _SAMPLE) for item in page.sets], page)
