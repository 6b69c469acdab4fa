"""Run a rule's own cases: each is judged by this rule alone, with what the case gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from emulator.contract.judge import JudgedRule
from emulator.contract.lookup import Finding
from emulator.contract.model import Rule, Severity
from emulator.json_types import Json, JsonObject
from emulator.xdm.resolution import resolve


class CaseLookup:
    """What a case lets rules see: the resources under its `given`, by kind and key, and `facts`."""

    def __init__(self, case: JsonObject) -> None:
        self._given: dict[str, dict[str, Any]] = case.get("given", {})
        self._facts: list[JsonObject] = case.get("facts", [])
        self.request: JsonObject = {
            "headers": {},
            "path": {},
            "query": {},
            "content": {},
            **{name: value for name, value in case.items() if name not in ("given", "facts")},
        }

    def find(self, kind: str, key: str) -> JsonObject | None:
        return self._given.get(kind, {}).get(key)

    def all(self, kind: str, texts: tuple[str, ...] = ()) -> list[JsonObject]:
        return list(self._given.get(kind, {}).values())

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what the case gives under `facts`; None is what it is silent on."""
        for given in self._facts:
            if given["fact"] == fact and given["of"] == list(arguments):
                return given["is"]
        return None

    def resolved(self, resource: JsonObject) -> JsonObject:
        return resolve(resource, partial(self.find, "xdm_resource"))

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        """Return findings that the case gives under `judged`.

        Each is `[rule id, reason, members that the body has then]`, and `"structural"` or
        `"warning"` behind it where the rule is.
        """
        judged = self._given.get("judged", {}).get(operation, [])
        body = request.get("body", {})
        return [
            Finding(_rule_named(id, marks), "/body", reason, {})
            for id, reason, needed, *marks in judged
            if all(body.get(name) == value for name, value in needed.items())
        ]


def _rule_named(id: str, marks: list[str]) -> Rule:
    check: JsonObject = {"nothing": {}}
    severity: Severity = "warning" if "warning" in marks else "error"
    structural = "given" if "structural" in marks else ""
    return Rule(id, "", "", "", severity, check, "", structural=structural)


def failing_cases(rule: Rule) -> Iterator[str]:
    """Yield a sentence for each case that does not end as the rule says."""
    judged = JudgedRule(rule)
    for wanted, cases in (("accepts", rule.cases.accepts), ("refuses", rule.cases.refuses)):
        for number, case in enumerate(cases):
            lookup = CaseLookup(case)
            findings = judged.judge(lookup.request, lookup)
            if bool(findings) != (wanted == "refuses"):
                said = findings[0].reason if findings else "nothing"
                yield f"{rule.id}: {wanted} case {number}: the check says {said}"
