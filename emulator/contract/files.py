"""The form of contract files: which there are, what is wrong with one, and their JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator.contract.case_files import named_cases
from emulator.contract.model import (
    STRICT,
    Answer,
    Cases,
    Convention,
    Document,
    EditionEntry,
    Mute,
    Neighbour,
    Operation,
    ProblemEntry,
    Rule,
    Subject,
)
from emulator.contract.reading import ContractError, read_json
from emulator.contract.reply_cases import ReplyCase, Step
from emulator.contract.resources import Resource
from emulator.form_errors import form_errors
from emulator.json_types import JsonObject

FILES: dict[str, Any] = {
    "documents.json": Document,
    "editions.json": EditionEntry,
    "subjects.json": Subject,
    "neighbours.json": Neighbour,
    "errors.json": ProblemEntry,
    "answers.json": Answer,
    "operations.json": Operation,
    "resources.json": Resource,
    "mutes.json": Mute,
    "conventions.json": Convention,
    "replies.json": ReplyCase,
    "rules": Rule,
    "cases": Cases,
}
"""What each file, or those of a folder, holds a list of; cases are an object, by name."""

FOLDERS = ("rules", "cases")


@dataclass(frozen=True)
class OperationsFile:
    """What an `operations.json` says beside its operations."""

    service: str
    basePath: str  # noqa: N815 - the file's own word
    operations: list[Any]
    title: str = ""
    pathAliases: dict[str, str] = field(default_factory=dict)  # noqa: N815
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class ResourcesFile:
    """`without` has the operations that are about no resource, each with the reason."""

    resources: list[Any]
    without: dict[str, str] = field(default_factory=dict)
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class RepliesFile:
    """`preparations` has calls by name, which reply cases of any service may ask for first."""

    replies: list[Any]
    preparations: dict[str, list[Step]] = field(default_factory=dict)
    __pydantic_config__ = STRICT


HEADS: dict[Any, tuple[str, Any]] = {
    Operation: ("operations", OperationsFile),
    Resource: ("resources", ResourcesFile),
    ReplyCase: ("replies", RepliesFile),
}
"""Files that are an object: the member that holds the list, and the form of the object."""


def check_files(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file of a contract folder that is not of its form."""
    for path in sorted(folder.rglob("*.json")):
        if {"schema", "responses"} & {*path.relative_to(folder).parts[:-1]}:
            continue
        kind = FILES.get(path.parent.name if path.parent.name in FOLDERS else path.name)
        if kind is None:
            names = (f"{name}/*.json" if name in FOLDERS else name for name in FILES)
            yield f"{path}: a contract folder has no such file; it may have {', '.join(names)}"
            continue
        try:
            content = read_json(path)
        except ContractError as error:
            yield str(error)
            continue
        for complaint in _check_rows(content, kind):
            yield f"{path}: {complaint}"
        if kind is Cases and isinstance(content, dict):
            yield from _unasked_cases(path, content)
        if kind in (Rule, Convention) and isinstance(content, list):
            yield from _missing_cases(path, content)


def _missing_cases(path: Path, rows: list[Any]) -> Iterator[str]:
    for row in rows:
        if isinstance(row, dict) and isinstance(name := row.get("cases"), str):
            try:
                named_cases(name, path)
            except ContractError as error:
                yield str(error)


def _unasked_cases(path: Path, content: JsonObject) -> Iterator[str]:
    places = (path.parent.parent / "rules" / path.name, path.parent.parent / path.name)
    rows = [row for place in places if place.is_file() for row in read_json(place)]
    asked = {row["cases"] for row in rows if isinstance(row.get("cases"), str)}
    yield from (f"{path}: {name}: no rule has these cases" for name in content if name not in asked)


def _check_rows(content: Any, kind: Any) -> Iterator[str]:
    if kind in HEADS:
        list_name, head = HEADS[kind]
        try:
            TypeAdapter(head).validate_python(content)
        except ValidationError as error:
            yield from form_errors(error)
            return
        content = content.get(list_name)
    rows: Iterable[tuple[str, Any]]
    if kind is Cases and isinstance(content, dict):
        rows = content.items()
    elif kind is not Cases and isinstance(content, list):
        rows = ((_name(row, number), row) for number, row in enumerate(content))
    else:
        yield f"expected {'an object' if kind is Cases else 'a list'}"
        return
    adapter = TypeAdapter(kind)
    for name, row in rows:
        try:
            adapter.validate_python(_single(row, kind))
        except ValidationError as error:
            for complaint in form_errors(error):
                yield f"{name}: {complaint}"


def _name(row: Any, number: int) -> str:
    """Return how an author finds a row: its id, or its place in the file, from 0."""
    names = (
        (row.get(key) for key in ("id", "rule", "name", "aspect")) if isinstance(row, dict) else ()
    )
    return next((name for name in names if isinstance(name, str)), f"row {number}")


def _single(row: Any, kind: Any) -> Any:
    """Return a row as one of what is made of it: a rule of several, with its cases in it."""
    if kind not in (Rule, Convention, ReplyCase) or not isinstance(row, dict):
        return row
    rest = dict(row)
    if isinstance(rest.get("cases"), str):
        del rest["cases"]  # `contract.checkup` looks for them
    if kind in (Rule, ReplyCase) and "operations" in row:
        rest["operation"] = (rest.pop("operations") or [""])[0]
    return rest


def schemas() -> dict[str, JsonObject]:
    """Return the JSON Schemas of the contract's files, derived from their definitions."""
    made: dict[str, JsonObject] = {}
    for file, kind in FILES.items():
        form: Any = dict[str, Cases] if kind is Cases else list[kind]  # type: ignore[valid-type]
        rows = TypeAdapter(form).json_schema()
        definitions = rows.pop("$defs")
        row = definitions[kind.__name__]
        if kind in (Rule, Convention):
            row["properties"]["cases"] = {"anyOf": [{"$ref": "#/$defs/Cases"}, {"type": "string"}]}
        if kind in (Rule, ReplyCase):
            _let_several_operations(row)
        if kind is Operation:
            for name in ("service", "base_path"):  # said once, in the head
                del row["properties"][name]
        if kind in HEADS:
            rows = _under_a_head(rows, *HEADS[kind])
        made[f"{file.removesuffix('.json')}.schema.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{file} of a contract folder",
            **rows,
            "$defs": definitions,
        }
    return made


def _let_several_operations(row: JsonObject) -> None:
    row["properties"]["operations"] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    row["required"].remove("operation")
    row["oneOf"] = [{"required": ["operation"]}, {"required": ["operations"]}]


def _under_a_head(rows: JsonObject, list_name: str, head: Any) -> JsonObject:
    schema: JsonObject = TypeAdapter(head).json_schema()
    schema["properties"][list_name] = rows
    return {name: value for name, value in schema.items() if name not in ("title", "description")}
