"""Who watches requests sees what happened, and may answer or change the reply."""

from __future__ import annotations

import pytest

from emulator.problem import Problem
from emulator.testing.client import AepClient
from emulator.web.call import Reply
from emulator.web.exchange import Exchange
from tests.bodies import FLOW_SERVICE
from tests.emulators import aep_for, new_emulator


@pytest.fixture
def seen() -> list[Exchange]:
    return []


@pytest.fixture
def watched(seen: list[Exchange]) -> AepClient:
    emulator = new_emulator()
    emulator.engine.after.append(seen.append)
    return aep_for(emulator)


def test_an_accepted_request_is_seen(watched: AepClient, seen: list[Exchange]) -> None:
    answer = watched.call("GET", f"{FLOW_SERVICE}/flows?limit=500")
    (exchange,) = seen
    assert exchange.incoming.operation.id == "flow_service.list_flows"
    assert (exchange.incoming.method, exchange.reply.status) == ("GET", answer.status)
    assert exchange.incoming.target == f"{FLOW_SERVICE}/flows?limit=500"
    assert [finding.rule.id for finding in exchange.findings] == answer.warnings != []
    assert exchange.refused_by is None
    assert exchange.request is not None
    assert exchange.request["query"] == {"limit": "500"}
    assert exchange.sandbox.name == "prod"
    assert exchange.time == 1_600_000_000_000


def test_a_refused_request_is_seen_with_the_rule_that_refused_it(
    watched: AepClient, seen: list[Exchange]
) -> None:
    answer = watched.call("GET", f"{FLOW_SERVICE}/flows", without=("x-gw-ims-org-id",))
    (exchange,) = seen
    assert exchange.refused_by is not None
    assert exchange.refused_by.rule.id == answer.rule == "platform.gate.organization_is_sent"
    assert exchange.reply.status == answer.status == 400
    assert exchange.reply.headers["x-request-id"] == exchange.request_id


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", f"{FLOW_SERVICE}/unheard-of", 404), ("PUT", f"{FLOW_SERVICE}/flows", 405)],
)
def test_a_request_of_no_operation_is_seen_too(
    watched: AepClient, seen: list[Exchange], method: str, path: str, status: int
) -> None:
    assert watched.call(method, path, {}).status == status
    (exchange,) = seen
    assert exchange.incoming.operation.id == ""
    assert (exchange.incoming.method, exchange.incoming.target) == (method, path)
    assert exchange.incoming.body == b"{}"
    assert exchange.reply.status == status


def test_somebody_may_answer_or_refuse_in_place_of_the_emulator() -> None:
    emulator = new_emulator()
    answers = iter([Reply(418, {"short": "stout"}), Problem("platform.internal_error"), None])

    def answer(exchange: Exchange) -> Reply | None:
        following = next(answers)
        if isinstance(following, Problem):
            raise following
        return following

    emulator.engine.before.append(answer)
    client = emulator.wsgi_app.test_client()
    statuses = [client.get(f"{FLOW_SERVICE}/flows").status_code for _ in range(3)]
    assert statuses == [418, 500, 403]


def test_emulators_may_share_what_nobody_changes_and_nothing_else() -> None:
    one, other = new_emulator(), new_emulator(edition="2020-09")
    assert one.contract is other.contract
    assert one.platform.fixtures is other.platform.fixtures
    assert one.platform.store is not other.platform.store
    assert (one.engine.edition, other.engine.edition) == ("latest", "2020-09")
