"""Clock, faults, isolated emulators and coverage, read and changed without JavaScript."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from emulator.clock import SystemClock
from emulator.emulator import Emulator
from emulator.faults.model import schema
from emulator.page.running import KINDS
from tests.emulators import new_emulator
from tests.page.calls import FLOWS, FREQUENCY, HEADERS, refused
from tests.page.markup import UI, follow, press, view


def test_the_clock_is_moved_forward(client: FlaskClient, emulator: Emulator) -> None:
    page = view(client, "/clock")
    before = emulator.platform.clock.now()
    after = follow(client, press(client, page.form("1 day"), advance="P1D"))
    assert emulator.platform.clock.now() == before + 86_400_000
    assert "48 runs have ended." in after.text
    assert "clock 2020-09-14 12:26:40" in after.text


def test_the_clock_is_set(client: FlaskClient) -> None:
    form = view(client, "/clock").form("Set")
    after = follow(client, press(client, form, now="2020-09-13T13:00:00Z"))
    assert "It is 2020-09-13T13:00:00.000Z" in after.text


@pytest.mark.parametrize("value", ["soon", "-PT1H", ""])
def test_a_time_that_cannot_be_read_is_said(client: FlaskClient, value: str) -> None:
    form = view(client, "/clock").form("Advance")
    after = follow(client, press(client, form, advance=value))
    assert "the clock cannot be moved there" in after.text


def test_the_machines_clock_has_no_buttons() -> None:
    emulator = new_emulator(clock=SystemClock())
    page = view(emulator.wsgi_app.test_client(), "/clock")
    assert "cannot be moved" in page.text
    assert [form.buttons for form in page.forms] == [["Carry out what is due"]]
    emulator.close()


def test_what_is_due_is_carried_out(client: FlaskClient, emulator: Emulator) -> None:
    form = view(client, "/clock").form("Carry out what is due")
    assert "0 runs have ended." in follow(client, press(client, form)).text


def test_a_fault_is_switched_on_and_off(client: FlaskClient) -> None:
    form = view(client, "/faults").form("Switch on")
    after = follow(client, press(client, form, kind="503", names="flow_service.*", count="1"))
    assert "The fault fault-1 is set." in after.text
    assert client.get(FLOWS, headers=HEADERS).status_code == 503
    page = view(client, "/faults")
    assert 'operations ["flow_service.*"]' in page.text
    assert "fault-1" in view(client, "/journal/1").text
    gone = follow(client, press(client, page.form("Switch fault-1 off")))
    assert "No fault is set" in gone.text
    assert client.get(FLOWS, headers=HEADERS).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_set(client: FlaskClient, kind: str) -> None:
    form = view(client, "/faults").form("Switch on")
    names = "*" if kind in ("stuckRun", "failedRun", "failedBatch", "stuckBatch") else ""
    problem = "flow_service.invalid_request" if kind == "error" else ""
    sent = press(client, form, kind=kind, names=names, problem=problem)
    assert "is set." in follow(client, sent).text


IN_JSON = {"id", "organizations", "sandboxes", "services", "values", "from", "until"}
"""What only a definition as JSON says of a fault."""


def test_the_form_has_what_any_kind_of_fault_takes(client: FlaskClient) -> None:
    known = schema()["$defs"].values()
    members = {name for kind in known for name in kind["properties"]}
    assert {title.removesuffix("Fault") for title in schema()["$defs"]} == {
        f"{kind[0].upper()}{kind[1:]}" for kind in KINDS if not kind.isdigit()
    }
    form = view(client, "/faults").form("Switch on")
    offered = {*form.fields} - {"json", "names"} | {"operations", "flows", "datasets", "status"}
    assert members - IN_JSON == offered - {"from"}


def test_a_member_of_one_kind_is_set_by_the_form(client: FlaskClient) -> None:
    form = view(client, "/faults").form("Switch on")
    values = {"kind": "429", "retryAfter": "7", "count": "1"}
    assert "retryAfter 7" in follow(client, press(client, form, **values)).text
    assert client.get(FLOWS, headers=HEADERS).headers["Retry-After"] == "7"
    refused = follow(client, press(client, form, kind="reset", jitter="1")).text
    assert "invalid fault" in refused


def test_a_fault_is_set_as_json(client: FlaskClient) -> None:
    form = view(client, "/faults").form("Switch on")
    json = '{"id": "mine", "kind": "delay", "seconds": 2.5}'
    assert "The fault mine is set." in follow(client, press(client, form, json=json)).text
    assert "This is not JSON" in follow(client, press(client, form, json="{")).text


def test_a_fault_that_cannot_be_is_refused_in_words(client: FlaskClient) -> None:
    form = view(client, "/faults").form("Switch on")
    for values in ({"names": "no.such_operation"}, {"count": "many"}, {"probability": "2"}):
        after = follow(client, press(client, form, **values))
        assert "invalid fault" in after.text
        assert "No fault is set" in after.text


def test_isolated_emulators_are_listed_and_dropped(client: FlaskClient) -> None:
    name = 'tests/a.py::test[<b>"]'
    client.get(FLOWS, headers={**HEADERS, "x-emulator-test": name})
    page = view(client, "/worlds")
    own = view(client, page.links[name])
    assert f"You look at the isolated emulator {name}" in own.text
    assert view(client, own.links["All of them"]).links[name] == page.links[name]
    after = follow(client, press(client, page.form(f"Drop {name}")))
    assert f"The isolated emulator {name} is gone." in after.text
    assert name not in after.links


def test_an_isolated_emulator_has_a_clock_of_its_own(client: FlaskClient) -> None:
    client.get(FLOWS, headers={**HEADERS, "x-emulator-test": "one"})
    own = f"/t/one{UI}/clock"
    after = follow(client, press(client, view(client, own).form("1 hour"), advance="PT1H"))
    assert "clock 2020-09-13 13:26:40" in after.text
    assert "clock 2020-09-13 12:26:40" in view(client, "/clock").text


def test_the_coverage_says_what_was_called_and_broken(client: FlaskClient) -> None:
    assert "0 calls" in view(client, "/coverage").text
    refused(client, **{"x-emulator-test": "tests/test_a.py::test_b"})
    page = view(client, "/coverage")
    report = client.get("/_emulator/report").get_json()["totals"]
    assert f"{report['rules']['covered']} of {report['rules']['total']}" in page.text
    assert page.links["The frequency is once, minute, hour, day or week."].endswith(FREQUENCY)
    assert "tests/test_a.py::test_b" in page.text
    calls = view(client, page.links["1 call"])
    assert "call-1" in calls.ids
    assert page.links["tests/test_a.py::test_b"].endswith(
        "/journal?test=tests%2Ftest_a.py%3A%3Atest_b"
    )
    assert "1 rule violated (1 time)" in page.text
    assert "edition latest, enforcement documented" in page.text


def test_the_coverage_lists_unknown_paths_and_leads_to_documents(client: FlaskClient) -> None:
    client.get("/data/foundation/flowservice/flow", headers=HEADERS)
    refused(client)
    page = view(client, "/coverage")
    assert "GET /data/foundation/flowservice/flow" in page.text
    assert "nearest known: GET /data/foundation/flowservice/flows" in page.text
    rows = client.get("/_emulator/report").get_json()["violations"]
    addresses = {one["address"] for row in rows for one in row.get("documents", ())}
    assert addresses
    assert addresses <= set(page.links.values())


def test_the_report_is_a_file_in_every_form(client: FlaskClient) -> None:
    refused(client)
    for name, link in view(client, "/coverage").links.items():
        if "/coverage/report" not in link:
            continue
        answer = client.get(link)
        assert answer.status_code == 200
        expected = f'attachment; filename="coverage.{name}"'
        assert answer.headers["Content-Disposition"] == expected
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert FREQUENCY in answer.get_data(as_text=True)
    view(client, "/coverage/report?as=exe", 404)


def test_coverage_is_counted_anew(client: FlaskClient) -> None:
    refused(client)
    form = view(client, "/coverage").form("Count anew")
    assert "0 calls" in follow(client, press(client, form)).text


def test_without_a_journal_there_is_no_coverage() -> None:
    emulator = new_emulator(journal=0)
    page = view(emulator.wsgi_app.test_client(), "/coverage")
    assert "There is no coverage: the setting journal is 0." in page.text
    emulator.close()
