"""The gate's memory: headers that have passed its rules pass at once the next time.

Which headers those are follows from the rules in force, a house's own included. Where a rule looks
at anything else, or its answer may change, every request is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract.model import GATE, Rule
from emulator.json_types import Json, JsonObject

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding
    from emulator.web.lookup import BoundLookup

MAX_PASSED = 1024
"""How many combinations of headers are remembered."""

_SETTLED = ("gateway.api_key", "gateway.organization", "ims.token")
"""Facts that follow from the settings alone, as long as any token is accepted."""

_SANDBOX = "/headers/x-sandbox-name"
_SUBSCHEMAS = ("not", "if", "then", "else")
_BRANCHES = ("allOf", "anyOf", "oneOf")

Passed = tuple[str | bool | None, ...]


class GateMemory:
    """Remembers which headers passed the gate of one emulator, whose tokens are all accepted."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...] | None] = {}
        self._passed: set[Passed] = set()

    def knows(self, edition: Edition, lookup: BoundLookup) -> bool:
        """Tell whether a request's headers have passed before and would pass again."""
        passed = self._key(edition, lookup)
        if passed not in self._passed:
            return False
        # A sandbox may have been deleted since.
        name = lookup.scope.sandbox.name
        return not name or lookup.find("sandbox", name) is not None

    def learn(self, edition: Edition, lookup: BoundLookup, findings: list[Finding]) -> None:
        """Remember the headers of a request on which the gate's rules have these findings."""
        passed = self._key(edition, lookup)
        if passed is None or findings:
            return
        if len(self._passed) >= MAX_PASSED:
            self._passed.clear()
        self._passed.add(passed)

    def _key(self, edition: Edition, lookup: BoundLookup) -> Passed | None:
        """Return all that the gate's rules read of a request; None if that is unknown."""
        try:
            names = self._names[edition.name]
        except KeyError:
            names = self._names[edition.name] = gate_headers(edition)
        if names is None:
            return None
        request = lookup.request
        return (edition.name, "sandboxless" in request, *map(request["headers"].get, names))


def gate_headers(edition: Edition) -> tuple[str, ...] | None:
    """Return the names of the headers that the gate's rules look at, in lower case.

    None if a rule looks at anything else, or at what may change between two requests.
    """
    names: set[str] = set()
    for rule in edition.rules_of(GATE):
        for path in _looked_at(rule):
            match path:
                case ("headers", name, *_):
                    names.add(name)
                case ("sandboxless", *_):
                    pass
                case _:
                    return None
    return tuple(sorted(names))


def _looked_at(rule: Rule) -> Iterator[tuple[str, ...]]:
    """Yield the places of the request document that a rule's outcome depends on."""
    from emulator.contract.judge import schema_of_request  # the start does without its checks

    (check, arguments), *_ = rule.check.items()
    if check == "nothing":
        return
    if check == "schema":
        yield from _places(schema_of_request(rule, arguments), ())
    elif _is_settled(check, arguments, rule.at):
        yield from _places(schema_of_request(rule, {"const": None}), ())
    else:
        yield ()


def _is_settled(check: str, arguments: JsonObject, at: str) -> bool:
    """Tell whether a check of one header comes out the same until a sandbox is deleted."""
    if check == "holds":
        return arguments["fact"] in _SETTLED and "of" not in arguments
    return check == "refers_to" and arguments.get("kind") == "sandbox" and at == _SANDBOX


def _places(schema: Json, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the places that a JSON Schema of the value `at` looks at: `at` itself if all of it."""
    for keyword, value in schema.items() if isinstance(schema, dict) else ():
        if keyword == "properties":
            for name, inner in value.items():
                yield from _places(inner, (*at, name))
        elif keyword == "required":
            yield from ((*at, name) for name in value)
        elif keyword in _BRANCHES:
            for inner in value:
                yield from _places(inner, at)
        elif keyword in _SUBSCHEMAS:
            yield from _places(value, at)
        else:
            yield at
