"""Every reply case, played over an emulator in every edition that has it in force."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest

from emulator.clock import ManualClock
from emulator.contract import load_contract
from emulator.contract.checkup import check_contract
from emulator.contract.reply_cases import NUMBER, ReplyCase, Step, filled
from emulator.json_types import MISSING, Json, JsonObject, at, escape_step, pointer_steps
from emulator.testing.client import AepClient
from tests.emulators import aep_for, new_emulator

CONTRACT = new_emulator().contract
START = 1_600_000_000_000


def cases() -> Iterator[Any]:
    for entry in CONTRACT.entries.values():
        for case in CONTRACT.reply_cases.in_force(entry):
            yield pytest.param(case, entry.name, id=f"{entry.name} {case.id}")


class Player:
    """Makes the calls of one case, and keeps what they say."""

    def __init__(self, edition: str) -> None:
        self.clock = ManualClock(START)
        self.api: AepClient = aep_for(new_emulator(clock=self.clock, edition=edition))
        self.kept: dict[str, Json] = {}

    def make(self, step: Step, operation_id: str) -> JsonObject:
        """Make a call, as often as its step says, and return the last reply."""
        for number in range(1, step.times + 1):
            self.kept[NUMBER] = number
            reply = self._call(step, operation_id)
        return reply

    def _call(self, step: Step, operation_id: str) -> JsonObject:
        """Make a call and return its reply: status, headers and body."""
        self.clock.advance(step.wait or 0.001)
        operation = CONTRACT.operations[step.operation or operation_id]
        path = re.sub(
            r"\{(\w+)\*?\}",
            lambda match: quote(str(filled(step.path[match[1]], self.kept)), safe=""),
            operation.base_path + operation.path,
        )
        query = urlencode(filled(step.query, self.kept), doseq=True)
        response = self.api.call(
            operation.method,
            path + (f"?{query}" if query else ""),
            filled(step.body, self.kept),
            content=filled(step.text, self.kept).encode() if step.text else None,
            headers=filled(step.headers, self.kept),
        )
        is_json = response.headers.get("content-type", "").startswith("application/json")
        body = response.json if response.content and is_json else response.content.decode() or None
        reply = {"status": response.status, "headers": response.headers, "body": body}
        for name, pointer in step.keep.items():
            value = at(reply, str(filled(pointer, self.kept)))
            assert value is not MISSING, (step.operation, pointer, reply)
            is_reference = isinstance(value, str) and value.startswith("@/")
            self.kept[name] = value.rpartition("/")[2] if is_reference else value
        return reply


def values_at(value: Json, steps: tuple[str, ...]) -> Iterator[Json]:
    """Yield what a pointer names in a reply; `*` is every item, or every member of an object."""
    if not steps:
        yield value
    elif steps[0] == "*":
        for item in value.values() if isinstance(value, dict) else value:
            yield from values_at(item, steps[1:])
    else:
        yield from values_at(at(value, f"/{escape_step(steps[0])}"), steps[1:])


@pytest.mark.parametrize(("case", "edition"), list(cases()))
def test_the_reply_is_as_documents_say(case: ReplyCase, edition: str) -> None:
    player = Player(edition)
    *before, last = CONTRACT.reply_cases.steps_of(case)
    for step in before:
        reply = player.make(step, case.operation)
        assert reply["status"] < 400, (step.operation, reply)
    reply = player.make(last, case.operation)
    jsonschema_rs.validate(filled(case.reply, player.kept), reply)
    for pointer, wanted in case.values.items():
        found = list(values_at(reply, pointer_steps(pointer)))
        assert found == filled(wanted, player.kept), (pointer, case.states)


def test_every_order_of_a_list_is_played() -> None:
    """`order` of a resource is what its list does; the registry's lists, all one, share a case."""
    cases = CONTRACT.reply_cases.by_id.values()
    played = {case.operation for case in cases if case.topic == "order"}
    ordered: dict[str, set[str]] = {}
    for resource in CONTRACT.resources.by_id.values():
        if resource.order:
            lists = (item.id for item in resource.operations if item.role == "list")
            ordered.setdefault(resource.service, set()).update(lists)
    assert ordered.pop("schema_registry") & played
    assert set().union(*ordered.values()) <= played


def test_a_case_that_does_not_hold_together_is_complained_of(tmp_path: Path) -> None:
    folder = tmp_path / "flow_service"
    folder.mkdir()
    wrong = """{"replies": [{
        "id": "list_flows.order", "operation": "flow_service.list_flows", "topic": "t",
        "states": "s", "demands": {"flow-service-openapi": "", "nobody": "p"},
        "before": [{"operation": "flow_service.get_flow", "path": {"flow": "${a}"}}],
        "call": {}, "reply": {"type": 1}, "given": []
    }, {
        "id": "flow_service.get_flow.x", "operation": "flow_service.get_flow", "topic": "t",
        "states": "s", "call": {"operation": "flow_service.nothing"}, "given": ["nothing"]
    }], "preparations": {"unused": []}}"""
    (folder / "replies.json").write_text(wrong)
    shipped = Path(__file__).parents[2] / "contracts"
    said = "\n".join(check_contract(load_contract(shipped, tmp_path)))
    for part in (
        "list_flows.order: a reply case's id starts with its operation",
        "list_flows.order: unknown document nobody",
        "list_flows.order: flow_service.get_flow has the path parameters id",
        "list_flows.order: flow_service.get_flow: nothing is kept as a",
        "list_flows.order: reply: ",
        "flow_service.get_flow.x: names no document",
        "flow_service.get_flow.x: says nothing of the reply",
        "flow_service.get_flow.x: there is no preparation nothing",
        "flow_service.unused: no reply case has this preparation",
    ):
        assert part in said, (part, said)
