"""Templates by which one of several requests uses what an earlier one answered: `<<first.id>>`.

Source: "Catalog Service API guide", several requests in one call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from emulator.json_types import MISSING, Json, JsonObject, dotted

_TEMPLATE = re.compile(r"<<([^<>.]+)\.([^<>]+)>>")


def names(value: Json) -> Iterator[str]:
    """Yield the ids of the requests that the templates in a JSON value name."""
    if isinstance(value, str):
        for match in _TEMPLATE.finditer(value):
            yield match[1]
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from names(child)


def fill(value: Json, answers: Mapping[str, Json]) -> Json:
    """Return a JSON value with its templates replaced by attributes of the answers they name.

    A text that is nothing but a template becomes the attribute itself, a number for one. What an
    answer does not have stays as it is written.
    """
    if isinstance(value, dict):
        return {name: fill(item, answers) for name, item in value.items()}
    if isinstance(value, list):
        return [fill(item, answers) for item in value]
    if not isinstance(value, str):
        return value
    whole = _TEMPLATE.fullmatch(value)
    if whole:
        found = _attribute(whole, answers)
        return value if found is MISSING else found
    return _TEMPLATE.sub(lambda match: _text(match, answers), value)


def _text(match: re.Match[str], answers: Mapping[str, Json]) -> str:
    found = _attribute(match, answers)
    return match[0] if found is MISSING else str(found)


def _attribute(match: re.Match[str], answers: Mapping[str, Json]) -> Json:
    return dotted(attributes(answers.get(match[1])), match[2])


def attributes(answer: Json) -> JsonObject:
    """Return what of an answer has a name.

    A reference such as `@/dataSets/5be2` alone has its last step as `id`; a single object under its
    id has its own members and `id`.
    """
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], str):
        return {"id": answer[0].rpartition("/")[2]}
    if not isinstance(answer, dict):
        return {}
    (id, only) = next(iter(answer.items())) if len(answer) == 1 else ("", None)
    return {"id": id, **only} if isinstance(only, dict) else answer
