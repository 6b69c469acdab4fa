"""Flow runs over HTTP: lists, orders, replacement, action, and every documented refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.json_types import Json, JsonObject
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, World, flow, make_world, source_connection
from tests.files import put

RUNS = f"{FLOW_SERVICE}/runs"
BIG_QUERY = "3c9b37f8-13a6-43d8-bad3-b863b941fedd"
CRM_TO_AEP = "14518937-270c-4525-bdec-c2ba7cce3860"
START = 1_600_000_000
"""The second in which the clock of these tests stands."""

WINDOW = {
    "startTime": str(START),
    "windowStartTime": str(START - 60),
    "windowEndTime": str(START + 60),
}


def once(start: int = START + 3600) -> dict[str, str]:
    """Return a schedule for one run, which is later than what a test does."""
    return {"startTime": str(start), "frequency": "once"}


def big_query() -> dict[str, Any]:
    params = {"project": "p", "clientId": "i", "clientSecret": "s", "refreshToken": "t"}
    auth = {"specName": "Basic Authentication", "params": params}
    return {"name": "Q", "auth": auth, "connectionSpec": {"id": BIG_QUERY, "version": "1.0"}}


@pytest.fixture
def flow_id(api: AepClient, world: World) -> str:
    """A flow that runs on order, with a file to read."""
    put(api, world.base, "leads/a.tsv")
    id: str = api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=once()))["id"]
    return id


def order(api: AepClient, flow_id: str, **changes: Any) -> str:
    """Order a run and return its id."""
    id: str = api.ok("POST", RUNS, {"flowId": flow_id, "params": WINDOW, **changes})["id"]
    return id


def run(api: AepClient, id: str) -> dict[str, Any]:
    (found,) = api.ok("GET", f"{RUNS}/{id}")["items"]
    assert isinstance(found, dict)
    return found


def ids(api: AepClient, query: str) -> list[str]:
    return [item["id"] for item in api.ok("GET", f"{RUNS}?{query}")["items"]]


def refused(api: AepClient, body: Any, edition: str = "latest") -> tuple[int, str]:
    """Order a run that has to be refused and to leave nothing behind."""
    before = api.ok("GET", f"{RUNS}?count=true")["count"]
    answer = api.call("POST", RUNS, body, x_emulator_edition=edition)
    assert api.ok("GET", f"{RUNS}?count=true")["count"] == before
    return answer.status, answer.rule.rpartition(".")[2]


# Orders


def test_a_run_is_ordered_and_read(api: AepClient, flow_id: str) -> None:
    answer = api.call("POST", RUNS, {"flowId": flow_id, "params": WINDOW})
    assert answer.status == 201
    assert answer.json["items"] == [{name: answer.json[name] for name in ("id", "etag")}]
    assert answer.warnings == []
    shown = run(api, answer.json["id"])
    assert shown["etag"] == answer.json["etag"]
    assert (shown["flowId"], shown["params"], shown["state"]) == (flow_id, WINDOW, "success")
    assert shown["createdClient"] == "test-client"
    assert shown["metrics"]["recordSummary"] == {
        "inputRecordCount": 2,
        "outputRecordCount": 2,
        "failedRecordCount": 0,
    }


def test_a_client_orders_without_params(api: AepClient, flow_id: str) -> None:
    answer = api.call("POST", f"{RUNS}/", {"flowId": flow_id, "status": "active"})
    assert answer.status == 201
    names = [name.rpartition(".")[2] for name in answer.warnings]
    assert names == ["members_are_documented", "params_are_sent"]
    assert run(api, answer.json["id"])["metrics"]["recordSummary"]["inputRecordCount"] == 2
    again = run(api, api.ok("POST", RUNS, {"flowId": flow_id})["id"])
    assert again["metrics"]["recordSummary"]["inputRecordCount"] == 0


def test_a_run_for_later_waits(api: AepClient, flow_id: str, clock: ManualClock) -> None:
    id = order(api, flow_id, params={**WINDOW, "startTime": START + 60})
    waiting = run(api, id)
    assert waiting["metrics"] == {"statusSummary": {"status": "scheduled"}}
    assert (waiting["state"], waiting["activities"]) == ("scheduled", [])
    clock.advance(60)
    done = run(api, id)
    assert (done["state"], done["metrics"]["recordSummary"]["outputRecordCount"]) == ("success", 2)
    assert done["etag"] != waiting["etag"]


def test_a_flow_shows_its_last_run_and_keeps_its_etag(api: AepClient, flow_id: str) -> None:
    path = f"{FLOW_SERVICE}/flows/{flow_id}"
    before = api.ok("GET", path)["items"][0]
    id = order(api, flow_id)
    after = api.ok("GET", path)["items"][0]
    assert after["etag"] == before["etag"]
    assert after["lastRunDetails"] == {
        "id": id,
        "state": "success",
        "startedAtUTC": START * 1000,
        "completedAtUTC": START * 1000,
    }
    listed = api.ok("GET", f"{FLOW_SERVICE}{after['runs']}")["items"]
    assert [item["id"] for item in listed] == [id]
    query = f"property=lastRunDetails.state==Success&property=lastRunDetails.startedAtUTC>={START}"
    assert len(api.ok("GET", f"{FLOW_SERVICE}/flows?{query}")["items"]) == 1


def test_activities_have_names_in_the_documents_of_august_2020(
    api: AepClient, flow_id: str
) -> None:
    id = order(api, flow_id)
    shown = run(api, id)
    assert [item["name"] for item in shown["activities"]] == ["Copy Activity", "Promotion Activity"]
    refs = shown["metrics"]["statusSummary"]["activityRefs"]
    assert refs == [shown["activities"][1]["id"]]
    old = api.ok("GET", f"{RUNS}/{id}", x_emulator_edition="2020-09")["items"][0]
    assert [item["id"] for item in old["activities"]] == ["copyActivity", "promotionActivity"]
    assert old["metrics"]["statusSummary"]["activityRefs"] == ["promotionActivity"]


NOTHING_READ = "flow_service.get_run.run_has_read_something"
"""What is said of a run for which nothing was new, to whoever orders, repeats or reads it."""


def test_a_weekly_flow_is_run_on_demand_with_a_remark(api: AepClient, world: World) -> None:
    schedule = {"startTime": str(START + 60), "frequency": "week", "interval": "15"}
    id = api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))["id"]
    answer = api.call("POST", RUNS, {"flowId": id, "params": WINDOW})
    rule = "flow_service.create_run.flow_runs_once"
    assert (answer.status, answer.warnings) == (201, [rule, NOTHING_READ])


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"flowId": "a"}, "flow_exists"),
    ],
)
def test_orders_without_a_flow_are_refused(
    api: AepClient, flow_id: str, body: Any, rule: str
) -> None:
    assert refused(api, body) == (400, rule)
    assert refused(api, body, "2020-03") == (400, rule)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"params": {"startTime": START}}, "params_fit_the_run_spec"),
        ({"params": {**WINDOW, "windowEndTime": "soon"}}, "params_fit_the_run_spec"),
        ({"params": "now"}, "params_fit_the_run_spec"),
        ({"predecessors": ["a"]}, "predecessors_exist"),
        ({"predecessors": [{"flowRunId": "a"}]}, "predecessor_runs_exist"),
        ({"predecessors": [{"flowId": "a"}]}, "predecessor_flows_exist"),
    ],
)
def test_wrong_orders_are_refused(
    api: AepClient, flow_id: str, changes: dict[str, Any], rule: str
) -> None:
    assert refused(api, {"flowId": flow_id, "params": WINDOW, **changes}) == (400, rule)


def test_a_window_that_holds_nothing_is_remarked_on(api: AepClient, flow_id: str) -> None:
    params = {**WINDOW, "windowEndTime": START - 61}
    answer = api.call("POST", RUNS, {"flowId": flow_id, "params": params})
    assert answer.warnings == ["flow_service.create_run.window_is_in_order", NOTHING_READ]
    summary = run(api, answer.json["id"])["metrics"]["recordSummary"]
    assert summary["inputRecordCount"] == 0
    again = api.call("POST", f"{RUNS}/{answer.json['id']}/action?op=RE_TRIGGER")
    assert (again.status, again.warnings) == (200, [NOTHING_READ])


def test_only_the_first_run_of_a_table_names_its_delta_column(api: AepClient, world: World) -> None:
    """The runSpec that is printed requires it of every run; the page about runs of the first."""
    table = {
        "name": "Table",
        "data": {"format": "tabular"},
        "params": {"tableName": "a.b", "columns": []},
        "connectionSpec": {"id": BIG_QUERY, "version": "1.0"},
        "baseConnectionId": api.ok("POST", f"{FLOW_SERVICE}/connections", big_query())["id"],
    }
    source = api.ok("POST", f"{FLOW_SERVICE}/sourceConnections", table)["id"]
    body = flow(
        world,
        flowSpec={"id": CRM_TO_AEP, "version": "1.0"},
        sourceConnectionIds=[source],
        scheduleParams=once(),
    )
    id = api.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
    ordered = {"flowId": id, "params": WINDOW}
    assert refused(api, ordered) == (400, "params_fit_the_run_spec")
    order(api, id, params={**WINDOW, "deltaColumn": {"name": "day"}})
    assert api.call("POST", RUNS, ordered).status == 201


def test_a_run_follows_another(api: AepClient, flow_id: str) -> None:
    first = order(api, flow_id)
    assert run(api, order(api, flow_id, predecessors=[first]))["predecessors"] == [first]


def test_a_flow_that_is_not_enabled_does_not_run(
    api: AepClient, flow_id: str, world: World
) -> None:
    api.ok("POST", f"{FLOW_SERVICE}/flows/{flow_id}/action?op=disable")
    assert refused(api, {"flowId": flow_id, "params": WINDOW}) == (400, "flow_is_enabled")
    answer = api.call("POST", RUNS, {"flowId": flow_id})
    assert answer.json["detail"] == f"Flow {flow_id} is not in expected state enabled."
    draft = api.ok("POST", f"{FLOW_SERVICE}/flows?mode=draft", flow(world))["id"]
    assert refused(api, {"flowId": draft, "params": WINDOW}) == (400, "flow_is_enabled")


def test_strict_enforcement_wants_one_time_flows_and_params(strict: AepClient) -> None:
    world = make_world(strict)
    schedule = {"startTime": str(START + 60), "frequency": "day", "interval": "15"}
    daily = strict.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))["id"]
    assert refused(strict, {"flowId": daily, "params": WINDOW}) == (400, "flow_runs_once")
    one = strict.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=once()))["id"]
    assert refused(strict, {"flowId": one}) == (400, "params_are_sent")


@pytest.mark.parametrize(
    "options",
    [{"partialIngestionPercent": 0}, {"errorDiagnosticsEnabled": "perhaps"}, [], "none"],
)
def test_options_of_a_flow_fit_its_spec(api: AepClient, world: World, options: Any) -> None:
    path = f"{FLOW_SERVICE}/flows"
    answer = api.call("POST", path, flow(world, options=options))
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "options_fit_the_option_spec")
    assert api.ok("GET", f"{path}?count=true") == {"count": 0}
    good = {"partialIngestionPercent": "5", "errorDiagnosticsEnabled": True}
    id = api.ok("POST", path, flow(world, options=good))["id"]
    etag = api.ok("GET", f"{path}/{id}")["items"][0]["etag"]
    patch = [{"op": "replace", "path": "/options", "value": options}]
    answer = api.call("PATCH", f"{path}/{id}", patch, if_match=etag)
    assert answer.status == 400
    (shown,) = api.ok("GET", f"{path}?property=options.errorDiagnosticsEnabled==true")["items"]
    assert shown["options"] == good


# Lists


def test_runs_are_filtered_by_nested_names(
    api: AepClient, flow_id: str, world: World, clock: ManualClock
) -> None:
    good = order(api, flow_id)
    clock.advance(10)
    params = {"path": "/leads/gone.tsv"}
    path = f"{FLOW_SERVICE}/sourceConnections"
    source = api.ok("POST", path, source_connection(world.base, params=params))["id"]
    body = flow(replace(world, source=source), scheduleParams=once())
    other = api.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
    bad = order(api, other)
    assert ids(api, f"property=flowId=={flow_id},{other}") == [bad, good]
    for query in (
        "property=state==failed",
        "property=state==Failed",
        "property=metrics.statusSummary.status==FAILED",
        'property=metrics.statusSummary.errors[].code=="CONNECTOR-2001-500"',
        f"property=metrics.durationSummary.startedAtUTC>{START * 1000}",
        f"property=createdAt>={START * 1000 + 10_000}&property=flowId=={other}",
        f"property=id=={bad},a",
    ):
        assert ids(api, query) == [bad], query
    for query in (
        "property=metrics.recordSummary.outputRecordCount>1",
        f"property=metrics.durationSummary.startedAtUTC<={START * 1000}",
        "property=activities[].targetInfo[].type==TargetConnection",
    ):
        assert ids(api, query) == [good], query
    assert ids(api, "property=state==inProgress") == []


def _base(api: AepClient, flow_id: str) -> str:
    source = api.ok("GET", f"{FLOW_SERVICE}/flows/{flow_id}")["items"][0]
    base: str = source["inheritedAttributes"]["sourceConnections"][0]["baseConnection"]["id"]
    return base


def test_runs_are_ordered_paged_and_counted(
    api: AepClient, flow_id: str, clock: ManualClock
) -> None:
    made = []
    for _ in range(5):
        made.append(order(api, flow_id))
        clock.advance(1)
    assert api.ok("GET", f"{RUNS}?count=true") == {"count": 5}
    assert api.ok("GET", f"{RUNS}?count=true&property=flowId==a") == {"count": 0}
    assert ids(api, "orderby=-createdAt") == made[::-1]
    assert ids(api, "orderby=%2BcreatedAt&limit=2&count=False") == made[:2]
    found, page = [], api.ok("GET", f"{RUNS}?limit=2&orderby=-createdAt")
    while True:
        found += [item["id"] for item in page["items"]]
        link = page["_links"].get("next")
        if not link:
            break
        page = api.ok("GET", FLOW_SERVICE + link["href"])
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("testParam=1", "parameters_are_known"),
        ("continuationToken=a", "continuation_token_is_one"),
    ],
)
def test_wrong_lists_are_refused(api: AepClient, query: str, rule: str) -> None:
    answer = api.call("GET", f"{RUNS}?{query}")
    assert (answer.status, answer.rule) == (400, f"flow_service.list_runs.{rule}")


def test_runs_stay_in_their_sandbox(api: AepClient, flow_id: str) -> None:
    id = order(api, flow_id)
    dev = {"x_sandbox_name": "dev"}
    assert api.ok("GET", RUNS, headers=dev)["items"] == []
    answer = api.call("GET", f"{RUNS}/{id}", headers=dev)
    assert (answer.status, answer.rule) == (404, "flow_service.get_run.run_exists")
    answer = api.call("POST", RUNS, {"flowId": flow_id}, headers=dev)
    assert answer.rule == "flow_service.create_run.flow_exists"


# Replacement


def replacement(status: str = "FAILED") -> dict[str, Any]:
    errors = [{"code": "CONNECTOR-2001-500", "message": "It broke."}]
    return {
        "metrics": {"statusSummary": {"status": status, "errors": errors}},
        "activities": [{"id": "a", "name": "b"}],
        "etag": "mine",
        "createdAt": 5,
    }


def test_a_provider_replaces_a_run(api: AepClient, flow_id: str, clock: ManualClock) -> None:
    id = order(api, flow_id)
    before = run(api, id)
    clock.advance(1)
    answer = api.call("PUT", f"{RUNS}/{id}", replacement(), if_match=before["etag"])
    assert answer.status == 200
    assert answer.headers["location"] == f"{RUNS}/{id}"
    names = ["all_is_carried_out", "token_is_a_service_token"]
    assert answer.warnings == [f"flow_service.replace_run.{name}" for name in names]
    after = run(api, id)
    assert after["etag"] == answer.json["etag"] != before["etag"]
    assert (after["state"], after["createdAt"]) == ("failed", before["createdAt"])
    assert after["metrics"]["statusSummary"]["errors"][0]["message"] == "It broke."
    assert "params" not in after
    assert ids(api, "property=state==failed") == [id]


def test_the_flow_shows_its_last_run_as_it_was_replaced(api: AepClient, flow_id: str) -> None:
    first, last = order(api, flow_id), order(api, flow_id)

    def shown() -> Any:
        return api.ok("GET", f"{FLOW_SERVICE}/flows/{flow_id}")["items"][0]["lastRunDetails"]

    before = shown()
    assert (before["id"], before["state"]) == (last, "success")
    api.ok("PUT", f"{RUNS}/{first}", replacement(), if_match=run(api, first)["etag"])
    assert shown() == before
    api.ok("PUT", f"{RUNS}/{last}", replacement(), if_match=run(api, last)["etag"])
    assert (shown()["id"], shown()["state"]) == (last, "failed")


def test_what_a_provider_leaves_out_is_as_it_was(api: AepClient, flow_id: str) -> None:
    id = order(api, flow_id)
    bodies: list[JsonObject] = [{"metrics": {}}, {"metrics": {"statusSummary": {}}}, {"params": {}}]
    for body in bodies:
        api.ok("PUT", f"{RUNS}/{id}", body, if_match=run(api, id)["etag"])
        assert (run(api, id)["state"], run(api, id)["activities"]) == ("success", [])


@pytest.mark.parametrize(
    ("body", "headers", "status", "rule"),
    [
        (replacement(), {"if_match": '"a"'}, 412, "if_match_is_current"),
        ({"flowId": "a"}, {"if_match": "current"}, 400, "flow_stays"),
    ],
)
def test_wrong_replacements_are_refused(
    api: AepClient, flow_id: str, body: Any, headers: dict[str, str], status: int, rule: str
) -> None:
    id = order(api, flow_id)
    before = run(api, id)
    sent = {
        name: before["etag"] if value == "current" else value for name, value in headers.items()
    }
    answer = api.call("PUT", f"{RUNS}/{id}", body, headers=sent)
    assert (answer.status, answer.rule) == (status, f"flow_service.replace_run.{rule}")
    assert run(api, id) == before


def test_strict_enforcement_leaves_replacing_to_services(strict: AepClient) -> None:
    world = make_world(strict)
    body = flow(world, scheduleParams=once())
    id = order(strict, strict.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"])
    answer = strict.call("PUT", f"{RUNS}/{id}", replacement(), if_match=run(strict, id)["etag"])
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "token_is_a_service_token")


# The action


LATER = {**WINDOW, "windowStartTime": str(START + 30)}
"""A window without the file that is there from the start."""


@pytest.mark.parametrize("op", ["RE_TRIGGER", "re_trigger", "re-trigger"])
def test_a_run_is_triggered_again(
    api: AepClient, flow_id: str, clock: ManualClock, op: str
) -> None:
    clock.advance(45)
    id = order(api, flow_id, params=LATER)
    before = run(api, id)
    assert before["metrics"]["recordSummary"]["inputRecordCount"] == 0
    path = f"{RUNS}/{id}/action?op={op}"
    assert api.ok("POST", path)["metrics"] == before["metrics"]
    put(api, _base(api, flow_id), "leads/within.tsv")
    clock.advance(75)
    put(api, _base(api, flow_id), "leads/outside.tsv")
    answered = api.ok("POST", path)
    assert answered == run(api, id)
    assert answered["etag"] != before["etag"]
    assert answered["metrics"]["recordSummary"]["inputRecordCount"] == 2
    assert answered["metrics"]["durationSummary"]["startedAtUTC"] == (START + 120) * 1000


def test_a_run_that_has_ingested_records_is_not_triggered_again(
    api: AepClient, flow_id: str
) -> None:
    id = order(api, flow_id)
    before = run(api, id)
    answer = api.call("POST", f"{RUNS}/{id}/action?op=RE_TRIGGER")
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "run_has_failed")
    assert run(api, id) == before


def test_a_run_is_triggered_again_only_when_it_can(api: AepClient, flow_id: str) -> None:
    path = f"{RUNS}/{order(api, flow_id, params={**WINDOW, 'startTime': START + 60})}/action"
    answer = api.call("POST", f"{path}?op=RE_TRIGGER")
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "run_has_failed")
    path = f"{RUNS}/{order(api, flow_id)}/action?op=RE_TRIGGER"
    answer = api.call("POST", path, if_match='"old"')
    assert (answer.status, answer.rule.rpartition(".")[2]) == (412, "if_match_is_current")
    api.ok("POST", f"{FLOW_SERVICE}/flows/{flow_id}/action?op=disable")
    answer = api.call("POST", path)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "flow_is_enabled")
    assert api.call("DELETE", f"{FLOW_SERVICE}/flows/{flow_id}").status == 204
    assert api.call("POST", path).rule.rpartition(".")[2] == "flow_is_enabled"
    answer = api.call("POST", f"{RUNS}/a/action?op=RE_TRIGGER")
    assert (answer.status, answer.rule.rpartition(".")[2]) == (404, "run_exists")


def test_observed_orders_never_fail(make: Callable[..., AepClient]) -> None:
    api = make(enforce="observe")
    world = make_world(api)
    for body in (
        flow(world, scheduleParams=once(), transformations=[{}, {"name": "Mapping"}]),
        flow(world, scheduleParams={"startTime": []}, sourceConnectionIds=[]),
        flow(world, scheduleParams={"frequency": 7}, options=3),
    ):
        id = api.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
        odd: list[Json] = [None, [], {"startTime": {}, "windowStartTime": "x"}, {"deltaColumn": {}}]
        for params in odd:
            made = api.ok("POST", RUNS, {"flowId": id, "params": params})
            assert run(api, made["id"])["state"] in ("success", "failed")
    odd = [[], "good", {"statusSummary": "good"}, {"statusSummary": {"status": 5}}]
    for metrics in odd:
        sent = {"metrics": metrics, "activities": 7, "params": 3}
        answer = api.call("PUT", f"{RUNS}/{made['id']}", sent)
        assert answer.status == 200
        assert api.call("POST", f"{RUNS}/{made['id']}/action?op=RE_TRIGGER").status == 200


def test_a_run_without_anything_new_says_so_and_is_remarked_on(
    api: AepClient, clock: ManualClock, flow_id: str
) -> None:
    rule = NOTHING_READ
    body = {"flowId": flow_id}
    made = api.call("POST", RUNS, body)
    reply = api.call("GET", f"{RUNS}/{made.json['id']}")
    assert rule not in (*made.warnings, *reply.warnings)
    assert "extensions" not in reply.json["items"][0]["metrics"]["statusSummary"]
    clock.advance(60)
    made = api.call("POST", RUNS, body)
    assert (made.status, rule in made.warnings) == (201, True)
    (call,) = api.ok("GET", f"/_emulator/journal?rule={rule}&order=oldest&limit=1")["entries"]
    assert (call["operation"], call["outcome"]) == ("flow_service.create_run", "warned")
    assert {one["rule"]: one["at"] for one in call["findings"]}[rule] == "/body/flowId"
    reply = api.call("GET", f"{RUNS}/{made.json['id']}")
    assert reply.status == 200
    assert rule in reply.warnings
    summary = reply.json["items"][0]["metrics"]["statusSummary"]
    assert (summary["status"], summary["errors"]) == ("success", [])
    assert "Nothing was read" in summary["extensions"]["message"]
    put(api, api.ok("GET", f"{FLOW_SERVICE}/connections")["items"][0]["id"], "leads/b.tsv")
    third = api.ok("POST", RUNS, body)["id"]
    assert rule not in api.call("GET", f"{RUNS}/{third}").warnings
