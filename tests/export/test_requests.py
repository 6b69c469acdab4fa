"""The schema of an operation's requests says what its rules say, case by case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from emulator.contract import Contract, Operation
from emulator.contract.cases import CaseLookup
from emulator.contract.judge import Edition, JudgedRule
from emulator.contract.model import GATE
from emulator.contract.second_opinion import schema_fault
from emulator.export.combining import member_of
from emulator.export.requests import refuses, request_schema, rules_of
from tests.bodies import HEADERS

SENT = {name.lower(): value for name, value in HEADERS.items()}


def documents(edition: Edition, operation: Operation) -> Iterator[dict[str, Any]]:
    """Every case of an operation's rules as a request, with good headers where it gives none."""
    for rule in rules_of(edition, operation):
        for case in (*rule.cases.accepts, *rule.cases.refuses):
            request = CaseLookup(case).request
            if operation.sandboxless:
                request["sandboxless"] = True
            else:
                request.pop("sandboxless", None)
            if rule.operation == GATE:
                yield request
            yield {**request, "headers": {**SENT, **request["headers"]}}


@pytest.mark.parametrize("name", ["2020-03", "latest"])
def test_the_schema_accepts_what_the_rules_accept(contract: Contract, name: str) -> None:
    edition = contract.edition(name)
    seen = {True: 0, False: 0}
    for operation in contract.operations.values():
        schema = request_schema(edition, operation)
        fits = jsonschema_rs.validator_for(schema).is_valid
        body_fits = jsonschema_rs.validator_for(member_of(schema, "body")).is_valid
        judged = [
            JudgedRule(rule)
            for rule in rules_of(edition, operation)
            if "schema" in rule.check and refuses(rule)
        ]
        plain = [
            item
            for item in judged
            if item.is_plain_schema and not edition.limits_of(item.rule).limited
        ]
        for request in documents(edition, operation):
            world = CaseLookup(request)
            if any(item.judge(request, world) for item in plain):
                assert not fits(request), (operation.id, request)
                seen[False] += 1
            elif not any(item.judge(request, world) for item in judged):
                assert fits(request), (operation.id, request)
                assert "body" not in request or body_fits(request["body"]), operation.id
                seen[True] += 1
    assert min(seen.values()) > 500


def test_both_libraries_can_read_it(contract: Contract) -> None:
    edition = contract.edition("latest")
    by_size = sorted(contract.operations.values(), key=lambda item: len(edition.rules_of(item.id)))
    for operation in by_size[-10:]:
        assert schema_fault(request_schema(edition, operation)) == ""


def test_warnings_and_other_checks_stay_out_of_it(contract: Contract) -> None:
    """A connection without auth is remarked on, and whether its spec exists is no form."""
    schema = request_schema(
        contract.edition("latest"), contract.operations["flow_service.create_connection"]
    )
    body = {"name": "a", "connectionSpec": {"id": "nobody knows", "version": "1.0"}}
    request = {"headers": SENT, "path": {}, "query": {}, "content": {}, "body": body}
    assert jsonschema_rs.validator_for(schema).is_valid(request)


def test_an_example_is_accepted(contract: Contract) -> None:
    edition = contract.edition("latest")
    tried = 0
    for operation in contract.operations.values():
        if operation.example and "body" in operation.example:
            schema = member_of(request_schema(edition, operation), "body")
            jsonschema_rs.validator_for(schema).validate(operation.example["body"])
            tried += 1
    assert tried > 3
