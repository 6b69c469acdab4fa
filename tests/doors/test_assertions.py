"""What `Aep` can state about a test, and what it says when it is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests

from emulator.journal.entry import EntryFinding
from emulator.testing import Aep
from emulator.testing.assertions import explain, read_more
from emulator.testing.verdict import _rules_in
from tests.bodies import FLOW_SERVICE, base_connection, source_connection
from tests.emulators import shipped_contract

CONNECTIONS = f"{FLOW_SERVICE}/connections"
CREATE = "flow_service.create_connection"
NO_ORGANIZATION = "platform.gate.organization_is_sent"


@pytest.fixture
def local() -> Iterator[Aep]:
    with Aep(test="tests/test_it.py::test_it") as aep:
        yield aep


def create(aep: Aep, **changes: object) -> requests.Response:
    return aep.session.post(CONNECTIONS, json=base_connection(**changes))


def without_sandbox(aep: Aep) -> requests.Response:
    return aep.session.get(CONNECTIONS, headers={"x-gw-ims-org-id": None})


def said(caught: pytest.ExceptionInfo[AssertionError]) -> str:
    return str(caught.value)


def test_calls_are_found_by_operation_body_query_and_status(local: Aep) -> None:
    create(local, name="One", description="first")
    create(local, name="Two")
    local.session.get(CONNECTIONS, params={"limit": "5"})
    assert len(local.assert_called(CREATE)) == 2
    local.assert_called(CREATE, times=2, status=201)
    (entry,) = local.assert_called(CREATE, body_contains={"name": "One"}, times=1)
    assert entry.number == 1
    local.assert_called(CREATE, body_contains={"auth": {"specName": "ConnectionString"}}, times=2)
    local.assert_called(CREATE, body_contains="first", times=1)
    local.assert_called("flow_service.list_connections", query={"limit": 5}, times=1)
    local.assert_not_called(CREATE, body_contains={"name": "Three"})
    local.assert_not_called("flow_service.create_flow")


def test_lists_in_a_body_may_have_more(local: Aep) -> None:
    changes = [{"op": "replace", "path": "/name", "value": "A"}]
    changes.append({"op": "add", "path": "/description", "value": "B"})
    id = create(local).json()["id"]
    etag = local.session.get(f"{CONNECTIONS}/{id}").json()["items"][0]["etag"]
    path, headers = f"{CONNECTIONS}/{id}", {"If-Match": etag}
    assert local.session.patch(path, json=changes, headers=headers).status_code == 200
    patched = "flow_service.update_connection"
    local.assert_called(patched, body_contains=[{"path": "/description"}])
    with pytest.raises(AssertionError, match=r"no item like \{'path': '/auth'\}"):
        local.assert_called(patched, body_contains=[{"path": "/auth"}])


def test_a_call_that_is_missing_is_explained_by_what_came_near(local: Aep) -> None:
    create(local, name="One")
    create(local, name=7)
    local.session.post(f"{FLOW_SERVICE}/sourceConnections", json=source_connection("none"))
    with pytest.raises(AssertionError) as caught:
        local.assert_called(CREATE, times=1, body_contains={"name": "Two", "description": "x"})
    text = said(caught)
    assert f"expected 1 time: {CREATE} with body_contains={{'name': 'Two'" in text
    assert "found 0 of 2 calls of it" in text
    assert "its body has no 'description'; its body.name is 'One'" in text
    assert "its body.name is 7" in text
    # The call that came near was refused, and it says by which rule, in words.
    refusal = local.journal[1].refusal
    assert refusal is not None
    states = local.emulator.contract.rules[refusal.rule].states
    assert refusal.rule in text
    assert states in text
    assert "#3 POST /data/foundation/flowservice/sourceConnections -> 400" in text


def test_too_many_calls_are_too_many(local: Aep) -> None:
    create(local)
    create(local)
    with pytest.raises(AssertionError, match=r"expected 1 time: .*\nfound 2 of 2 calls"):
        local.assert_called(CREATE, times=1)
    with pytest.raises(AssertionError, match="expected 0 times"):
        local.assert_not_called(CREATE)


def test_nothing_called_is_said(local: Aep) -> None:
    with pytest.raises(AssertionError, match="no calls"):
        local.assert_called(CREATE)


def test_an_operation_that_there_is_not_cannot_be_asked_for(local: Aep) -> None:
    with pytest.raises(
        ValueError, match=r"unknown operation 'flow_service[.]create_flows'; did you mean"
    ):
        local.assert_not_called("flow_service.create_flows")
    with pytest.raises(
        ValueError, match=r"unknown rule 'platform.gate.sandbox_sent'; did you mean"
    ):
        local.expects_refusal("platform.gate.sandbox_sent").__enter__()


def test_no_violations_is_true_of_a_good_client(local: Aep) -> None:
    create(local)
    local.assert_no_violations()
    assert local.findings == []


def test_violations_are_told_in_words(local: Aep) -> None:
    create(local)
    without_sandbox(local)
    with pytest.raises(AssertionError) as caught:
        local.assert_no_violations()
    text = said(caught)
    assert f"#2 GET {CONNECTIONS} -> 400  refused by {NO_ORGANIZATION}" in text
    assert local.emulator.contract.rules[NO_ORGANIZATION].states in text
    assert "Collect cloud storage data" in text
    assert [item.rule for item in local.findings] == [NO_ORGANIZATION]


def test_warnings_are_violations_unless_they_are_left_out(local: Aep) -> None:
    body = base_connection()
    del body["auth"]
    assert local.session.post(CONNECTIONS, json=body).status_code == 201
    (finding,) = local.findings
    assert finding.severity == "warning"
    with pytest.raises(AssertionError, match=re.escape(finding.rule)):
        local.assert_no_violations()
    local.assert_no_violations(severities=["error"])


def test_a_refusal_on_purpose_is_no_violation(local: Aep) -> None:
    with local.expects_refusal(rule=NO_ORGANIZATION, status=400) as refused:
        without_sandbox(local)
    assert refused.entry.status == 400
    assert refused.entry.expects == (NO_ORGANIZATION,)
    local.assert_no_violations()
    without_sandbox(local)
    with pytest.raises(AssertionError, match="#2 GET"):
        local.assert_no_violations()


def test_the_breach_has_to_come(local: Aep) -> None:
    with pytest.raises(AssertionError) as caught, local.expects_refusal(NO_ORGANIZATION):
        create(local)
    text = said(caught)
    assert f"expected a refusal by {NO_ORGANIZATION}" in text
    assert f"#1 POST {CONNECTIONS} -> 201" in text
    with pytest.raises(
        AssertionError, match=f"was expected to break {NO_ORGANIZATION}, and did not"
    ):
        local.assert_no_violations()


def test_another_refusal_is_not_the_expected_one(local: Aep) -> None:
    with pytest.raises(AssertionError) as caught, local.expects_refusal(NO_ORGANIZATION):
        local.session.get(CONNECTIONS, headers={"x-api-key": None})
    assert "refused by platform.gate.api_key_is_sent" in said(caught)
    without_spec = "flow_service.create_connection.connection_spec_is_sent"
    before = "answered with 400: flow_service.create_connection.name_is_text refused it before"
    with pytest.raises(AssertionError, match=before), local.expects_refusal(without_spec):
        create(local, name=7, connectionSpec=None)
    with (
        pytest.raises(AssertionError, match="with 404"),
        local.expects_refusal(NO_ORGANIZATION, status=404),
    ):
        without_sandbox(local)


def test_a_rule_that_is_broken_but_does_not_refuse_is_told_of() -> None:
    nameless = "flow_service.create_connection.name_is_text"
    with (
        Aep(enforce="observe") as aep,
        pytest.raises(
            AssertionError, match="#1 broke it and was answered with 201: enforce is obs"
        ),
        aep.expects_refusal(nameless),
    ):
        create(aep, name=7)


def test_an_error_of_the_test_itself_passes(local: Aep) -> None:
    with pytest.raises(ZeroDivisionError), local.expects_refusal(NO_ORGANIZATION):
        raise ZeroDivisionError
    create(local)
    assert local.journal[-1].expects == ()


def test_expectations_nest_and_what_a_call_says_itself_stands(local: Aep) -> None:
    with local.expects_refusal(NO_ORGANIZATION):
        with local.expects_refusal("platform.gate.api_key_is_sent") as inner:
            local.session.get(CONNECTIONS, headers={"x-api-key": None})
        without_sandbox(local)
    assert inner.entry.number == 1
    create_headers = {"x-emulator-expects": "*"}
    local.session.get(CONNECTIONS, headers=create_headers)
    assert [entry.expects for entry in local.journal] == [
        (NO_ORGANIZATION, "platform.gate.api_key_is_sent"),
        (NO_ORGANIZATION,),
        ("*",),
    ]


def test_the_journal_names_the_test(local: Aep) -> None:
    create(local)
    assert local.journal[0].test == "tests/test_it.py::test_it"
    listed = local.session.get("/_emulator/journal").json()["entries"]
    assert [entry["test"] for entry in listed] == ["tests/test_it.py::test_it"]


def test_the_report_shows_no_secret(local: Aep) -> None:
    for number in range(25):
        local.session.get(CONNECTIONS, params={"sig": f"secret-{number}"})
    without_sandbox(local)
    text = local.report()
    assert text.startswith("… 6 earlier calls, of which broke rules:\n#1 GET")
    assert text.count("#") == 26
    assert "secret" not in text
    assert local.emulator.contract.rules[NO_ORGANIZATION].states in text


def test_a_broken_rule_is_told_with_its_fix_and_its_document(local: Aep) -> None:
    mysql = {"id": "26d738e0-8963-47ea-aadf-c60de735468a", "version": "1.0"}
    auth = {"specName": "Basic Authentication", "params": {"password": "x"}}
    create(local, name=3, connectionSpec=mysql, auth=auth)
    with pytest.raises(AssertionError) as error:
        local.assert_no_violations()
    lines = str(error.value).splitlines()
    assert any(line.startswith("      see: https://") for line in lines)
    # Broken by three members that are missing, and told of once.
    rule = f"    {CREATE}.auth_params_are_documented"
    places = [number for number, line in enumerate(lines) if line.startswith(rule)]
    assert places == list(range(places[0], places[0] + 3))
    without_sandbox(local)
    assert "\n      fix: Send x-gw-ims-org-id" in local.report()


def test_errors_are_read_about_before_warnings_and_few() -> None:
    text = "    a.b (warning): no\n    a.c (error) at body.name: no\n    a.b (warning): no"
    assert _rules_in(text) == ["a.c", "a.b"]
    assert read_more("a.c", "a.b", "a.d", "a.e").splitlines() == [
        "to read more: aep-emulator contracts explain a.c",
        "          or: aep-emulator contracts explain a.b",
        "          or: aep-emulator contracts explain a.d",
    ]


def test_a_place_is_written_as_explain_writes_it() -> None:
    rule = "flow_service.create_flow.interval_is_sent"
    finding = EntryFinding(rule, "error", "/body/scheduleParams/interval", "no")
    first, *_ = explain(shipped_contract(), [finding])
    assert first == f"    {rule} (error) at body.scheduleParams.interval: no"
