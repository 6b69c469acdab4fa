"""Every documented query parameter changes an answer, or a rule speaks of it, or it is remarked on.

`members/parameters.json` has for each two queries whose answers differ, or a value that a rule
looks at (`judged`). What an operation has no effect for is remarked on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest

from emulator.contract.reply_cases import filled
from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry import routes
from tests.contract.members.probing import HERE, LABORATORY, Outcome

CONTRACT = LABORATORY.contract
GROUPS: list[JsonObject] = json.loads((HERE / "parameters.json").read_text("utf-8"))
EMPTY = {
    "schema_registry.list_global_schemas": "schema_registry.list_global_classes",
    "schema_registry.list_global_descriptors": "schema_registry.list_tenant_descriptors",
}
"""Lists in which the platform has nothing, each with one that the same function makes."""


def operations() -> Iterator[str]:
    for id, operation in CONTRACT.operations.items():
        if operation.emulated and operation.query:
            yield id


def variants_of(id: str) -> dict[str, tuple[JsonObject, Json]]:
    """Return the group that speaks of each parameter of an operation, and what it says."""
    return {
        name: (group, said)
        for group in GROUPS
        if id in group["operations"]
        for name, said in group["params"].items()
    }


def asked(id: str, group: JsonObject, query: Json) -> Outcome:
    """Make a call with a query, beside what the group says of all its calls."""
    request = LABORATORY.requests.get(id, {})
    path = {**request.get("path", {}), **group.get("path", {}), **group.get("each", {}).get(id, {})}
    whole = {**request.get("query", {}), **group.get("query", {}), **query}
    sent = {name: value for name, value in whole.items() if value is not None}
    known = LABORATORY.known
    headers = group.get("headers", {})
    return LABORATORY.probe(
        id, query=filled(sent, known), path=filled(path, known), headers=headers
    )


def is_obeyed(id: str, name: str, group: JsonObject, said: Any) -> bool:
    """Tell whether two queries make a difference, or a rule looks at the value of one."""
    if isinstance(said, dict):
        value = said["judged"]
        outcome = asked(id, group, value if isinstance(value, dict) else {name: value})
        named = said.get("rule") in [remark.rule for remark in outcome.remarks]
        return named or outcome.judged(f"/query/{name}")
    queries = [value if isinstance(value, dict) else {name: value} for value in said]
    assert any(name in query for query in queries)
    first, second = (asked(id, group, query) for query in queries)
    return first.accepted and first.shown != second.shown


@pytest.mark.parametrize("id", [id for id in operations() if id not in EMPTY])
def test_every_parameter_is_obeyed_or_remarked_on(id: str) -> None:
    operation = CONTRACT.operations[id]
    resources = CONTRACT.resources.by_operation
    ignored = resources[id][0].ignored_by(resources[id][1]) if id in resources else {}
    variants = variants_of(id)
    failed = []
    for name in operation.query:
        pointer = f"/query/{name}"
        if pointer in ignored:
            group = next((found for found, _ in variants.values()), {})
            obeyed = asked(id, group, {name: "a"}).passed_over(pointer)
        else:
            obeyed = name in variants and is_obeyed(id, name, *variants[name])
        if not obeyed:
            failed.append(name)
    assert failed == []


@pytest.mark.parametrize(("id", "like"), EMPTY.items())
def test_an_empty_list_is_made_as_another_one(id: str, like: str) -> None:
    assert CONTRACT.operations[id].query == CONTRACT.operations[like].query
    marked = [item for item in vars(routes).values() if isinstance(item, FunctionType)]
    made = {each: view for view in marked for each, *_ in vars(view).get("operations", ())}
    codes = [made[each].__code__ for each in (id, like)]
    assert codes[0] == codes[1] or all("_descriptor_list" in code.co_names for code in codes)


def test_no_row_is_about_a_parameter_that_is_not_documented() -> None:
    rows = (
        (id, name) for group in GROUPS for id in group["operations"] for name in group["params"]
    )
    assert [row for row in rows if row[1] not in CONTRACT.operations[row[0]].query] == []
