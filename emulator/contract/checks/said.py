"""What a JSON Schema validator finds wrong, in words for people who do not read JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterable

import jsonschema_rs

from emulator.json_types import Json, short_json

MAX_WORDS = 16
"""How many words are listed of those that a pattern accepts."""

_ANY_CASE = re.compile(r"\[([A-Za-z])([A-Za-z])\]")
_WORDS = re.compile(r"\^\((?:\?i:)?([\w.|-]+)\)\$")
_FROM_ONE = re.compile(r"\^0\*\[1-9\]\[0-9\]\{0,\d+\}\$")
_FROM_ZERO = re.compile(r"\^\[0-9\]\{1,\d+\}\$")


def said(error: jsonschema_rs.ValidationError) -> str:
    """Return what an error says: the commonest in plain words, others as the validator has it."""
    kind, value = error.kind, short_json(error.instance)
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
        return f"{value} is not allowed here"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Not):
        return _forbidden(kind.schema) or f"{value} is not allowed here"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        return _none_of(kind.context) or f"{value} has none of the forms that are allowed here"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Pattern):
        unlike = _unlike(kind.pattern)
        return f"{value} {unlike}" if unlike else error.message
    return error.message


def _forbidden(schema: Json) -> str:
    """Return which members must not be there, if a forbidden schema is about no more than that."""
    if not isinstance(schema, dict) or set(schema) != {"required"}:
        return ""
    names = [short_json(name) for name in schema["required"]]
    together = "is not allowed here" if len(names) == 1 else "are not allowed together"
    return f"{' and '.join(names)} {together}"


def _none_of(branches: Iterable[Iterable[jsonschema_rs.ValidationError]]) -> str:
    """Return which members are missing, if each of several forms lacks no more than members."""
    forms = []
    for errors in branches:
        names = [getattr(error.kind, "property", None) for error in errors]
        if not all(isinstance(name, str) for name in names) or any(
            error.instance_path for error in errors
        ):
            return ""
        forms.append(" and ".join(short_json(name) for name in names))
    return f"what is missing is {' or '.join(dict.fromkeys(forms))}"


def _unlike(pattern: str) -> str:
    """Return what a text is not that does not match a pattern of words, or of numbers."""
    if _FROM_ONE.fullmatch(pattern):
        return "is not a whole number from 1 on"
    if _FROM_ZERO.fullmatch(pattern):
        return "is not a whole number from 0 on"
    plain = _ANY_CASE.sub(lambda pair: pair[2] if pair[1].lower() == pair[2] else pair[0], pattern)
    found = _WORDS.fullmatch(plain)
    words = found[1].split("|") if found else []
    if not 0 < len(words) <= MAX_WORDS:
        return ""
    *shown, last = (short_json(word) for word in words)
    return f"is not one of {', '.join(shown)} or {last}" if shown else f"is not {last}"
