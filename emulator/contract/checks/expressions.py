"""Checks of the mapping language's expressions, by the compiler that also runs them."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject


def expression(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """An expression is free of a fault: of its `form`, or of `reserved` names in it.

    The judged value is the expression, or an object with it under the first of `fields` that it
    has. Such an object is judged where its members are as `where` (name -> values) says, and then
    only if its expression is not empty, because a mapping may have none. `words` names the list of
    reserved words; with `functions` the names of functions are reserved instead.
    What has the first fault is not searched for the second, and neither is what is too long, which
    is a rule of its own.
    """
    pointer, text = _text(value, arguments)
    if text is None:
        return
    # A parser library stands behind this import, which the start must not pay for.
    from emulator.mapping import MAX_LENGTH, RESERVED_LISTS, validate

    if len(text) > MAX_LENGTH:
        return
    error = validate(text, RESERVED_LISTS["none"])
    if arguments["fault"] == "reserved" and error is None:
        words = RESERVED_LISTS[arguments.get("words", "none")]
        error = validate(text, words, names_are_reserved=bool(arguments.get("functions")))
    elif arguments["fault"] == "reserved":
        error = None
    if error is not None:
        yield Reason(str(error), at=pointer, values={"value": text})


def _text(value: Json, arguments: JsonObject) -> tuple[str, str | None]:
    """Return where the expression is below the value and what it is, None if there is none."""
    if isinstance(value, str):
        return "", value
    if not isinstance(value, dict):
        return "", None
    wanted = arguments.get("where", {})
    field = next((name for name in arguments.get("fields", ()) if name in value), None)
    if field is None or any(value.get(name) not in of for name, of in wanted.items()):
        return "", None
    text = value[field]
    is_judged = isinstance(text, str) and (text or not wanted)
    return f"/{field}", text if is_judged else None
