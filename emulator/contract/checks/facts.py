"""Checks that ask a service a question: a fact, named `service.function`, of some arguments."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask, fact_arguments
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, short_json


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
        yield Reason(arguments["reason"].format(*map(short_json, of)), values=values)


def free_of(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A fact tells of no fault: `fact` and `of` as in `ask`.

    A fault is an object with a `reason`, and `values` that fill the problem's texts. With `fault`
    only a fault of that name in the object's `fault` counts.
    """
    found = ask(value, arguments, lookup) or {}
    fault = found.get("fault")
    if "reason" in found and arguments.get("fault", fault) == fault:
        yield Reason(found["reason"], values=found.get("values", {}))
