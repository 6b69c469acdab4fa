"""Checks that ask a service a question: a fact, named `service.function`, of some arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract.checks.reason import Reason, shown
from emulator.json_types import Json, JsonObject, at

if TYPE_CHECKING:
    from emulator.contract.lookup import Lookup


def holds(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A fact is so, neither false nor null: `fact` and `of` as in `ask`.

    `reason` says why not, and `values` (name -> text) fill the problem's texts: `{0}`, `{1}`…
    stand for the fact's arguments; without `values` the first one is the problem's `{id}`.
    """
    of = fact_arguments(value, arguments, lookup)
    answer = None if of is None else lookup.ask(arguments["fact"], *of)
    if of is not None and (answer is None or answer is False):
        texts = arguments.get("values", {"id": "{0}"})
        values = {name: text.format(*of) for name, text in texts.items()}
        yield Reason(arguments["reason"].format(*map(shown, of)), values=values)


def free_of(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A fact tells of no fault: `fact` and `of` as in `ask`.

    A fault is an object with a `reason`, and `values` that fill the problem's texts. With `fault`
    only a fault of that name in the object's `fault` counts.
    """
    found = ask(value, arguments, lookup) or {}
    fault = found.get("fault")
    if "reason" in found and arguments.get("fault", fault) == fault:
        yield Reason(found["reason"], values=found.get("values", {}))


def ask(value: Json, arguments: JsonObject, lookup: Lookup) -> Json:
    """Return what the fact `fact` is of the values at the pointers `of`; None if one is missing.

    A pointer that begins with `.` is below the judged value, others are into the request; without
    `of`, the judged value itself is the only argument.
    """
    of = fact_arguments(value, arguments, lookup)
    return None if of is None else lookup.ask(arguments["fact"], *of)


def fact_arguments(value: Json, arguments: JsonObject, lookup: Lookup) -> list[Json] | None:
    """Return the texts at the pointers `of`, or the whole query; None if one is neither."""
    of = [pointed(pointer, value, lookup) for pointer in arguments.get("of", ["."])]
    query = lookup.request.get("query")
    return of if all(isinstance(item, str) or item is query for item in of) else None


def pointed(pointer: str, value: Json, lookup: Lookup) -> Json:
    """Return what a pointer names: below the judged value after `.`, else in the request."""
    return at(value, pointer[1:]) if pointer.startswith(".") else at(lookup.request, pointer)
