"""The two vocabularies in which a mapping set is sent, and the one form in which it is stored.

The older one (tutorials of 2020): `xdmSchema`, `xdmVersion`, `sourceAttribute`,
`destinationXdmPath`. The newer one (Data Prep API guide): `outputSchema.schemaRef`, `sourceType`,
`source`, `destination`. A request may mix them; the newer name wins where both are sent.
"""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, as_object, loads

ATTRIBUTE = "text/x.schema-path"
EXPRESSION = "text/x.aep-xl"
STATIC = "text/plain"

SOURCE_TYPES = {"ATTRIBUTE": ATTRIBUTE, "EXPRESSION": EXPRESSION, "STATIC": STATIC}
"""What requests call the kinds of a source, and what the service answers for each."""

SPELLINGS = {
    "source": ("source", "sourceAttribute", "sourceExpression"),
    "destination": ("destination", "destinationXdmPath"),
}
"""What the two ends of a mapping are called in requests; pages of partners print the third."""

_COPIED = ("name", "description", "identityGroup", "namespaceCode")
_FLAGS = ("identity", "primaryIdentity")


def read_json(text: Json) -> Json:
    """Return the value of a JSON text; None if the text is not JSON."""
    try:
        return loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def output_schema_ref(sent: JsonObject) -> JsonObject:
    """Return the id and content type of the schema that a set maps to."""
    ref = as_object(as_object(sent.get("outputSchema")).get("schemaRef"))
    ref = ref or as_object(sent.get("schemaRef"))
    content_type = ref.get("contentType") or sent.get("xdmVersion") or "1.0"
    return {"id": ref.get("id") or sent.get("xdmSchema"), "contentType": content_type}


def mapping(sent: JsonObject) -> JsonObject:
    """Return a mapping in the form in which it is stored."""
    source_type = sent.get("sourceType") or "ATTRIBUTE"
    made: JsonObject = {"sourceType": SOURCE_TYPES.get(str(source_type), source_type)}
    for name, spellings in SPELLINGS.items():
        value = next((sent[word] for word in spellings if sent.get(word) is not None), None)
        made |= {} if value is None else {name: value}
    made |= {name: sent[name] for name in _COPIED if sent.get(name) is not None}
    return made | {name: sent.get(name) is True for name in _FLAGS}


def mappings(sent: JsonObject) -> list[Json]:
    """Return the mappings of a request in the form in which they are stored."""
    rows = sent.get("mappings")
    return [mapping(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
