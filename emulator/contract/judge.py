"""One edition in force: fast to accept a request, slow to explain what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import jsonschema_rs

from emulator.contract.checks import Reason, check_of, schema_of
from emulator.contract.checks.resources import resource
from emulator.contract.checks.values import LazySchema
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
from emulator.json_types import MISSING, Json, JsonObject, at, dotted, pointer_steps, walk


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
        self._compiled: dict[str, _CompiledOperation] = {}
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

    def _compile(self, operation: str) -> _CompiledOperation:
        compiled = self._compiled.get(operation)
        if compiled is None:
            with self._lock:
                compiled = self._compiled.setdefault(
                    operation, _CompiledOperation(self._by_operation.get(operation, ()))
                )
        return compiled


class _CompiledOperation:
    """The rules of one operation: one validator for all that JSON Schema can say, then the rest."""

    def __init__(self, rules: Iterable[RuleInForce]) -> None:
        judged = (item for item in rules if "nothing" not in item.rule.check)
        self._rules = [JudgedRule(item.rule, item) for item in judged]
        self._others = [rule for rule in self._rules if not rule.has_schema]
        schemas = [rule.schema() for rule in self._rules if rule.has_schema]
        combined = {"$schema": DIALECT, "allOf": schemas or [{}]}
        self._accepts = jsonschema_rs.validator_for(combined).is_valid

    def judge(self, request: JsonObject, lookup: Lookup) -> list[Finding]:
        rules = self._others if self._accepts(request) else self._rules
        if not rules:
            return []
        return [finding for rule in rules for finding in rule.findings(request, lookup)]

    def judge_recorded(
        self, request: JsonObject, lookup: CarefulLookup
    ) -> tuple[list[Finding], list[Rule]]:
        findings: list[Finding] = []
        undecided: list[Rule] = []
        for rule in self._others if self._accepts(request) else self._rules:
            lookup.rule = rule.rule
            before = len(findings)
            try:
                findings.extend(rule.findings(request, lookup))
            except Undecided:
                # What was found before the lookup had to pass stays found.
                if len(findings) == before:
                    undecided.append(rule.rule)
        return findings, undecided


def is_about(subject: Subject, lookup: Lookup) -> bool:
    """Tell whether a request is about a subject; one that names no such resource is not."""
    found = resource(None, subject.arguments, lookup)
    value = MISSING if found is None else dotted(found, subject.field)
    values = value if isinstance(value, list) else [value]
    return any(item in subject.values for item in values)


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
        self._about = limits.about if limits else None
        self._besides = limits.besides if limits else ()
        (name, arguments), *rest = rule.check.items()
        if rest:
            raise ValueError(f"{rule.id}: a rule has one check")
        self._schema = schema_of(name, arguments)
        self._arguments = LazySchema(arguments, rule.reads_text) if name == "schema" else arguments
        self._check = check_of(name)
        self._when = jsonschema_rs.validator_for(rule.when).is_valid if rule.when else None
        self._is_many = "*" in pointer_steps(rule.at)
        limited = limits is not None and limits.limited
        self.is_plain_schema = name == "schema" and not rule.reads_text and not limited
        self.has_schema = self._schema is not None and not rule.reads_text and not limited

    def schema(self) -> JsonObject:
        """Return a JSON Schema of the whole request document that says what this rule says.

        Where the rule is no plain schema it accepts nothing that breaks the rule.
        """
        return schema_of_request(self.rule, self._schema)

    def judge(self, request: JsonObject, lookup: Lookup) -> list[Finding]:
        """Return this rule's findings on a request, the slow and exact way."""
        return list(self.findings(request, lookup))

    def findings(self, request: JsonObject, lookup: Lookup) -> Iterator[Finding]:
        """Yield this rule's findings one by one, up to `MAX_FINDINGS` of them."""
        return islice(self._findings(request, lookup), MAX_FINDINGS)

    def _findings(self, request: JsonObject, lookup: Lookup) -> Iterator[Finding]:
        if self._when and not self._when(request):
            return
        if (self._about or self._besides) and not self._speaks_about(lookup):
            return
        for pointer, value in self._places(request):
            for reason in self._check(value, self._arguments, lookup):
                yield self._finding(pointer, value, reason)

    def _speaks_about(self, lookup: Lookup) -> bool:
        if self._about and not is_about(self._about, lookup):
            return False
        return not any(is_about(other, lookup) for other in self._besides)

    def _places(self, request: JsonObject) -> Iterable[tuple[str, Json]]:
        if self._is_many:
            return walk(request, self.rule.at)
        value = at(request, self.rule.at)
        return () if value is MISSING else ((self.rule.at, value),)

    def _finding(self, pointer: str, value: Json, reason: Reason) -> Finding:
        return Finding(
            self.rule, pointer + reason.at, reason.text, {"value": value, **reason.values}
        )
