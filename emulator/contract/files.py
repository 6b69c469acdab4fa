"""The form of contract files: which there are, what is wrong with one, and their JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator.contract.model import (
    Answer,
    Convention,
    Document,
    EditionEntry,
    Mute,
    Operation,
    ProblemEntry,
    Resource,
    Rule,
)
from emulator.contract.reading import ContractError, read_json
from emulator.form_errors import form_errors
from emulator.json_types import JsonObject

FILES: dict[str, Any] = {
    "documents.json": Document,
    "editions.json": EditionEntry,
    "errors.json": ProblemEntry,
    "answers.json": Answer,
    "operations.json": Operation,
    "resources.json": Resource,
    "mutes.json": Mute,
    "conventions.json": Convention,
    "rules": Rule,
}
"""What each file (or the files of the folder `rules`) holds a list of."""

ROW_MEMBERS = ("operations", "before", "after")
"""What a row says of all rules that are made of it, beside the members of `Rule`."""


@dataclass(frozen=True)
class OperationsFile:
    """What an `operations.json` says beside its operations."""

    service: str
    basePath: str  # noqa: N815 - the file's own word
    operations: list[Any]
    title: str = ""
    pathAliases: dict[str, str] = field(default_factory=dict)  # noqa: N815
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012


@dataclass(frozen=True)
class ResourcesFile:
    """`without` has the operations that are about no resource, each with the reason."""

    resources: list[Any]
    without: dict[str, str] = field(default_factory=dict)
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012


HEADS: dict[Any, tuple[str, Any]] = {
    Operation: ("operations", OperationsFile),
    Resource: ("resources", ResourcesFile),
}
"""Files that are an object: the member that holds the list, and the form of the object."""


def check_files(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file of a contract folder that is not of its form."""
    for path in sorted(folder.rglob("*.json")):
        if {"schema", "responses"} & {*path.relative_to(folder).parts[:-1]}:
            continue
        kind = FILES.get("rules" if path.parent.name == "rules" else path.name)
        if kind is None:
            known = ", ".join([*(name for name in FILES if name != "rules"), "rules/*.json"])
            yield f"{path}: a contract folder has no such file; it may have {known}"
            continue
        yield from _check_file(path, kind)


def _check_file(path: Path, kind: Any) -> Iterator[str]:
    try:
        rows = read_json(path)
    except ContractError as error:
        yield str(error)
        return
    if kind in HEADS:
        list_name, head = HEADS[kind]
        try:
            TypeAdapter(head).validate_python(rows)
        except ValidationError as error:
            yield from (f"{path}: {complaint}" for complaint in form_errors(error))
            return
        rows = rows.get(list_name)
    if not isinstance(rows, list):
        yield f"{path}: expected a list"
        return
    adapter = TypeAdapter(kind)
    for number, row in enumerate(rows):
        try:
            adapter.validate_python(_single(row) if kind is Rule else row)
        except ValidationError as error:
            for complaint in form_errors(error):
                yield f"{path}: {_name(row, number)}: {complaint}"


def _name(row: Any, number: int) -> str:
    """Return how an author finds a row: its id, or its place in the file, from 0."""
    names = (
        (row.get(key) for key in ("id", "rule", "name", "aspect")) if isinstance(row, dict) else ()
    )
    return next((name for name in names if isinstance(name, str)), f"row {number}")


def _single(row: Any) -> Any:
    """Return a rule's row as one of the rules that are made of it."""
    if not isinstance(row, dict):
        return row
    rest = {name: value for name, value in row.items() if name not in ROW_MEMBERS}
    if "operations" in row:
        rest["operation"] = (row["operations"] or [""])[0]
    return rest


def schemas() -> dict[str, JsonObject]:
    """Return the JSON Schemas of the contract's files, derived from their definitions."""
    made: dict[str, JsonObject] = {}
    for file, kind in FILES.items():
        rows = TypeAdapter(list[kind]).json_schema()  # type: ignore[valid-type]
        definitions = rows.pop("$defs")
        row = definitions[kind.__name__]
        if kind is Rule:
            _add_row_members(row)
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


def _add_row_members(row: JsonObject) -> None:
    row["properties"]["operations"] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    row["properties"] |= {"before": {"type": "string"}, "after": {"type": "string"}}
    row["required"].remove("operation")
    row["oneOf"] = [{"required": ["operation"]}, {"required": ["operations"]}]


def _under_a_head(rows: JsonObject, list_name: str, head: Any) -> JsonObject:
    schema: JsonObject = TypeAdapter(head).json_schema()
    schema["properties"][list_name] = rows
    return {name: value for name, value in schema.items() if name not in ("title", "description")}
