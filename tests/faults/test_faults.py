"""Faults in process: which calls they hit, what comes back, and that nothing else changes."""

from __future__ import annotations

import json
from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.faults import FaultError
from emulator.faults.model import schema
from emulator.json_types import Json, JsonObject
from emulator.settings import Settings
from emulator.testing.client import AepClient, Response
from emulator.web.message import Request
from emulator.web.transport_fault import TransportFault
from tests.bodies import (
    CATALOG,
    CONVERSION,
    FLOW_SERVICE,
    HEADERS,
    ORGANIZATION,
    SANDBOX_MANAGEMENT,
    SCHEMA_REGISTRY,
    base_connection,
    make_world,
    mapping_set,
    profile_schema,
)
from tests.emulators import aep_for

CONNECTIONS = f"{FLOW_SERVICE}/connections"
FAULTS = "/_emulator/faults"


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def ask(aep: AepClient, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """Send a request whose answer may be what no document shows."""
    content = None if body is None else json.dumps(body).encode()
    sent = {**aep.headers, "Content-Type": "application/json"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(*aep.send(method, path, sent, content))


def names(aep: AepClient) -> list[str]:
    return [item["name"] for item in aep.ok("GET", CONNECTIONS)["items"]]


def reset(aep: AepClient, **what: str) -> None:
    assert aep.send("POST", "/_emulator/reset", {}, json.dumps(what).encode())[0] == 204


def clock_of(emulator: Emulator) -> ManualClock:
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    return clock


def test_an_error_answers_as_its_catalogue_says_and_changes_nothing(
    emulator: Emulator, aep: AepClient
) -> None:
    fault = emulator.faults.add(
        {"kind": "error", "problem": "flow_service.flow_not_found", "operations": ["*.create_flow"]}
    )
    world = make_world(aep)
    before = emulator.snapshot()
    answer = ask(aep, "POST", f"{FLOW_SERVICE}/flows", {"name": world.base})
    assert (answer.status, answer.rule) == (404, "flow_service.flow_not_found")
    assert answer.headers["x-emulator-fault"] == fault.id
    assert answer.headers["x-request-id"]
    assert set(answer.json) >= {"errorMessage", "errorDetails"}
    assert emulator.snapshot().store == before.store
    emulator.faults.clear()
    assert "x-emulator-fault" not in aep.call("GET", CONNECTIONS).headers


def test_the_envelope_is_that_of_the_edition(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add("flow_service.flow_not_found")
    shapes = [
        set(ask(aep, "GET", CONNECTIONS, x_emulator_edition=edition).json)
        for edition in ("2020-09", "latest")
    ]
    assert shapes[0] == {"errorMessage", "errorDetails"}
    assert shapes[1] > shapes[0]


def test_an_error_that_an_edition_does_not_have_never_fires_in_it(
    emulator: Emulator, aep: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = emulator.contract.edition("2020-03")
    monkeypatch.delitem(old.problems, "flow_service.flow_not_found")
    emulator.faults.add("flow_service.flow_not_found")
    answer = ask(aep, "GET", CONNECTIONS, x_emulator_edition="2020-03")
    assert (answer.status, "x-emulator-fault" in answer.headers) == (200, False)
    assert ask(aep, "GET", CONNECTIONS).status == 404
    # Who asks for it on that very call is told.
    emulator.faults.clear()
    headers = {"x_emulator_edition": "2020-03", "x_emulator_fault": "flow_service.flow_not_found"}
    answer = ask(aep, "GET", CONNECTIONS, **headers)
    assert (answer.status, answer.rule) == (400, "platform.unusable_fault")


@pytest.mark.parametrize(
    ("status", "code"), [(429, "429050"), (500, "500900"), (502, "502900"), (503, "503900")]
)
def test_the_gateway_refuses_in_its_own_envelope(
    emulator: Emulator, aep: AepClient, status: int, code: str
) -> None:
    emulator.faults.add({"kind": "error", "status": status, "retryAfter": 7})
    answer = ask(aep, "GET", f"{CATALOG}/dataSets")
    assert answer.status == status
    assert answer.json["error_code"] == code
    assert answer.headers["retry-after"] == "7"
    emulator.faults.add({"kind": "error", "status": 429, "id": "fault-1"})
    answer = ask(aep, "GET", f"{CATALOG}/dataSets")
    assert answer.json == {"error_code": "429050", "message": "Too many requests"}
    assert "retry-after" not in answer.headers


def fired(emulator: Emulator, aep: AepClient, calls: int, definition: dict[str, Any]) -> list[bool]:
    emulator.faults.clear()
    emulator.faults.add({"kind": "error", "status": 503, **definition})
    return [ask(aep, "GET", CONNECTIONS).status == 503 for _ in range(calls)]


def test_after_and_count_say_which_calls_are_hit(emulator: Emulator, aep: AepClient) -> None:
    expected = [False, False, True, True, True, False, False]
    assert fired(emulator, aep, 7, {"after": 2, "count": 3}) == expected
    (fault,) = emulator.faults.all()
    assert (fault.seen, fault.fired) == (7, 3)


def test_chance_is_the_seeds(emulator: Emulator, aep: AepClient) -> None:
    first = fired(emulator, aep, 60, {"probability": 0.5})
    assert first == fired(emulator, aep, 60, {"probability": 0.5})
    assert first != fired(emulator, aep, 60, {"probability": 0.5, "id": "another"})
    other = create_emulator(Settings(seed="other"), clock=ManualClock(), like=emulator)
    assert first != fired(other, aep_for(other), 60, {"probability": 0.5})
    assert 15 < sum(first) < 45


@pytest.mark.parametrize(
    ("narrowed", "hit"),
    [
        ({"operations": ["flow_service.list_connections"]}, True),
        ({"operations": ["flow_service.get_*", "*.list_*"]}, True),
        ({"operations": ["flow_service.create_*"]}, False),
        ({"services": ["catalog", "flow_service"]}, True),
        ({"services": ["catalog"]}, False),
        ({"sandboxes": ["prod"]}, True),
        ({"sandboxes": ["dev"]}, False),
        ({"organizations": [ORGANIZATION]}, True),
        ({"organizations": ["0" * 24 + "@AdobeOrg"]}, False),
        ({"sandboxes": ["prod"], "services": ["catalog"]}, False),
    ],
)
def test_calls_are_chosen_by_what_they_are(
    emulator: Emulator, aep: AepClient, narrowed: dict[str, Any], hit: bool
) -> None:
    assert fired(emulator, aep, 1, narrowed) == [hit]


def test_a_schedule_follows_the_emulators_clock(emulator: Emulator, aep: AepClient) -> None:
    clock = clock_of(emulator)  # 2020-09-13T12:26:40Z
    emulator.faults.add(
        {
            "kind": "error",
            "status": 503,
            "from": "2020-09-13T14:27:40+02:00",
            "until": "2020-09-13T12:28:40Z",
        }
    )
    statuses = []
    for _ in range(4):
        statuses.append(ask(aep, "GET", CONNECTIONS).status)
        clock.advance(50)
    assert statuses == [200, 200, 503, 200]
    clock.jump(ManualClock().now() + 60_000)
    assert ask(aep, "GET", CONNECTIONS).status == 503


def test_of_two_refusals_the_first_answers_and_delays_add_up(
    emulator: Emulator, aep: AepClient
) -> None:
    for definition in (
        {"id": "slow", "kind": "delay", "seconds": 1.5},
        {"id": "first", "kind": "error", "status": 503, "count": 1},
        {"id": "second", "kind": "error", "status": 429},
        {"id": "slower", "kind": "delay", "seconds": 0.25, "jitter": 0.5},
    ):
        emulator.faults.add(definition)
    exchanges: list[Any] = []
    emulator.engine.after.append(exchanges.append)
    assert ask(aep, "GET", CONNECTIONS).headers["x-emulator-fault"] == "slow, first, slower"
    assert ask(aep, "GET", CONNECTIONS).headers["x-emulator-fault"] == "slow, second, slower"
    assert [fault.fired for fault in emulator.faults.all()] == [2, 1, 1, 2]
    delays = [exchange.reply.fault.delay for exchange in exchanges]
    assert all(1.75 <= delay < 2.25 for delay in delays)
    assert delays[0] != delays[1]
    assert list(exchanges[0].faults) == ["slow", "first", "slower"]


def fault_of(emulator: Emulator, call: Any) -> TransportFault | None:
    """What befalls the reply of a call on its way."""
    found: list[Any] = []
    emulator.engine.after.append(found.append)
    with suppress(ConnectionResetError, IncompleteRead):
        call()
    emulator.engine.after.remove(found.append)
    reply_fault: TransportFault | None = found[-1].reply.fault
    return reply_fault


@pytest.mark.parametrize(
    ("definition", "expected", "done"),
    [
        ({"kind": "reset"}, TransportFault(reset=True), False),
        ({"kind": "lostReply"}, TransportFault(reset=True), True),
        ({"kind": "truncate"}, TransportFault(truncated=True), True),
        ({"kind": "truncate", "bytes": 3}, TransportFault(truncated=True, keep=3), True),
        ({"kind": "delay", "seconds": 2}, TransportFault(delay=2.0), True),
        ({"kind": "delay"}, None, True),
    ],
)
def test_what_goes_wrong_on_the_way_is_told_and_whether_the_call_was_done(
    emulator: Emulator,
    aep: AepClient,
    definition: dict[str, Any],
    expected: TransportFault | None,
    done: bool,
) -> None:
    emulator.faults.add(definition)
    found = fault_of(emulator, lambda: ask(aep, "POST", CONNECTIONS, base_connection()))
    assert found == expected
    emulator.faults.clear()
    assert names(aep) == (["Blob"] if done else [])


def test_a_wsgi_server_sends_the_whole_response(emulator: Emulator) -> None:
    """It cannot be made to fail; who serves the application in another way finds the fault."""
    emulator.faults.add({"kind": "truncate", "bytes": 5})
    request = Request("GET", CONNECTIONS, {name.lower(): value for name, value in HEADERS.items()})
    response = emulator.application.handle(request)
    assert response.fault == TransportFault(truncated=True, keep=5)
    assert len(response.sent_body) == 5
    answer = emulator.wsgi_app.test_client().get(CONNECTIONS, headers=HEADERS)
    assert answer.get_data() == response.body


@pytest.mark.parametrize(
    ("fault", "length", "sent"),
    [
        (TransportFault(), 10, 10),
        (TransportFault(truncated=True), 10, 5),
        (TransportFault(truncated=True), 0, 0),
        (TransportFault(truncated=True, keep=0), 10, 0),
        (TransportFault(truncated=True, keep=3), 10, 3),
        (TransportFault(truncated=True, keep=30), 10, 9),
    ],
)
def test_a_truncated_body_is_never_whole(fault: TransportFault, length: int, sent: int) -> None:
    assert fault.sent(length) == sent


def test_waiting_in_process_moves_a_clock_that_stands_still(emulator: Emulator) -> None:
    before = clock_of(emulator).now()
    emulator.faults.wait(TransportFault(delay=2.5))
    assert clock_of(emulator).now() == before + 2500
    slept: list[float] = []
    real = create_emulator(Settings(), like=emulator)
    real.faults.wait(TransportFault(delay=2.5), slept.append)
    real.faults.wait(TransportFault(), slept.append)
    assert slept == [2.5]


def test_a_token_expires_after_some_calls_and_a_new_one_is_good(
    emulator: Emulator, aep: AepClient
) -> None:
    emulator.faults.add({"kind": "expiredToken", "calls": 2, "services": ["flow_service"]})
    for token in ("Bearer one", "Bearer two"):
        answers = [ask(aep, "GET", CONNECTIONS, Authorization=token) for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 401, 401]
        assert answers[-1].json == {"error_code": "401013", "message": "Oauth token is not valid"}
    # Another service was not asked to forget it.
    assert ask(aep, "GET", f"{CATALOG}/dataSets", Authorization="Bearer one").status == 200


def test_a_token_expires_after_some_time(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "expiredToken", "seconds": 60})
    statuses = []
    for _ in range(4):
        statuses.append(ask(aep, "GET", CONNECTIONS).status)
        clock_of(emulator).advance(25)
    assert statuses == [200, 200, 200, 401]
    assert ask(aep, "GET", CONNECTIONS, Authorization="Bearer another").status == 200


CREATIONS = {
    "connection": (CONNECTIONS, base_connection(), CONNECTIONS),
    "schema": (
        f"{SCHEMA_REGISTRY}/tenant/schemas",
        profile_schema(),
        f"{SCHEMA_REGISTRY}/tenant/schemas",
    ),
    "sandbox": (
        f"{SANDBOX_MANAGEMENT}/sandboxes",
        {"name": "hidden-one", "title": "Hidden", "type": "development"},
        f"{SANDBOX_MANAGEMENT}/sandboxes",
    ),
}
REGISTRY = {"Accept": "application/vnd.adobe.xed+json;version=1"}
LIST = {"Accept": "application/vnd.adobe.xed-id+json"}


def id_of(created: Any) -> str:
    return str(created.get("meta:altId") or created.get("id") or created["name"])


@pytest.mark.parametrize("name", CREATIONS)
def test_what_was_created_is_found_by_reads_only_later(
    emulator: Emulator, aep: AepClient, name: str
) -> None:
    path, body, list_path = CREATIONS[name]
    emulator.faults.add({"kind": "notVisible", "reads": 3, "count": 1})
    created = ask(aep, "POST", path, body)
    assert created.status < 300
    assert created.headers["x-emulator-fault"] == "fault-1"
    id = id_of(created.json)
    unknown = aep.call("GET", f"{path}/{'0' * len(id)}", headers=REGISTRY)
    missed = [aep.call("GET", f"{path}/{id}", headers=REGISTRY) for _ in range(2)]
    for answer in missed:
        assert (answer.status, answer.rule) == (unknown.status, unknown.rule)
        assert answer.headers["x-emulator-fault"] == "fault-1"
        assert set(answer.json) == set(unknown.json)
    hidden = aep.call("GET", list_path, headers=LIST)
    assert hidden.status == 200
    assert hidden.headers["x-emulator-fault"] == "fault-1"
    assert id not in hidden.content.decode()
    shown = aep.call("GET", list_path, headers=LIST)
    assert id in shown.content.decode()
    assert "x-emulator-fault" not in shown.headers
    assert aep.call("GET", f"{path}/{id}", headers=REGISTRY).status == 200


def test_what_cannot_be_read_yet_can_be_referred_to(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "notVisible", "reads": 100})
    world = make_world(aep)
    assert aep.call("GET", f"{CATALOG}/dataSets/{world.dataset}").status == 404
    assert aep.ok("GET", f"{CATALOG}/dataSets") == {}
    assert aep.ok("GET", CONNECTIONS)["items"] == []
    aep.ok("DELETE", f"{CATALOG}/dataSets/{world.dataset}")
    emulator.faults.clear()
    assert len(aep.ok("GET", CONNECTIONS)["items"]) == 1


def test_what_is_hidden_for_a_time_appears_with_the_clock(
    emulator: Emulator, aep: AepClient
) -> None:
    emulator.faults.add({"kind": "notVisible", "seconds": 10, "operations": ["data_prep.*"]})
    schema = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    made = aep.ok("POST", f"{CONVERSION}/mappingSets", mapping_set(schema))["id"]
    path = f"{CONVERSION}/mappingSets/{made}"
    assert [aep.call("GET", path).status for _ in range(5)] == [404] * 5
    clock_of(emulator).advance(10)
    assert aep.call("GET", path).status == 200


def test_another_sandbox_hides_nothing(emulator: Emulator, aep: AepClient) -> None:
    """The same calls give the same counters there, but other ids."""
    aep.ok("POST", CONNECTIONS, base_connection(), x_sandbox_name="dev")
    emulator.faults.add({"kind": "notVisible", "reads": 9, "sandboxes": ["prod"]})
    aep.ok("POST", CONNECTIONS, base_connection())
    assert names(aep) == []
    assert len(aep.ok("GET", CONNECTIONS, x_sandbox_name="dev")["items"]) == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("429", 429),
        ("503", 503),
        ("flow_service.flow_not_found", 404),
        ("expiredToken", 401),
        ('{"kind": "error", "problem": "platform.token_invalid"}', 401),
    ],
)
def test_a_header_asks_for_a_fault_on_one_call(aep: AepClient, sent: str, status: int) -> None:
    answer = ask(aep, "GET", CONNECTIONS, x_emulator_fault=sent)
    assert (answer.status, answer.headers["x-emulator-fault"]) == (status, "header")
    assert ask(aep, "GET", CONNECTIONS).status == 200


def test_a_header_hides_what_its_call_creates(aep: AepClient) -> None:
    created = aep.ok("POST", CONNECTIONS, base_connection(), x_emulator_fault="notVisible")
    path = f"{CONNECTIONS}/{created['id']}"
    assert [aep.call("GET", path).status for _ in range(2)] == [404, 200]


@pytest.mark.parametrize("sent", ["418", "", "{", "nonsense", '{"kind": "error"}', "no.such_error"])
def test_a_header_that_asks_for_nothing_known_is_refused(aep: AepClient, sent: str) -> None:
    answer = aep.call("POST", CONNECTIONS, base_connection(), x_emulator_fault=sent)
    assert (answer.status, answer.rule) == (400, "platform.unusable_fault")
    assert names(aep) == []


BAD: list[tuple[Any, str]] = [
    ({}, "kind"),
    ({"kind": "explode"}, "kind"),
    ({"kind": "reset", "surplus": 1}, "surplus"),
    ({"kind": "error"}, "either a problem or a status"),
    ({"kind": "error", "status": 429, "problem": "platform.token_invalid"}, "either a problem"),
    ({"kind": "error", "status": 418}, "status"),
    ({"kind": "error", "problem": "no.such"}, "no.such"),
    ({"kind": "reset", "operations": ["flow_service.explode_*"]}, "flow_service.explode_*"),
    ({"kind": "reset", "operations": []}, "operations"),
    ({"kind": "reset", "services": ["weather"]}, "weather"),
    ({"kind": "reset", "probability": 0}, "probability"),
    ({"kind": "reset", "probability": 1.5}, "probability"),
    ({"kind": "reset", "count": 0}, "count"),
    ({"kind": "reset", "after": -1}, "after"),
    ({"kind": "reset", "from": "tomorrow"}, "from"),
    ({"kind": "reset", "from": "2020-01-01T00:00:00"}, "from"),
    (
        {"kind": "reset", "from": "2021-01-01T00:00:00Z", "until": "2020-01-01T00:00:00Z"},
        "until",
    ),
    ({"kind": "delay", "seconds": -1}, "seconds"),
    ({"kind": "notVisible", "reads": 0}, "reads"),
    ({"kind": "reset", "id": "not a name"}, "id"),
]


@pytest.mark.parametrize(("definition", "said"), BAD, ids=lambda part: str(part)[:40])
def test_a_definition_that_cannot_be_used_is_refused(
    emulator: Emulator, aep: AepClient, definition: Any, said: str
) -> None:
    with pytest.raises(FaultError) as refused:
        emulator.faults.add(definition)
    assert said in str(refused.value)
    answer = ask(aep, "POST", FAULTS, {"faults": [{"kind": "reset"}, definition]})
    assert (answer.status, answer.json["error"]) == (400, "invalid fault")
    assert said in answer.json["detail"]
    assert emulator.faults.all() == []


def test_the_schema_says_of_form_what_the_emulator_says(emulator: Emulator) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    valid: list[JsonObject] = [
        {"kind": "error", "status": 429, "id": "a", "operations": ["*"], "count": 2},
        {"kind": "delay", "seconds": 1, "jitter": 0.5, "from": "2020-01-01T00:00:00Z"},
        {"kind": "notVisible", "reads": 2},
    ]
    for definition in valid:
        assert list(validator.iter_errors(definition)) == []
        emulator.faults.add(definition)
    invalid: list[JsonObject] = [
        {"kind": "explode"},
        {"kind": "reset", "surplus": 1},
        {"kind": "reset", "count": 0},
    ]
    for definition in invalid:
        assert list(validator.iter_errors(definition)) != []


def test_the_control_api_sets_lists_and_clears(emulator: Emulator, aep: AepClient) -> None:
    one = {"id": "busy", "kind": "error", "status": 429, "count": 2}
    answer = ask(aep, "POST", FAULTS, one)
    assert (answer.status, answer.json) == (201, {"faults": [{**one, "matched": 0, "fired": 0}]})
    assert ask(aep, "POST", FAULTS, {"faults": [{"kind": "reset", "after": 9}]}).status == 201
    ask(aep, "GET", CONNECTIONS)
    listed = ask(aep, "GET", FAULTS).json["faults"]
    assert [(fault["id"], fault["fired"]) for fault in listed] == [("busy", 1), ("fault-1", 0)]
    # One of the same id takes its place and counts anew.
    ask(aep, "POST", FAULTS, one)
    assert {fault.id: fault.fired for fault in emulator.faults.all()} == {"fault-1": 0, "busy": 0}
    assert ask(aep, "DELETE", f"{FAULTS}/busy").status == 204
    assert ask(aep, "DELETE", f"{FAULTS}/busy").status == 404
    assert ask(aep, "DELETE", FAULTS).status == 204
    assert ask(aep, "GET", FAULTS).json == {"faults": []}
    assert ask(aep, "GET", f"{FAULTS}/schema").json == schema()
    bodies: list[Json] = [[], {"faults": 1}]
    for body in bodies:
        assert ask(aep, "POST", FAULTS, body).status == 400


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "faults.json"


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "error", "status": 503},
        [{"kind": "error", "status": 503}],
        {"faults": [{"kind": "error", "status": 503}]},
    ],
)
def test_a_file_sets_faults_from_the_start(emulator: Emulator, file: Path, content: Any) -> None:
    file.write_text(json.dumps(content))
    made = create_emulator(Settings(faults=file), like=emulator)
    assert ask(aep_for(made), "GET", CONNECTIONS).status == 503


@pytest.mark.parametrize("content", [None, "{", "1", '[{"kind": "explode"}]'])
def test_a_file_that_cannot_be_used_is_told_of_at_the_start(
    emulator: Emulator, file: Path, content: str | None
) -> None:
    if content is not None:
        file.write_text(content)
    with pytest.raises(FaultError, match=r"faults\.json"):
        create_emulator(Settings(faults=file), like=emulator)


@pytest.mark.parametrize("by_reset", [True, False], ids=["reset", "restored state"])
def test_a_resource_with_the_id_of_one_that_was_hidden_is_seen(
    emulator: Emulator, by_reset: bool
) -> None:
    aep, start = aep_for(emulator), emulator.snapshot()
    emulator.faults.add({"kind": "notVisible", "seconds": 3600, "count": 1})
    hidden = aep.ok("POST", CONNECTIONS, base_connection())["id"]
    reset(aep, organization="0" * 24 + "@AdobeOrg")
    assert names(aep) == []
    if by_reset:
        reset(aep)
    else:
        emulator.restore(start)
    assert aep.ok("POST", CONNECTIONS, base_connection())["id"] == hidden
    assert len(names(aep)) == 1
