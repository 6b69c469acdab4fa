"""Checks that judge a resource by the rules of another operation, as if it were sent now."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.patches import patched
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import find, resource
from emulator.contract.lookup import Finding, Lookup
from emulator.contract.model import Rule
from emulator.json_types import Json, JsonObject, at


def result_fits(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """What the patch makes of the resource breaks no rule of `operation` that it kept before.

    `fields` are the members that the other operation's body has (without it, all); with `same_path`
    the other operation has this request's path. `only` or `without` narrow the rules that count, by
    the last step of their ids, so that each can have a problem of its own. `in_state` gives the
    query with which the other operation makes a resource in a state, such as a draft. With
    `structural` only rules count without which there is nothing to act on; rules of another
    `severity` than error count where it is named.
    """
    for before, after in patched(value, arguments, lookup):
        broken = {finding.rule.id for finding in judged_as(before, arguments, lookup)}
        for finding in judged_as(after, arguments, lookup):
            rule = finding.rule
            if rule.id not in broken and _counts(rule, arguments):
                yield Reason(
                    f"{finding.at.removeprefix('/body/')}: {finding.reason} ({rule.id})",
                    values={**finding.values, "broken": rule.id},
                )


def _counts(rule: Rule, arguments: JsonObject) -> bool:
    if arguments.get("structural") and not rule.structural:
        return False
    if rule.severity != arguments.get("severity", "error"):
        return False
    name = rule.id.rpartition(".")[2]
    return name in arguments.get("only", [name]) and name not in arguments.get("without", [])


def stands(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The resource that the value names breaks no rule of `operation`, as if it were sent now.

    Arguments: `kind` finds it; `operation` and `fields` as for `result_fits`. Only rules of
    severity error count.
    """
    found = find(arguments["kind"], value, lookup)
    for finding in judged_as(found, arguments, lookup) if found else ():
        if finding.rule.severity == "error":
            place = finding.at.removeprefix("/body").removeprefix("/") or "it"
            yield Reason(
                f"{place}: {finding.reason} ({finding.rule.id})",
                values={**finding.values, "broken": finding.rule.id},
            )


def item_fits(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """With the judged object in its list, a resource breaks no further rule of `operation`.

    `kind` and `key` find the resource, `list` is its member. The object takes the place of the item
    whose id is at the pointer `item`, or comes last. `fields` are the members that the other
    operation's body has.
    """
    found = resource(value, arguments, lookup)
    if found is None or not isinstance(value, dict):
        return
    name: str = arguments["list"]
    items = list(found.get(name, []))
    replaced = at(lookup.request, arguments["item"]) if "item" in arguments else None
    ids = [item.get("id") for item in items]
    index = ids.index(replaced) if replaced in ids else len(items)
    items[index : index + 1] = [value]
    before = {(each.rule.id, each.at) for each in judged_as(found, arguments, lookup)}
    place = f"/body/{name}/{index}"
    for finding in judged_as({**found, name: items}, arguments, lookup):
        if finding.rule.severity == "error" and (finding.rule.id, finding.at) not in before:
            inside = finding.at.startswith(f"{place}/")
            yield Reason(
                f"{finding.reason} ({finding.rule.id})",
                at=finding.at[len(place) :] if inside else "",
                values=finding.values,
            )


def items_fit(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Each resource of a list keeps those rules of its type's own operation that `only` names.

    `operations` maps what the member `by` says to an operation; `only` has last steps of rule ids.
    """
    for index, item in enumerate(value if isinstance(value, list) else ()):
        type = item.get(arguments["by"]) if isinstance(item, dict) else None
        operation = arguments["operations"].get(type) if isinstance(type, str) else None
        if operation is None:
            continue
        request = {"headers": {}, "query": {}, "path": {}, "content": {}, "body": item}
        for finding in lookup.judge(operation, request):
            if finding.rule.id.rpartition(".")[2] in arguments["only"]:
                place = f"/{index}{finding.at.removeprefix('/body')}"
                yield Reason(f"{finding.reason} ({finding.rule.id})", at=place)


def judged_as(body: JsonObject, arguments: JsonObject, lookup: Lookup) -> list[Finding]:
    """Return what the rules of `operation` find in a resource, as if it were sent as the body."""
    fields = arguments.get("fields", body)
    sent = {name: body[name] for name in fields if name in body}
    path = lookup.request["path"] if arguments.get("same_path") else {}
    query = arguments.get("in_state", {}).get(str(body.get("state")), {})
    request = {"headers": {}, "query": query, "path": path, "content": {}, "body": sent}
    return lookup.judge(arguments["operation"], request)
