"""Recorded traffic is judged as the emulator judges it, as far as the recording shows enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.traffic import known_resources
from emulator.traffic.judge import RecordingJudge
from emulator.traffic.judgement import RoutedRequest
from emulator.traffic.recording import RecordedCall, RecordedReply, Source
from tests.bodies import BLOB, FLOW_SERVICE, HEADERS, base_connection, make_world
from tests.emulators import aep_for, new_emulator
from tests.journeys.test_negative_matrix import Matrix, _outcomes
from tests.journeys.tutorial import RUNS, TUTORIALS, given, send
from tests.journeys.wrong import MAX_BODY
from tests.traffic.recorder import HOST, Recorder

CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"
KNOWN = "flow_service.get_connection.connection_exists"
JSON = {"Content-Type": "application/json"}
SANDBOX = Sandbox(HEADERS["x-gw-ims-org-id"], HEADERS["x-sandbox-name"])


@pytest.fixture(scope="module")
def reference() -> Emulator:
    """Lends its contract and what the platform has of its own; nothing is ever stored in it."""
    return new_emulator(max_body=MAX_BODY)


@pytest.fixture
def judge(reference: Emulator) -> RecordingJudge:
    return RecordingJudge(reference.contract, reference.platform)


def call(
    method: str,
    path: str,
    body: Any = None,
    status: int = 0,
    answer: Any = None,
    without: tuple[str, ...] = (),
    *,
    headers: Mapping[str, str] | None = None,
) -> RecordedCall:
    """A recorded call; without a status nobody answered it."""
    sent = {**HEADERS, **(headers or {})}
    sent = {name: value for name, value in sent.items() if name not in without}
    content = b""
    if body is not None:
        content, sent = json.dumps(body).encode(), {**sent, **JSON}
    reply = None
    if status:
        replied = b"" if answer is None else json.dumps(answer).encode()
        reply = RecordedReply(status, list(JSON.items()) if replied else [], replied)
    return RecordedCall(Source("a.har"), method, HOST + path, list(sent.items()), content, reply)


def judged(judge: RecordingJudge, recorded: RecordedCall) -> tuple[set[str], set[str], list[str]]:
    """Judge and learn; return the rules broken, those undecided, and complaints of the reply."""
    routed = judge.route(recorded)
    assert isinstance(routed, RoutedRequest), routed
    found = judge.judge(routed, judge.contract.edition("latest"))
    entry = judge.entry(routed, found)
    judge.learn(routed, found)
    return {item.rule for item in entry.findings}, set(entry.undecided), list(entry.deviations)


def compare(recorder: Recorder, judge: RecordingJudge) -> int:
    """Hold what the judge says against what the emulator found; return how much was undecided."""
    undecided = 0
    for recorded, exchange in zip(recorder.recorded, recorder.exchanges, strict=True):
        routed = judge.route(recorded)
        assert isinstance(routed, RoutedRequest)
        found = judge.judge(routed, exchange.edition)
        entry = judge.entry(routed, found)
        broken = {item.rule for item in entry.findings}
        own = {finding.rule.id for finding in exchange.findings}
        assert own <= broken | set(entry.undecided), (recorded.source, recorded.body)
        if exchange.reply.status < 400:
            assert broken <= own, recorded.body
        assert entry.deviations == (), recorded.body
        undecided += bool(entry.undecided)
        judge.learn(routed, found)
    return undecided


def test_journeys_are_judged_without_a_false_word(judge: RecordingJudge) -> None:
    emulator = new_emulator()
    recorder = Recorder.of(emulator)
    aep = aep_for(emulator)
    for number, (name, edition) in enumerate(RUNS):
        known = given(aep, f"{number:024X}@AdobeOrg")
        for step in TUTORIALS[name].steps:
            known = send(aep, step, known, edition).known
    assert compare(recorder, judge) < len(recorder.recorded)
    assert len(recorder.recorded) > 25


@pytest.mark.parametrize(
    "key",
    [("2020-09", "latest", "flow"), ("2020-03", "2020-03", "target connection")],
    ids=" ".join,
)
def test_wrong_requests_are_found_or_undecided(
    reference: Emulator, key: tuple[str, str, str]
) -> None:
    """What the emulator refuses is never taken for right, what it accepts never for wrong."""
    emulator = new_emulator(max_body=MAX_BODY)
    recorder = Recorder.of(emulator)
    matrix = Matrix(emulator, aep_for(emulator), count(1), {})
    for outcome in _outcomes(matrix, key, puts_back=False):
        if "x-emulator-edition" in outcome.wrong.what:
            del recorder.recorded[-1], recorder.exchanges[-1]
    judge = RecordingJudge(reference.contract, reference.platform)
    compare(recorder, judge)
    assert len(recorder.recorded) > 200


def test_a_world_that_was_made_in_the_recording_is_known(judge: RecordingJudge) -> None:
    """Of a flow's references nothing is undecided that the recording has shown."""
    emulator = new_emulator()
    recorder = Recorder.of(emulator)
    aep = aep_for(emulator)
    made = make_world(aep)
    for path in (f"connections/{made.base}", f"sourceConnections/{made.source}"):
        aep.ok("GET", f"{FLOW_SERVICE}/{path}")
    aep.ok("DELETE", f"{FLOW_SERVICE}/sourceConnections/{made.source}")
    assert aep.call("GET", f"{FLOW_SERVICE}/sourceConnections/{made.source}").status == 404
    compare(recorder, judge)
    again = call("POST", f"{FLOW_SERVICE}/flows", {"sourceConnectionIds": [made.source]}, 400)
    broken, _, _ = judged(judge, again)
    assert "flow_service.create_flow.source_connections_exist" in broken


def test_what_was_never_shown_is_undecided(judge: RecordingJudge) -> None:
    path = f"{CONNECTIONS}/11111111-2222-4333-8444-555555555555"
    broken, undecided, _ = judged(judge, call("GET", path, status=500, answer={}))
    assert KNOWN not in broken
    assert KNOWN in undecided
    # A read shows what is there, and what is not.
    assert KNOWN in judged(judge, call("GET", path, status=404, answer={}))[0]
    change = call("PATCH", path, [], headers={"If-Match": "1"})
    assert "flow_service.update_connection.connection_exists" in judged(judge, change)[0]


def test_a_created_resource_is_known_in_part(judge: RecordingJudge) -> None:
    id = "11111111-2222-4333-8444-555555555555"
    created = call("POST", CONNECTIONS, base_connection(), 201, {"id": id, "etag": '"1"'})
    assert judged(judge, created)[0] == set()
    path = f"{CONNECTIONS}/{id}"
    patch = [{"op": "remove", "path": "/description"}]
    stale = call("PATCH", path, patch, 412, {}, headers={"If-Match": '"0"'})
    broken, undecided, _ = judged(judge, stale)
    assert "flow_service.update_connection.if_match_is_current" in broken
    assert any(rule.endswith("patch_applies") or "patch" in rule for rule in undecided)
    right = call("PATCH", path, patch, 200, {"id": id, "etag": '"2"'}, headers={"If-Match": '"1"'})
    assert judged(judge, right)[0] == set()
    # The reply has told the new version.
    assert "flow_service.update_connection.if_match_is_current" in judged(judge, right)[0]


def test_a_resource_read_whole_decides_a_patch(judge: RecordingJudge) -> None:
    id = "11111111-2222-4333-8444-555555555555"
    whole = {**base_connection(), "id": id, "etag": '"1"', "state": "enabled", "version": "1"}
    judged(judge, call("GET", f"{CONNECTIONS}/{id}", status=200, answer={"items": [whole]}))
    patch = [{"op": "remove", "path": "/description"}]
    path = f"{CONNECTIONS}/{id}"
    broken, _, _ = judged(judge, call("PATCH", path, patch, 400, {}, headers={"If-Match": '"1"'}))
    assert "flow_service.update_connection.patch_applies" in broken


def test_sandboxes_are_apart(judge: RecordingJudge) -> None:
    id = "11111111-2222-4333-8444-555555555555"
    judged(judge, call("POST", CONNECTIONS, base_connection(), 201, {"id": id}))
    path = f"{CONNECTIONS}/{id}"
    elsewhere = call("GET", path, headers={"x-sandbox-name": "dev"})
    assert KNOWN in judged(judge, elsewhere)[1]
    assert KNOWN not in judged(judge, call("GET", path))[1]


def test_a_token_that_the_recorder_took_out_is_no_violation(judge: RecordingJudge) -> None:
    sent = "platform.gate.token_is_sent"
    taken_out = call("GET", CONNECTIONS, status=200, answer={}, without=("Authorization",))
    broken, undecided, _ = judged(judge, taken_out)
    assert sent not in broken
    assert sent in undecided
    refused = call("GET", CONNECTIONS, status=401, answer={}, without=("Authorization",))
    assert sent in judged(judge, refused)[0]
    unanswered = call("GET", CONNECTIONS, without=("Authorization",))
    assert sent in judged(judge, unanswered)[0]
    for shown in ("REDACTED", "***", "Bearer [hidden]"):
        headers = {"Authorization": shown}
        written_over = call("GET", CONNECTIONS, status=200, answer={}, headers=headers)
        assert judged(judge, written_over)[0] == set()


def test_a_body_that_was_not_recorded_decides_nothing(judge: RecordingJudge) -> None:
    recorded = call("POST", CONNECTIONS, {}, 201, {"id": "x"}, headers={"x-sandbox-id": "1"})
    recorded.body = None
    broken, undecided, complaints = judged(judge, recorded)
    assert broken == {"platform.gate.sandbox_id_is_not_sent"}
    assert "flow_service.create_connection.body_is_an_object" in undecided
    assert not any("although" in said for said in complaints)


def test_variables_without_a_value_decide_nothing(judge: RecordingJudge) -> None:
    body = base_connection(name=7, connectionSpec={"id": "{{spec}}", "version": "1.0"})
    recorded = call("POST", CONNECTIONS, body)
    recorded.unknown = ("{{spec}}",)
    broken, undecided, _ = judged(judge, recorded)
    assert broken == {NAME}
    assert any("connection_spec" in rule for rule in undecided)


def test_replies_are_held_against_the_documents(judge: RecordingJudge) -> None:
    answer = {"items": [{"id": "secret-7", "name": 7}], "_links": {}}
    _, _, complaints = judged(judge, call("GET", CONNECTIONS, status=200, answer=answer))
    assert complaints
    assert all("secret-7" not in said for said in complaints)
    assert any("items/*" in said for said in complaints), complaints
    _, _, complaints = judged(judge, call("GET", CONNECTIONS, status=202, answer={}))
    assert "status 202 is not in flow_service.connection_list" in complaints[0]
    odd = call("GET", CONNECTIONS, status=502, answer={"oops": "secret-7"})
    (complaint,) = judged(judge, odd)[2]
    assert complaint == "status 502: the body is none of the error shapes: a value"


def test_it_is_told_where_platform_and_rules_disagree(judge: RecordingJudge) -> None:
    body = base_connection(name=7)
    _, _, complaints = judged(judge, call("POST", CONNECTIONS, body, 201, {"id": "x"}))
    assert f"201, although {NAME} refuses it" in complaints
    error = {"errorMessage": "x", "errorDetails": "y"}
    _, _, complaints = judged(judge, call("POST", CONNECTIONS, body, 422, error))
    assert f"422, where {NAME} answers 400" in complaints
    right = base_connection(connectionSpec={"id": BLOB, "version": "1.0"})
    _, undecided, complaints = judged(judge, call("POST", CONNECTIONS, right, 400, error))
    assert "400, although no rule refuses it" in complaints or undecided


def test_requests_to_others_are_left_out(judge: RecordingJudge) -> None:
    def route(url: str) -> object:
        return judge.route(RecordedCall(Source("a.har"), "GET", url))

    assert route("https://example.com/data/foundation/flowservice/flows") == "example.com"
    assert (
        route("https://platform.adobe.io/data/core/ups/segment/jobs")
        == "/data/core/ups/segment/jobs"
    )


def test_a_path_that_no_document_knows_is_a_violation(judge: RecordingJudge) -> None:
    assert judged(judge, call("GET", f"{FLOW_SERVICE}/flow"))[0] == {"platform.unknown_path"}
    wrong = call("PUT", f"{FLOW_SERVICE}/flows")
    assert judged(judge, wrong)[0] == {"platform.method_not_allowed"}


def test_what_is_learned_is_bounded(judge: RecordingJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_resources, "MAX_KNOWN", 50)
    for number in range(200):
        answer = {"id": f"{number}", "etag": '"1"'}
        judged(judge, call("POST", CONNECTIONS, base_connection(), 201, answer))
    known = judge.known
    assert len(known) == 50
    assert len(list(known.all(SANDBOX, "connection"))) < 50
    assert KNOWN not in judged(judge, call("GET", f"{CONNECTIONS}/199"))[1]
    assert KNOWN in judged(judge, call("GET", f"{CONNECTIONS}/7"))[1]


def test_aliases_of_paths_lead_to_the_same_operation(judge: RecordingJudge) -> None:
    for path in ("dataSets", "datasets"):
        routed = judge.route(call("GET", f"/data/foundation/catalog/{path}/1%202"))
        assert isinstance(routed, RoutedRequest)
        assert routed.incoming.operation.id == "catalog.get_dataset"
        assert routed.incoming.path == {"id": "1 2"}


SANDBOXES = "/data/foundation/sandbox-management/sandboxes"


def test_a_sandbox_comes_and_goes_and_its_state_is_nobodys_knowledge(
    judge: RecordingJudge,
) -> None:
    """Its creation is answered while it is still being made."""
    exists = "platform.gate.sandbox_exists"
    body = {"name": "acme", "title": "Acme", "type": "development"}
    made = {**body, "state": "creating", "region": "VA7"}
    judged(judge, call("POST", SANDBOXES, body, 201, made))
    within = {"x-sandbox-name": "acme"}
    broken, undecided, _ = judged(judge, call("GET", CONNECTIONS, headers=within))
    assert exists not in broken | undecided
    reset = call("PUT", f"{SANDBOXES}/acme", {"action": "reset"}, 202, {**made, "state": "x"})
    broken, undecided, _ = judged(judge, reset)
    assert broken == set()
    assert "sandbox_management.reset_sandbox.sandbox_is_active" in undecided
    judged(judge, call("DELETE", f"{SANDBOXES}/acme", status=202, answer=made))
    assert exists in judged(judge, call("GET", CONNECTIONS, headers=within))[0]


def test_a_change_makes_what_was_known_before_unknown(judge: RecordingJudge) -> None:
    id = "16da6a1709e54c4e9c0da565e90cbedc"
    path = f"/data/foundation/conversion/mappingSets/{id}"
    transformation = {"name": "Mapping", "params": {"mappingId": id, "mappingVersion": "1"}}
    flow = call("POST", f"{FLOW_SERVICE}/flows", {"transformations": [transformation]})
    known = "flow_service.create_flow.mapping_version_exists"
    created = {"id": id, "version": 0}
    judged(judge, call("POST", "/data/foundation/conversion/mappingSets", {}, 200, created))
    assert known in judged(judge, flow)[0]
    judged(judge, call("POST", f"{path}/mappings", {}, 200, {"id": "1"}))
    broken, undecided, _ = judged(judge, flow)
    assert known not in broken
    assert known in undecided
    judged(judge, call("PUT", path, {}, 200, {"id": id, "version": 2}))
    broken, undecided, _ = judged(judge, flow)
    assert known not in broken | undecided


def test_a_404_is_about_the_id_only_where_nothing_else_was_asked_for(
    judge: RecordingJudge,
) -> None:
    path = "/data/foundation/conversion/mappingSets/16da6a1709e54c4e9c0da565e90cbedc"
    known = "data_prep.get_mapping_set.id_is_known"
    assert known in {rule.id for rule in judge.contract.edition("latest").rules}
    broken, undecided, _ = judged(judge, call("GET", f"{path}?version=9", status=404, answer={}))
    assert known not in broken
    assert known in undecided
    patch = call("PUT", path, {"mappings": []}, 404, {})
    judged(judge, patch)
    assert known in judged(judge, call("GET", path))[1]


def test_uploads_have_a_limit_of_their_own(judge: RecordingJudge) -> None:
    upload = "/data/foundation/import/batches/B1/datasets/D1/files/a.json"
    large = "platform.body.length_is_within_limit"
    for path, method, is_refused in ((upload, "PUT", False), (CONNECTIONS, "POST", True)):
        recorded = call(method, path, {}, headers={"Content-Type": "application/octet-stream"})
        recorded.body = b"x" * (MAX_BODY + 1)
        assert (large in judged(judge, recorded)[0]) is is_refused
