"""One edition in force: fast to accept a request, slow to explain what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter

import jsonschema_rs

from emulator.contract.checks import Reason, check_of, schema_of
from emulator.contract.checks.resources import resource
from emulator.contract.checks.values import LazySchema
from emulator.contract.conditions import condition_of
from emulator.contract.force import RuleInForce
from emulator.contract.lookup import CarefulLookup, Finding, Lookup, Undecided
from emulator.contract.model import (
    Answer,
    EditionEntry,
    Mute,
    Operation,
    ProblemEntry,
    Rule,
    Subject,
)
from emulator.json_types import MISSING, Json, JsonObject, at, dotted, dumps, pointer_steps, walk


class Edition:
    """The rules, problems and answers that one ordered list of documents puts in force."""

    def __init__(
        self,
        entry: EditionEntry,
        rules: tuple[RuleInForce, ...],
        problems: Mapping[str, ProblemEntry],
        answers: Mapping[str, Answer],
        operations: Mapping[str, Operation],
        mutes: tuple[Mute, ...] = (),
    ) -> None:
        self.mutes = mutes
        self.name = entry.name
        self.entry = entry
        self.rules = tuple(item.rule for item in rules)
        self.problems = problems
        self.answers = answers
        self.operations = operations
        self._by_operation: dict[str, list[RuleInForce]] = {}
        for item in rules:
            self._by_operation.setdefault(item.rule.operation, []).append(item)
        self._compiled: dict[str, CompiledOperation] = {}
        self._lock = threading.Lock()

    def rules_of(self, operation: str) -> list[Rule]:
        """Return the rules in force for an operation, in the order of refusal."""
        return [item.rule for item in self._by_operation.get(operation, ())]

    def limits_of(self, rule: Rule) -> RuleInForce:
        """Return a rule that is in force with the subjects that limit it."""
        same = self._by_operation[rule.operation]
        return next(item for item in same if item.rule.id == rule.id)

    def answer(self, aspect: str) -> str:
        """Return the shape that this edition's documents show for an aspect, or `""`."""
        answer = self.answers.get(aspect)
        return answer.shape if answer else ""

    def problem(self, id: str, service: str) -> ProblemEntry:
        """Return a problem's entry; for one of the platform, the service's own if it has one."""
        own = f"{service}.{id.partition('.')[2]}"
        return self.problems.get(own if id.startswith("platform.") else id) or self.problems[id]

    def envelope(self, problem: str, service: str) -> str:
        """Return the shape of the body in which a service refuses with a problem."""
        named = self.problem(problem, service).envelope
        return named or self.answer(f"{service}.envelope") or "gateway"

    def judge(self, operation: str, request: JsonObject, lookup: Lookup) -> list[Finding]:
        """Return every finding on a request, in the order of refusal."""
        return self._compile(operation).judge(request, lookup)

    def judge_recorded(
        self, operation: str, request: JsonObject, lookup: CarefulLookup
    ) -> tuple[list[Finding], list[Rule]]:
        """Return every finding on a request, and the rules that the lookup could not decide."""
        return self._compile(operation).judge_recorded(request, lookup)

    def _compile(self, operation: str) -> CompiledOperation:
        compiled = self._compiled.get(operation)
        if compiled is None:
            with self._lock:
                compiled = self._compiled.setdefault(
                    operation, CompiledOperation(self._by_operation.get(operation, ()))
                )
        return compiled


class CompiledOperation:
    """The rules of one operation, and those of them that speak about a request's subjects."""

    def __init__(self, rules: Iterable[RuleInForce]) -> None:
        self._rules = [item for item in rules if "nothing" not in item.rule.check]
        asked = {subject for item in self._rules for subject in (item.about, *item.besides)}
        self._asked: dict[bytes, tuple[JsonObject, list[Subject]]] = {}
        for subject in sorted((one for one in asked if one), key=attrgetter("name")):
            arguments = subject.arguments
            self._asked.setdefault(dumps(arguments), (arguments, []))[1].append(subject)
        self._selected: dict[tuple[str, ...], _CompiledRules] = {}

    def judge(self, request: JsonObject, lookup: Lookup) -> list[Finding]:
        subjects = self.subjects_of(lookup) if self._asked else ()
        selected = self._selected.get(subjects)
        if selected is None:
            speaking = [JudgedRule(item.rule) for item in self._rules if item.speaks(subjects)]
            selected = self._selected.setdefault(subjects, _CompiledRules(speaking))
        findings: list[Finding] = []
        for rule in selected.to_try(request):
            rule.apply(request, lookup, findings)
        return findings

    def subjects_of(self, lookup: Lookup) -> tuple[str, ...]:
        """Return the names of the subjects that a request is about; each resource is found once."""
        names: list[str] = []
        for arguments, subjects in self._asked.values():
            found = resource(None, arguments, lookup)
            if found is not None:
                names += [subject.name for subject in subjects if has(found, subject)]
        return tuple(names)

    @cached_property
    def _limited(self) -> _CompiledRules:
        return _CompiledRules([JudgedRule(item.rule, item) for item in self._rules])

    def judge_recorded(
        self, request: JsonObject, lookup: CarefulLookup
    ) -> tuple[list[Finding], list[Rule]]:
        """Judge each rule for itself: what a lookup does not know of one subject is its own."""
        findings: list[Finding] = []
        undecided: list[Rule] = []
        for rule in self._limited.to_try(request):
            lookup.rule = rule.rule
            before = len(findings)
            try:
                rule.apply(request, lookup, findings)
            except Undecided:
                # What was found before the lookup had to pass stays found.
                if len(findings) == before:
                    undecided.append(rule.rule)
        return findings, undecided


class _CompiledRules:
    """Rules of one operation: one validator for all that JSON Schema can say, then the rest."""

    def __init__(self, rules: list[JudgedRule]) -> None:
        self._all = _Conditional(rules)
        self._others = _Conditional([rule for rule in rules if not rule.has_schema])
        schemas = [rule.schema() for rule in rules if rule.has_schema]
        combined = {"$schema": DIALECT, "allOf": schemas or [{}]}
        self._accepts = jsonschema_rs.validator_for(combined).is_valid

    def to_try(self, request: JsonObject) -> list[JudgedRule]:
        """Return the rules that a request may break."""
        rules = self._others if self._accepts(request) else self._all
        return rules.holding(request)


class _Conditional:
    """Rules with their conditions, each of which is asked once: many rules share few."""

    def __init__(self, rules: list[JudgedRule]) -> None:
        self._rules = rules
        conditions = dict.fromkeys(rule.condition for rule in rules if rule.condition is not None)
        self._bits = {condition: 1 << number for number, condition in enumerate(conditions)}
        self._holding: dict[int, list[JudgedRule]] = {}

    def holding(self, request: JsonObject) -> list[JudgedRule]:
        """Return the rules whose conditions hold for a request."""
        held = 0
        for condition, bit in self._bits.items():
            if condition.holds(request):
                held |= bit
        rules = self._holding.get(held)
        if rules is None:
            if len(self._holding) >= MAX_REMEMBERED:
                self._holding.clear()
            rules = self._holding[held] = [rule for rule in self._rules if self._is_in(rule, held)]
        return rules

    def _is_in(self, rule: JudgedRule, held: int) -> bool:
        return rule.condition is None or bool(self._bits[rule.condition] & held)


def has(found: JsonObject, subject: Subject) -> bool:
    """Tell whether a resource is of those that a subject is about."""
    value = dotted(found, subject.field)
    if isinstance(value, list):
        return any(item in subject.values for item in value)
    return value in subject.values


MAX_REMEMBERED = 1000
"""For how many combinations of conditions the rules are remembered."""

MAX_FINDINGS = 100
"""How often one rule speaks about one request: a list of a million wrong items tells no more."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of_request(rule: Rule, schema: Json) -> JsonObject:
    """Return a JSON Schema of the request document: where a rule applies, its place is as given."""
    node = schema
    for step in reversed(pointer_steps(rule.at)):
        node = {"items": node} if step == "*" else {"properties": {step: node}}
    return {"if": rule.when, "then": node} if rule.when else node


class JudgedRule:
    """One rule, ready to be applied to a request document.

    Args:
        limits: The rule as an edition has it; without it the rule speaks about every request.
    """

    def __init__(self, rule: Rule, limits: RuleInForce | None = None) -> None:
        self.rule = rule
        self._limits = limits if limits and limits.limited else None
        (name, arguments), *rest = rule.check.items()
        if rest:
            raise ValueError(f"{rule.id}: a rule has one check")
        self._schema = schema_of(name, arguments)
        self._arguments = LazySchema(arguments, rule.reads_text) if name == "schema" else arguments
        self._check = check_of(name)
        self.condition = condition_of(rule.when) if rule.when else None
        self._at = rule.at
        self._is_many = "*" in pointer_steps(rule.at)
        self.is_plain_schema = name == "schema" and not rule.reads_text and not self._limits
        self.has_schema = self._schema is not None and not rule.reads_text and not self._limits

    def schema(self) -> JsonObject:
        """Return a JSON Schema of the whole request document that says what this rule says.

        Where the rule is no plain schema it accepts nothing that breaks the rule.
        """
        return schema_of_request(self.rule, self._schema)

    def judge(self, request: JsonObject, lookup: Lookup) -> list[Finding]:
        """Return this rule's findings on a request, the slow and exact way."""
        findings: list[Finding] = []
        if self.condition is None or self.condition.holds(request):
            self.apply(request, lookup, findings)
        return findings

    def apply(self, request: JsonObject, lookup: Lookup, findings: list[Finding]) -> None:
        """Add this rule's findings on a request for which its condition holds.

        There are `MAX_FINDINGS` of them at most. If the lookup cannot decide all, those are there
        that were found before.
        """
        if self._limits is not None and not _speaks(self._limits, lookup):
            return
        places: Iterable[tuple[str, Json]]
        if self._is_many:
            places = walk(request, self._at)
        else:
            value = at(request, self._at)
            if value is MISSING:
                return
            places = ((self._at, value),)
        most = len(findings) + MAX_FINDINGS
        for pointer, value in places:
            for reason in self._check(value, self._arguments, lookup):
                findings.append(self._finding(pointer, value, reason))
                if len(findings) == most:
                    return

    def _finding(self, pointer: str, value: Json, reason: Reason) -> Finding:
        text, place = reason.text, pointer + reason.at
        if self.rule.reason:
            text = self.rule.reason.replace("{value}", str(value))
        elif not place and reason.values.get("missing") == "body":
            text = "the request has no body"
        return Finding(self.rule, place, text, {"value": value, **reason.values})


def _speaks(limits: RuleInForce, lookup: Lookup) -> bool:
    """Tell whether a rule speaks about a request; one that names no resource is about nothing."""
    names = set()
    for subject in (limits.about, *limits.besides):
        found = resource(None, subject.arguments, lookup) if subject else None
        if subject and found is not None and has(found, subject):
            names.add(subject.name)
    return limits.speaks(names)
