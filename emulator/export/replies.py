"""The responses of operations for OpenAPI, and the schemas that they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from emulator.contract.judge import Edition
from emulator.contract.model import BODY, Operation
from emulator.contract.responses import Responses
from emulator.export.requests import rules_of
from emulator.json_types import Json, JsonObject

_ALWAYS = ("platform.unreadable", "platform.unknown_edition")
"""Problems of any call that are found before rules are judged."""

JSON_TYPE = "application/json"


class Replies:
    """Makes the responses of operations; `schemas` collects the components that they refer to."""

    def __init__(self, edition: Edition, responses: Responses) -> None:
        self._edition = edition
        self._responses = responses
        self.schemas: dict[str, Json] = {}

    def of(self, operation: Operation) -> JsonObject:
        """Return an operation's responses by status: successes, then refusals."""
        made = self._successes(operation) if operation.emulated else {}
        for status, problems in sorted(self._problems(operation).items()):
            made[str(status)] = self._refusal(operation, status, problems)
        return made

    def _successes(self, operation: Operation) -> JsonObject:
        if not operation.response:
            return {"204": {"description": _phrase(204)}}
        made: JsonObject = {}
        for status, schema in self._responses.by_status(operation.response).items():
            name = f"{operation.response}.{status}"
            self._add(name, schema)
            made[status] = {"description": _phrase(int(status)), "content": _content([name])}
        return made

    def _add(self, name: str, schema: Json) -> None:
        """Add a schema to the components, and each of its definitions as a component of its own."""
        if not isinstance(schema, dict) or name in self.schemas:
            return
        rest = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
        self.schemas[name] = _referring(rest, name)
        for part, definition in schema.get("$defs", {}).items():
            self.schemas[f"{name}.{part}"] = _referring(definition, name)

    def _problems(self, operation: Operation) -> dict[int, list[str]]:
        """Return by status the problems that a call of an operation can end with."""
        found: dict[int, list[str]] = {}
        for id in dict.fromkeys(self._ids(operation)):
            entry = self._edition.problem(id, operation.service)
            found.setdefault(entry.status, []).append(id)
        return found

    def _ids(self, operation: Operation) -> Iterator[str]:
        yield from _ALWAYS
        if not operation.emulated:
            yield "platform.not_emulated"
            return
        if "{" in operation.path:
            # An id with a slash in it makes another path.
            yield "platform.unknown_path"
        for rule in (*rules_of(self._edition, operation), *self._edition.rules_of(BODY)):
            yield rule.problem

    def _refusal(self, operation: Operation, status: int, problems: list[str]) -> JsonObject:
        shapes = {self._edition.envelope(id, operation.service) for id in problems}
        names = [f"error.{shape}" for shape in sorted(shapes)]
        for shape, name in zip(sorted(shapes), names, strict=True):
            self._add(name, self._responses.by_status("platform.envelopes")[shape])
        entries = [self._edition.problem(id, operation.service) for id in problems]
        titles = dict.fromkeys(entry.title or entry.detail for entry in entries)
        return {
            "description": f"{_phrase(status)}: {'; '.join(titles)}",
            "content": _content(names),
            "x-problems": problems,
        }


def _content(names: list[str]) -> JsonObject:
    references = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {JSON_TYPE: {"schema": schema}}


def _referring(schema: Json, name: str) -> Json:
    """Return a schema whose references to its own definitions lead to components."""
    if isinstance(schema, list):
        return [_referring(item, name) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: JsonObject = {}
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str) and value.startswith("#/$defs/"):
            made[key] = f"#/components/schemas/{name}.{value.removeprefix('#/$defs/')}"
        elif key != "$schema":
            made[key] = _referring(value, name)
    return made


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
