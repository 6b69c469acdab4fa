"""Read contract files: JSON, rows, and dataclasses made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from emulator.json_types import JsonObject, loads

_T = TypeVar("_T")


class ContractError(Exception):
    """A contract file cannot be used; the message names the file and says what is wrong."""


def service_folders(folder: Path) -> list[Path]:
    """Return the folders of services, in the order of reading."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "schema")


@contextmanager
def of_the_form(folder: Path) -> Iterator[None]:
    """Raise a ContractError for whatever else reading a file of another form raises."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ContractError(f"{folder}: not of the form of a contract: {reason}") from error


@cache
def _members(kind: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of a dataclass's fields, and of those that are tuples."""
    known = fields(kind)
    tuples = (item.name for item in known if str(item.type).startswith("tuple"))
    return frozenset(item.name for item in known), frozenset(tuples)


def build(kind: type[_T], raw: JsonObject, path: Path) -> _T:
    """Make a dataclass of a JSON object; lists become tuples where the definition has them.

    Raises:
        ContractError: The object has not the members of the definition.
    """
    return make(kind, arguments(kind, raw), path)


def make(kind: type[_T], values: JsonObject, path: Path) -> _T:
    """Make a dataclass of its arguments.

    Raises:
        ContractError: They are not those of the definition.
    """
    try:
        return kind(**values)
    except TypeError as error:
        names, _ = _members(cast(Hashable, kind))
        said = sorted(set(values) - names) or error
        raise ContractError(f"{path}: {values.get('id', kind.__name__)}: {said}") from error


def arguments(kind: type[Any], raw: JsonObject) -> JsonObject:
    """Return a JSON object's members as a dataclass takes them."""
    _, tuples = _members(cast(Hashable, kind))
    lists = tuples & raw.keys()
    if not lists:
        return raw
    made = ((name, raw[name]) for name in lists)
    return {**raw, **{name: tuple(row) if isinstance(row, list) else row for name, row in made}}


def rows_of(path: Path) -> list[JsonObject]:
    """Read a list of objects; a file that is not there has none.

    Raises:
        ContractError: The file is not JSON, or something else.
    """
    if not path.is_file():
        return []
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractError(f"{path}: expected a list of objects")
    return rows


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ContractError: The file is not JSON.
    """
    try:
        return loads(path.read_bytes())
    except ValueError as error:
        raise ContractError(f"{path}: {error}") from error
