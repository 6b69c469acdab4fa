"""Checks of JSON Patch bodies (RFC 6902) against the resource that they change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from emulator.contract.checks.facts import ask
from emulator.contract.checks.reason import Reason, shown
from emulator.json_patch import PatchError, apply
from emulator.json_types import Json, JsonObject, at, dotted


def _target(arguments: JsonObject, lookup: Any) -> JsonObject | None:
    key = at(lookup.request, arguments["key"])
    return lookup.find(arguments["kind"], key) if isinstance(key, str) else None


def patch_applies(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every instruction of the patch finds the place that it names."""
    resource = _target(arguments, lookup)
    if resource is None or not isinstance(value, list):
        return
    try:
        apply(resource, value)
    except PatchError as error:
        yield Reason(str(error), values={"field": error.field})


def _patched(
    value: Json, arguments: JsonObject, lookup: Any
) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Yield the resource as it is and as the patch makes it, if the patch can be applied."""
    resource = _target(arguments, lookup)
    if resource is not None and isinstance(value, list):
        with suppress(PatchError):
            yield resource, apply(resource, value)


def patch_keeps(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The patch leaves `fields` (dotted paths) as they are, `while` a fact is so."""
    if "while" in arguments and not ask(value, arguments["while"], lookup):
        return
    for before, after in _patched(value, arguments, lookup):
        for field in arguments["fields"]:
            if dotted(after, field) != dotted(before, field):
                yield Reason(f"{field} cannot be changed", values={"field": field})


def patch_keeps_items(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The patch takes nothing from the list `field` (a top-level member)."""
    field = arguments["field"]
    for before, after in _patched(value, arguments, lookup):
        had, has = before.get(field), after.get(field)
        for item in had if isinstance(had, list) else ():
            if not isinstance(has, list) or item not in has:
                yield Reason(f"{shown(item)} cannot be taken from {field}")


def result_fits(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """What the patch makes of the resource breaks no rule of `operation` that it kept before.

    `fields` are the members that the other operation's body has (without it, all); with `same_path`
    the other operation has this request's path. `only` or `without` narrow the rules that count, by
    the last step of their ids, so that each can have a problem of its own. `in_state` gives the
    query with which the other operation makes a resource in a state, such as a draft. With
    `structural` only rules count without which there is nothing to act on.
    """
    for before, after in _patched(value, arguments, lookup):
        broken = {finding.rule.id for finding in judged_as(before, arguments, lookup)}
        for finding in judged_as(after, arguments, lookup):
            rule = finding.rule
            if rule.id not in broken and rule.severity == "error" and _counts(rule, arguments):
                yield Reason(
                    f"{finding.at.removeprefix('/body/')}: {finding.reason} ({rule.id})",
                    values={**finding.values, "broken": rule.id},
                )


def _counts(rule: Any, arguments: JsonObject) -> bool:
    if arguments.get("structural") and not rule.structural:
        return False
    name = rule.id.rpartition(".")[2]
    return name in arguments.get("only", [name]) and name not in arguments.get("without", [])


def judged_as(resource: JsonObject, arguments: JsonObject, lookup: Any) -> list[Any]:
    """Return what the rules of `operation` find in a resource, as if it were sent as the body."""
    fields = arguments.get("fields", resource)
    body = {name: resource[name] for name in fields if name in resource}
    path = lookup.request["path"] if arguments.get("same_path") else {}
    query = arguments.get("in_state", {}).get(str(resource.get("state")), {})
    request = {"headers": {}, "query": query, "path": path, "content": {}, "body": body}
    findings: list[Any] = lookup.judge(arguments["operation"], request)
    return findings
