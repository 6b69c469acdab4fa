"""Checks that ask a service a question: a fact, named `service.function`, of some arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract.checks.reason import Reason
from emulator.json_types import MISSING, Json, JsonObject, at

if TYPE_CHECKING:
    from emulator.contract.lookup import Lookup


def holds(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A fact is so.

    Arguments: `fact` and `of` as in `ask`; `reason` is why not, and `values` (name -> text) fill
    the problem's texts: `{0}`, `{1}`… stand for the fact's arguments.
    """
    of = fact_arguments(value, arguments, lookup)
    if of is not None and not lookup.ask(arguments["fact"], *of):
        texts = arguments.get("values", {"id": "{0}"})
        values = {name: text.format(*of) for name, text in texts.items()}
        yield Reason(arguments["reason"].format(*of), values=values)


def ask(value: Json, arguments: JsonObject, lookup: Lookup) -> Json:
    """Return what the fact `fact` is of the values at the pointers `of`; None if one is missing.

    A pointer that begins with `.` is below the judged value, others are into the request; without
    `of`, the judged value itself is the only argument.
    """
    of = fact_arguments(value, arguments, lookup)
    return None if of is None else lookup.ask(arguments["fact"], *of)


def fact_arguments(value: Json, arguments: JsonObject, lookup: Lookup) -> list[Json] | None:
    """Return the values at the pointers `of`, or None if one of them is missing."""
    of = [pointed(pointer, value, lookup) for pointer in arguments.get("of", ["."])]
    return None if MISSING in of else of


def pointed(pointer: str, value: Json, lookup: Lookup) -> Json:
    """Return what a pointer names: below the judged value after `.`, else in the request."""
    return at(value, pointer[1:]) if pointer.startswith(".") else at(lookup.request, pointer)
