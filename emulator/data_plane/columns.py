"""Columns of flat files as the fields of a schema: `person.name.firstName` or with slashes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from emulator.data_plane.readers import Row
from emulator.json_types import JsonObject

_STEP = re.compile(r"[./]")


def nested_rows(rows: Iterable[Row], fields: Collection[str]) -> Iterator[Row]:
    """Yield rows whose columns are nested where their names are paths.

    A column is a path if it is no field of the schema itself but its first step is one. Values that
    are not there are left out, so that no empty object comes to be.

    Args:
        rows: Rows of a flat file.
        fields: The names of the schema's fields at its root.
    """
    paths: dict[str, list[str]] = {}
    for row in rows:
        if row.corrupt:
            yield row
            continue
        nested: JsonObject = {}
        for name, value in row.value.items():
            if value is None:
                continue
            steps = paths.get(name)
            if steps is None:
                steps = paths[name] = _steps(name, fields)
            _put(nested, steps, value)
        yield Row(row.number, nested)


def _steps(name: str, fields: Collection[str]) -> list[str]:
    steps = [step for step in _STEP.split(name) if step]
    return steps if name not in fields and steps and steps[0] in fields else [name]


def _put(row: JsonObject, steps: list[str], value: object) -> None:
    place = row
    for step in steps[:-1]:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):  # another column has said that this is a plain value
            inner = place[step] = {}
        place = inner
    place[steps[-1]] = value
