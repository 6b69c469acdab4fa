"""The facts that rules name: services have them, with as many arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from emulator.json_types import Json, JsonObject
from tests.emulators import new_emulator


def named(node: Json) -> Iterator[JsonObject]:
    """Yield every object that names a fact, however deep."""
    if isinstance(node, dict):
        if "fact" in node:
            yield node
        if "resolve" in node:
            yield {"fact": node["resolve"]}
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from named(child)


def test_rules_name_facts_that_services_have_and_no_fact_is_left_over() -> None:
    emulator = new_emulator()
    emulator.platform.load()
    facts, used = emulator.platform.facts, set()
    for rule in emulator.contract.rules.values():
        for node in named(rule.check):
            used.add(node["fact"])
            _scope, *arguments = inspect.signature(facts[node["fact"]]).parameters
            assert len(arguments) == len(node.get("of", ["."])), rule.id
    assert used == set(facts)


def test_services_find_every_kind_of_resource_that_the_contract_names() -> None:
    emulator = new_emulator()
    emulator.platform.load()
    for resource in emulator.contract.resources.by_id.values():
        for kind in (*resource.kinds, *resource.derived):
            assert kind in emulator.platform.finders, resource.id
