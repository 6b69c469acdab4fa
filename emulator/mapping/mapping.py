"""A mapping set, compiled: rows in, records and the failed transformations out.

A failed transformation leaves its attribute null and is noted; the row goes on (documented). What a
set's flag `allowNullValues` means is not documented: without it nulls are left out of the record,
with it they are written (assumed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from emulator.clock import Clock
from emulator.json_types import Json, JsonObject
from emulator.mapping.compiler import compile_expression
from emulator.mapping.context import Context
from emulator.mapping.conversion import Lost, converter
from emulator.mapping.destinations import Destination, destination
from emulator.mapping.errors import FAILURES, MappingError, reason_of
from emulator.mapping.parser import RESERVED
from emulator.mapping.paths import Each, Read, Step, column, parse_steps, reader
from emulator.mapping.regexes import given_up

ATTRIBUTE = "text/x.schema-path"
EXPRESSION = "text/x.aep-xl"
STATIC = "text/plain"
_KINDS = {"ATTRIBUTE": ATTRIBUTE, "EXPRESSION": EXPRESSION, "STATIC": STATIC}
"""What requests call the kinds of a source; both names are understood."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One transformation that failed: its attribute is null, the others are not touched."""

    destination: str
    column: str | None
    """The path of the source data that it began from, None if it reads none."""

    expression: str
    """The mapping's source as it was written."""

    source_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a row became. The record is JSON and shares nothing with the row."""

    record: JsonObject
    errors: list[Failure]


@dataclass(frozen=True, slots=True)
class Origin:
    """A mapping as it is stored, and the paths of the source data that it reads."""

    destination: str
    source: str
    source_type: str
    attributes: tuple[str, ...] = ()

    def failure(self, reason: str) -> Failure:
        """Return that this mapping failed."""
        column = self.attributes[0] if self.attributes else None
        return Failure(self.destination, column, self.source, self.source_type, reason)


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled mapping that can succeed."""

    origin: Origin
    read: Read
    target: Destination
    overlaps: bool = False
    """Whether another mapping copies an object that the destination lies in."""

    def carry_out(
        self, row: JsonObject, context: Context, record: JsonObject, errors: list[Failure]
    ) -> None:
        """Carry out this mapping for a row; what fails is noted in `errors`."""
        lost: Lost = []
        try:
            if self.overlaps or self.target.nulls:
                self.target.clear(record)
            self.target.write(record, self.read(row, context), lost)
        except FAILURES as failure:
            errors.append(self.origin.failure(reason_of(failure)))
        if lost:
            errors.extend(self.origin.failure(reason) for reason in lost)


class CompiledMapping:
    """A mapping set, ready for rows, which may be mapped in any order.

    Its only state is how often it has given a regular expression up.
    """

    def __init__(self, compiled: Sequence[Rule | Failure], clock: Clock, seed: str) -> None:
        self.faults = tuple(one if isinstance(one, Failure) else None for one in compiled)
        """For each mapping, in the set's order, why it can never succeed, or None."""

        self._broken = [fault for fault in self.faults if fault]
        self.attributes = tuple(
            dict.fromkeys(
                path for one in compiled if isinstance(one, Rule) for path in one.origin.attributes
            )
        )
        """The paths of the source data that all but the `faults` read."""

        self._rules = _in_order([one for one in compiled if isinstance(one, Rule)])
        self._clock = clock
        self._seed = seed
        self._given_up: Counter[str] = Counter()

    def apply(self, row: JsonObject, number: int = 0) -> Mapped:
        """Return what a row becomes; this never raises. A broken mapping fails at every row.

        Args:
            row: The source data: a row of a flat file, or a JSON object. It is not changed.
            number: The row's number. Invented values such as `uuid()` are a function of it.
        """
        record: JsonObject = {}
        errors = self._broken.copy()
        context = Context(self._clock, self._seed, number, row)
        given_up.set(self._given_up)
        for rule in self._rules:
            rule.carry_out(row, context, record, errors)
        return Mapped(record, errors)

    def over(self, rows: Iterable[JsonObject], first: int = 0) -> Iterator[Mapped]:
        """Yield what each row becomes; the rows are numbered from `first`."""
        for number, row in enumerate(rows, first):
            yield self.apply(row, number)


def compile_mapping_set(
    mappings: Sequence[JsonObject],
    *,
    clock: Clock,
    seed: str = "",
    schema: JsonObject | None = None,
    nulls: bool = False,
    reserved: frozenset[str] = RESERVED,
) -> CompiledMapping:
    """Compile a mapping set; a mapping that cannot be compiled is one of its `faults`.

    Args:
        mappings: Objects with `sourceType`, `source` and `destination`, as they are stored.
        clock: What `now()` and `timestamp()` tell.
        seed: What `uuid()` draws from; the same seed and rows give the same records.
        schema: The resolved XDM schema that records are made for. Without it, or where it lacks a
            field, values keep their types.
        nulls: The set's flag `allowNullValues`.
        reserved: Names that no attribute may have unwrapped in expressions.
    """
    compiled = [_compiled(one, schema, nulls=nulls, reserved=reserved) for one in mappings]
    return CompiledMapping(compiled, clock, seed)


def _compiled(
    mapping: JsonObject, schema: JsonObject | None, *, nulls: bool, reserved: frozenset[str]
) -> Rule | Failure:
    source, path = mapping.get("source"), mapping.get("destination")
    sent = str(mapping.get("sourceType") or ATTRIBUTE)
    kind = _KINDS.get(sent, sent)
    origin = Origin(str(path or ""), "" if source is None else str(source), kind)
    try:
        if not isinstance(path, str) or not path:
            raise MappingError("the mapping has no destination")
        steps = parse_steps(path)
        convert = converter(_field(schema, steps), nulls=nulls)
        target = destination(steps, convert, nulls=nulls)
        read, attributes = _source(kind, source, reserved)
    except MappingError as error:
        return origin.failure(str(error))
    return Rule(replace(origin, attributes=attributes), read, target)


def _source(kind: str, source: Json, reserved: frozenset[str]) -> tuple[Read, tuple[str, ...]]:
    """Return how a mapping reads its value, and the paths of the source data that it reads.

    Raises:
        MappingError: The source, or its kind, cannot be understood.
    """
    if kind == STATIC:
        return lambda row, context: source, ()
    if kind not in (ATTRIBUTE, EXPRESSION):
        raise MappingError(f"{kind!r} is not a type of source")
    if not isinstance(source, str) or not source:
        raise MappingError("the mapping has no source")
    if kind == EXPRESSION:
        expression = compile_expression(source, reserved)
        return expression.read, expression.attributes
    try:
        return reader(parse_steps(source), source), (source,)
    except MappingError:
        return column(source), (source,)


def _field(schema: JsonObject | None, steps: tuple[Step, ...]) -> JsonObject | None:
    """Return the field that a path names in a resolved schema; names pass through arrays."""
    field = schema
    for step in steps:
        while field and isinstance(step, str) and field.get("type") == "array":
            field = field.get("items")
        if not isinstance(field, dict):
            return None
        if isinstance(step, int | Each):
            field = field.get("items")
        else:
            field = (field.get("properties") or {}).get(step) or field.get("additionalProperties")
    return field if isinstance(field, dict) else None


def _in_order(rules: list[Rule]) -> list[Rule]:
    """Return rules in the order in which they are carried out.

    It is the set's, but for destinations inside of an object that another mapping copies: they come
    after it, outer ones first, so that they count wherever they stand (assumed).
    """
    places = {rule.target.steps for rule in rules}
    marked = [
        replace(rule, overlaps=any(steps[:end] in places for end in range(1, len(steps))))
        for rule in rules
        for steps in (rule.target.steps,)
    ]
    return sorted(marked, key=lambda rule: len(rule.target.steps) if rule.overlaps else 0)
