"""What the documents that services keep look like: the models by which a state is examined.

Each service lists its own in `documents.py`. A model says what its service's code relies on,
whatever a client sends and whichever rules refuse; members that only clients set are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from emulator.json_types import Json, JsonObject

TEXT: JsonObject = {"type": "string"}
FLAG: JsonObject = {"type": "boolean"}
OBJECT: JsonObject = {"type": "object"}
OBJECTS: JsonObject = {"type": "array", "items": OBJECT}
TEXTS: JsonObject = {"type": "array", "items": TEXT}
ANY: JsonObject = {}
COUNT: JsonObject = {"type": "integer", "minimum": 0, "maximum": 2**53}
MOMENT: JsonObject = {"type": "integer", "minimum": 0, "maximum": 253_402_300_799_999}
"""Milliseconds since 1970, up to the year 9999."""


def one_of(*values: str) -> JsonObject:
    """Return the schema of a text that is one of some."""
    return {"enum": list(values)}


def matching(pattern: str) -> JsonObject:
    """Return the schema of a text that matches a regular expression as a whole."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def or_null(schema: JsonObject) -> JsonObject:
    """Return the schema of a value that may be null too."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(items: JsonObject) -> JsonObject:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def map_of(values: JsonObject) -> JsonObject:
    """Return the schema of an object whose members all have one form."""
    return {"type": "object", "additionalProperties": values}


def members(
    required: JsonObject | None = None, optional: JsonObject | None = None, *, closed: bool = False
) -> JsonObject:
    """Return the schema of an object: members that it has, and those that it may have.

    A `closed` one has no others.
    """
    must, may = required or {}, optional or {}
    schema = {"type": "object", "required": list(must), "properties": {**must, **may}}
    return {**schema, "additionalProperties": False} if closed else schema


class DocumentModel:
    """The model of one kind of documents.

    Args:
        kind: The kind; one that ends in a space is the beginning of many.
        schema: The JSON Schema of the body.
        key: What the key is made of: members of the body in braces; empty for any key.
        place: Where such documents lie: in a `sandbox`, an `organization`, or the `platform`.
    """

    def __init__(self, kind: str, schema: JsonObject, key: str = "", place: str = "sandbox"):
        self.kind = kind
        self.schema = schema
        self.place = place
        self._key = key

    @cached_property
    def _validator(self) -> Any:
        import jsonschema_rs  # the start does without it

        return jsonschema_rs.validator_for(self.schema)

    def fault(self, key: str, body: Json) -> tuple[str, str] | None:
        """Return what is wrong with a document, as a JSON pointer into it and a reason."""
        if self._validator.is_valid(body):
            expected = self._key.format_map(body) if self._key else key
            return None if key == expected else ("/key", f"{key!r} is not {expected!r}")
        error = next(self._validator.iter_errors(body))
        place = "".join(f"/{step}" for step in error.instance_path)
        return f"/body{place}", _short(error.message)


def _short(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:80]} … {message[-100:]}"


class DocumentModels:
    """The models of all kinds that an emulator keeps."""

    def __init__(self) -> None:
        self._models: dict[str, DocumentModel] = {}

    def add(self, models: Iterable[DocumentModel]) -> None:
        """Add the models of a service."""
        self._models.update({model.kind: model for model in models})

    def __iter__(self) -> Iterator[DocumentModel]:
        return iter(self._models.values())

    def find(self, kind: str) -> DocumentModel | None:
        """Return the model of a kind, or None if no service keeps such documents."""
        head, space, _ = kind.partition(" ")
        return self._models.get(kind) or self._models.get(head + space)
