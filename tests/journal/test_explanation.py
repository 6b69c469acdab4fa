"""Calls explain themselves: the place is marked, the rule told, and other editions asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.journal.annotation import AnnotatedLine, annotate
from emulator.journal.text import explanation_lines, short_lines
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import (
    CLOUD_STORAGE_TO_AEP,
    FLOW_SERVICE,
    HEADERS,
    SCHEMA_REGISTRY,
    base_connection,
    profile_schema,
)
from tests.doors.test_cli import run
from tests.journal.conftest import Control

CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"


def marks(said: dict[str, Any]) -> list[tuple[str, str]]:
    """The marked lines with the rules that they broke."""
    return [
        (line["text"].strip(), said["findings"][index]["rule"].rpartition(".")[2])
        for line in said["annotatedRequest"]
        for index in line.get("findings", ())
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (base_connection(name=3), ('"name": 3,', "name_is_text")),
        ([1, 2], ("[", "body_is_an_object")),
        ({"name": "x" * 3}, ("{", "connection_spec_is_sent")),
        (
            base_connection(connectionSpec={"id": "nowhere", "version": "1.0"}),
            ('"id": "nowhere",', "connection_spec_is_known"),
        ),
    ],
)
def test_the_place_in_the_body_is_marked(
    api: AepClient, control: Control, body: Any, expected: tuple[str, str]
) -> None:
    api.call("POST", CONNECTIONS, body)
    assert expected in marks(control("journal/last"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", f"{FLOW_SERVICE}/flows?limit=x", {}, ("limit=x", "limit_is_a_number")),
        ("GET", f"{FLOW_SERVICE}/flows/nope", {}, ("flows/nope", "flow_exists")),
        ("GET", f"{FLOW_SERVICE}/flows", {"authorization": "none"}, ("******", "token_is_bearer")),
        ("POST", CONNECTIONS, {"content-type": "text/plain"}, ("text/plain", "content_type")),
    ],
)
def test_places_outside_of_the_body_are_marked(
    api: AepClient,
    control: Control,
    method: str,
    path: str,
    headers: dict[str, str],
    expected: tuple[str, str],
) -> None:
    sent = {**{name.lower(): value for name, value in HEADERS.items()}, **headers}
    api.exchange(method, path, sent, b"{}" if method == "POST" else None)
    ((text, rule), *_) = marks(control("journal/last"))
    assert text.endswith(expected[0])
    assert rule.startswith(expected[1])


def test_a_missing_header_is_marked_at_the_end_of_the_headers(
    api: AepClient, control: Control
) -> None:
    api.call("POST", CONNECTIONS, base_connection(), without=("x-gw-ims-org-id",))
    said = control("journal/last")
    assert marks(said) == [("", "organization_is_sent")]
    empty = next(index for index, line in enumerate(said["annotatedRequest"]) if not line["text"])
    assert said["annotatedRequest"][empty + 1]["text"] == "{"


def test_the_rule_is_told_with_its_documents(api: AepClient, control: Control) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3))
    (item,) = control("journal/last")["findings"]
    rule = api.contract.rules[NAME]
    assert (item["states"], item["evidence"]) == (rule.states, rule.evidence)
    known = [api.contract.documents[id] for id in rule.documents]
    told_of = [(document["title"], document["date"]) for document in item["documents"]]
    assert told_of == [(document.title, document.date) for document in known]
    assert item["accepts"]["at"] == "/body/name"
    assert item["accepts"]["schema"] == rule.check["schema"]
    assert all(isinstance(value, str) for value in item["accepts"]["values"])


def test_other_editions_are_asked(api: AepClient, control: Control) -> None:
    """The edition of 2020-03 knows no schedule that runs once."""
    spec = {"id": CLOUD_STORAGE_TO_AEP, "version": "1.0"}
    schedule = {"startTime": "1", "frequency": "once"}
    body = {"flowSpec": spec, "scheduleParams": schedule, "name": 3}
    api.call("POST", f"{FLOW_SERVICE}/flows", body)
    said = control("journal/last")["editions"]
    assert set(said) == set(api.contract.entries)
    once = "flow_service.create_flow.frequency_is_known_2020_03"
    assert once in said["2020-03"]["brokenRules"]
    assert once not in said["latest"]["brokenRules"]
    assert [item["rule"] for item in control("journal/last")["findings"]] == said["latest"][
        "brokenRules"
    ]


def test_what_has_changed_since_does_not_count(api: AepClient, control: Control) -> None:
    """An accepted title is taken from then on; the call that took it stays accepted."""
    api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema("Mine"))
    said = control("journal/1")
    assert said["editions"]["latest"] == {"outcome": "accepted", "brokenRules": []}
    assert said["findings"] == []


def test_errors_without_a_rule_are_told(api: AepClient, control: Control) -> None:
    api.call("GET", f"{FLOW_SERVICE}/nowhere")
    said = control("journal/last")
    assert [item["rule"] for item in said["findings"]] == ["platform.unknown_path"]
    assert said["findings"][0]["states"]
    assert "editions" not in said
    assert said["annotatedRequest"][0]["findings"] == [0]
    _, _, sent, wanted, fix = short_lines(said)
    assert f"did you mean {FLOW_SERVICE}/flows or " in sent
    assert wanted == "  wanted    The path is that of an operation that the documents describe."
    assert fix.startswith("  fix       Correct the path")


def test_a_wrong_method_is_told_with_those_that_are_documented(
    api: AepClient, control: Control
) -> None:
    api.call("PUT", f"{FLOW_SERVICE}/flows")
    (found,) = control("journal/last")["findings"]
    path = f"{FLOW_SERVICE}/flows"
    assert found["reason"] == f"PUT is not allowed at {path}; allowed there: GET, HEAD, POST"
    assert found["fix"].startswith("Send one of the methods")


def test_there_may_be_nothing_to_explain(api: AepClient, control: Control) -> None:
    api.call("GET", f"{FLOW_SERVICE}/flows")
    assert control("journal/last", status=404)["error"] == "unknown entry"
    for id in ("2", "0", "x", "9" * 40):
        assert control(f"journal/{id}", status=404)["error"] == "unknown entry"


def test_long_requests_are_shown_around_their_marks() -> None:
    request = {"method": "POST", "url": "/", "headers": {}, "body": list(range(200))}
    broken = [{"at": "/body/100"}, {"at": "/body/5"}]
    lines = annotate({"request": request, "findings": broken})
    assert [line.text.strip() for line in lines if line.findings] == ["5,", "100,"]
    assert len(lines) < 30
    total = sum(line.skipped for line in lines) + len(lines)
    assert lines[-1] == AnnotatedLine("", skipped=lines[-1].skipped)
    assert total - 1 == 204


@pytest.mark.parametrize("body", [{"a/b": {"c~d": 1}}, [[], {}], "text", 1, None, {"é": "ü"}])
def test_what_is_written_is_the_request(body: Any) -> None:
    request = {"method": "POST", "url": "/", "headers": {}, "body": body}
    first, blank, *lines = annotate({"request": request, "findings": []})
    assert (first.text, blank.text) == ("POST /", "")
    assert json.loads("\n".join(line.text for line in lines)) == body


def test_escaped_pointers_find_their_line() -> None:
    body = {"a/b": {"c~d": [0, 1]}}
    request = {"method": "POST", "url": "/", "headers": {}, "body": body}
    lines = annotate({"request": request, "findings": [{"at": "/body/a~1b/c~0d/1"}]})
    assert [line.text.strip() for line in lines if line.findings] == ["1"]


def test_the_text_for_a_terminal(api: AepClient, control: Control) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="a test")
    text = "\n".join(explanation_lines(control("journal/last")))
    assert f"#1  POST {CONNECTIONS}  400 refused" in text
    assert "test a test" in text
    assert '  > |   "name": 3,\n    |   ^ 3 is not of type "string"' in text
    assert f"{NAME}  (error, refused the request)" in text
    assert "secret" not in text


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with Server(emulator.application) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_the_lines_of_a_reason_stand_below_each_other(api: AepClient, control: Control) -> None:
    """The two that add an unknown spec are there to be copied."""
    api.call("POST", CONNECTIONS, base_connection(connectionSpec={"id": "far", "version": "1.0"}))
    lines = [line.lstrip(" |^") for line in explanation_lines(control("journal/last"))]
    place = next(n for n, line in enumerate(lines) if "two lines add it:" in line)
    assert lines[place].startswith('there is no connection spec "far" among the ')
    assert lines[place + 1].startswith("mkdir -p own/connection_specs && echo ")
    assert lines[place + 2] == "aep-emulator serve --fixtures own"


def test_the_command_explains(api: AepClient, url: str) -> None:
    none = run("explain", "--url", url)
    assert (none.returncode, none.stdout) == (2, "")
    assert "no call that is kept broke a rule" in none.stderr
    api.call("POST", CONNECTIONS, base_connection(name=3))
    api.call("GET", CONNECTIONS)
    last, first, second = (run("explain", *which, "--url", url) for which in ((), ("1",), ("2",)))
    assert last.stdout == f"{first.stdout}\n1 call after it was accepted, the last is #2.\n"
    short = [run("explain", *which, "--short", "--url", url).stdout for which in ((), ("1",))]
    assert short[0] == f"{short[1]}1 call after it was accepted, the last is #2.\n"
    assert NAME in last.stdout
    assert "No findings: the request broke no rule." in second.stdout
    assert run("explain", "first", "--url", url).returncode == 2
    assert run("explain", "--url", "http://127.0.0.1:1").returncode == 2


MYSQL = {
    "auth": {"specName": "Basic Authentication", "params": {"password": "x"}},
    "connectionSpec": {"id": "26d738e0-8963-47ea-aadf-c60de735468a", "version": "1.0"},
}
"""Three members of its params are missing, of which the platform is warned by one rule."""


def test_the_last_call_is_one_that_was_refused_if_there_is_any(
    api: AepClient, control: Control
) -> None:
    api.ok("POST", CONNECTIONS, base_connection(**MYSQL))
    assert control("journal/last")["outcome"] == "warned"
    api.call("POST", CONNECTIONS, base_connection(name=3))
    api.ok("POST", CONNECTIONS, base_connection(**MYSQL))
    api.ok("GET", CONNECTIONS)
    said = control("journal/last")
    assert (said["id"], said["outcome"], said["lastAccepted"]) == (2, "refused", 4)
    assert said["later"] == {"calls": 2, "lastWarned": 3}
    *_, last = short_lines(said)
    warned = "#3 with a warning: aep-emulator explain 3"
    assert last == f"2 calls after it were accepted, the last is #4; {warned}."


def test_the_last_call_may_be_one_that_a_fault_answered(
    emulator: Emulator, api: AepClient, control: Control
) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3))
    emulator.faults.add({"id": "busy", "kind": "error", "status": 429, "count": 1})
    assert api.call("GET", CONNECTIONS).status == 429
    said = control("journal/last")
    head, why = short_lines(said)
    assert head == f"#2  GET {CONNECTIONS}  429 refused"
    assert why == "Answered by fault busy: `aep-emulator faults clear` ends that."
    assert why in list(explanation_lines(said))


def test_a_rule_that_is_broken_at_several_places_is_told_once(
    api: AepClient, control: Control
) -> None:
    api.ok("POST", CONNECTIONS, base_connection(**MYSQL))
    said = control("journal/last")
    rule = "flow_service.create_connection.auth_params_are_documented"
    assert [item["rule"] for item in said["findings"]].count(rule) == 3
    lines = list(explanation_lines(said))
    assert [line for line in lines if line.startswith(rule)] == [f"{rule}  (warning)"]
    assert sum("is a required property" in line for line in lines) == 3
    sent = '  sent      body.auth: "server" is a required property (and 2 more)'
    assert sent in list(short_lines(said))


def test_of_many_rules_few_are_told_in_short() -> None:
    item = {"severity": "error", "classification": "unexpected", "reason": "", "refused": False}
    rows = [{**item, "rule": name, "at": "", "states": "It is so."} for name in "abcde"]
    entry = dict.fromkeys(("method", "path", "status", "outcome"), "") | {"id": 7}
    head, *lines, more = short_lines({**entry, "findings": rows})
    assert head.startswith("#7 ")
    assert lines[:3] == [
        "a  (error)",
        "  sent      request: is not as it should be",
        "  wanted    It is so.",
    ]
    assert len(lines) == 9
    assert more == "and 2 more rules: aep-emulator explain 7"


def test_what_no_document_states_is_told_last_unless_it_refused() -> None:
    told = {"severity": "warning", "classification": "unexpected", "reason": ""}
    rows = [
        {**told, "rule": name, "evidence": evidence, "refused": refused}
        for name, evidence, refused in (
            ("a", "assumed", True),
            ("b", "assumed", False),
            ("c", "demands", False),
        )
    ]
    facts = ("id", "method", "path", "status", "outcome", "operation", "test", "sandbox")
    entry = dict.fromkeys((*facts, "edition", "time"), "")
    lines = explanation_lines({**entry, "annotatedRequest": [], "findings": rows})
    assert [line[0] for line in lines if "  (warning" in line] == ["a", "c", "b"]
