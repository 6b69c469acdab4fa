"""The requests of both tutorials, in their own edition and where they still hold, over a socket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from emulator.fixtures.journey import fill
from emulator.testing.client import AepClient
from tests.journeys.conftest import client_of, serve
from tests.journeys.state import LIST_ACCEPT, READ, everything, reading
from tests.journeys.tutorial import (
    RUNS,
    TUTORIALS,
    WITHOUT_EFFECT,
    Step,
    differences,
    given,
    play,
    play_all,
    send,
)

CHANGED_SINCE = {"target schema", "flow spec"}
"""Steps of the newer tutorial that answer more today: a schema its sandbox, the flow spec `once`,
three more source specs and run parameters. The members that the tutorial prints are still there."""

NO_TOKEN = {"error_code": "403010", "message": "Oauth token is missing."}


def sent_steps(which: Callable[[Step], bool]) -> list[Any]:
    """Return (tutorial, edition, name) of those steps that `which` is true of."""
    return [
        (name, edition, step.name)
        for name, edition in RUNS
        for step in TUTORIALS[name].steps
        if which(step)
    ]


@pytest.mark.parametrize(("name", "edition"), RUNS)
def test_every_request_is_accepted_and_answered_as_printed(
    door: Callable[[], AepClient], organization: str, name: str, edition: str
) -> None:
    aep = door()
    steps = []
    for played in play(TUTORIALS[name], aep, given(aep, organization), edition):
        step, answer = played.step, played.answer
        assert played.accepted, (step.name, answer.status, answer.rule, answer.content)
        assert answer.headers["x-emulator-operation"] == step.operation
        gone = edition == "latest" and step.operation == "catalog.create_dataset"
        assert answer.warnings == (WITHOUT_EFFECT if gone else [])
        if step.answer is not None:
            found = list(differences(fill(step.answer, played.known), answer.json))
            if edition != name and step.name in CHANGED_SINCE:
                assert printed_members(step.answer) <= printed_members(answer.json)
            else:
                assert found == [], step.name
        steps.append(step.name)
    assert steps == [step.name for step in TUTORIALS[name].steps]


@pytest.mark.parametrize(("name", "edition"), RUNS)
@pytest.mark.parametrize("enforce", ["strict", "observe"])
def test_a_tutorial_is_accepted_however_strict_with_a_token_that_was_issued(
    session: requests.Session, name: str, edition: str, enforce: str
) -> None:
    with contextmanager(serve)(edition=edition, enforce=enforce, auth="issued") as running:
        aep = client_of(running, session)
        known = given(aep, "0123456789ABCDEF01234567@AdobeOrg")
        assert play_all(TUTORIALS[name], aep, known, edition)["flow"]


def printed_members(answer: Any) -> set[str]:
    """Return the names of an answer's members, of its first item if it is a list."""
    return set(answer["items"][0] if "items" in answer else answer)


@pytest.mark.parametrize(
    ("name", "edition", "step"), sent_steps(lambda step: "unauthorized" in step.slips)
)
def test_a_sample_without_authorization_is_refused_verbatim_and_accepted_with_it(
    door: Callable[[], AepClient], organization: str, name: str, edition: str, step: str
) -> None:
    aep = door()
    known = play_all(TUTORIALS[name], aep, given(aep, organization), edition)
    slip = TUTORIALS[name].step(step)
    assert "Authorization" not in slip.headers
    before = everything(aep, known, edition)
    headers = {**slip.printed_headers(known), "x-emulator-edition": edition}
    refused = aep.exchange(slip.method, slip.path, headers, slip.content(known))
    assert (refused.status, refused.json) == (403, NO_TOKEN)
    assert refused.rule == "platform.gate.token_is_sent"
    assert everything(aep, known, edition) == before
    assert send(aep, slip, known, edition).accepted


@pytest.mark.parametrize(
    ("name", "edition", "step"), sent_steps(lambda step: "unclosed" in step.slips)
)
def test_a_body_that_lacks_its_last_brace_is_refused_and_creates_nothing(
    door: Callable[[], AepClient], organization: str, name: str, edition: str, step: str
) -> None:
    aep = door()
    known = play_all(TUTORIALS[name], aep, given(aep, organization), edition)
    slip = TUTORIALS[name].step(step)
    content = slip.content(known) or b""
    before = everything(aep, known, edition)
    headers = {**slip.right_headers(known), "x-emulator-edition": edition}
    refused = aep.exchange(slip.method, slip.path, headers, content.rstrip(b"}\n") + b"}")
    assert (refused.status, refused.rule) == (400, "platform.body.is_json")
    assert set(refused.json) == {"errorMessage", "errorDetails"}
    assert everything(aep, known, edition) == before


def test_the_slips_of_the_samples_are_these() -> None:
    found = {
        name: {step.name: step.slips for step in tutorial.steps if step.slips}
        for name, tutorial in TUTORIALS.items()
    }
    unauthorized = {"flow spec": ("unauthorized",), "flow": ("unauthorized",)}
    unclosed = {"source connection": ("unclosed",), "target connection": ("unclosed",)}
    assert found == {"2020-03": {**unclosed, **unauthorized}, "2020-09": unauthorized}


@pytest.mark.parametrize(("name", "edition"), RUNS)
def test_what_was_created_can_be_read_and_is_listed(
    door: Callable[[], AepClient], organization: str, name: str, edition: str
) -> None:
    aep = door()
    known = play_all(TUTORIALS[name], aep, given(aep, organization), edition)
    headers = reading(known, edition)
    created = {f"${{{key}}}" for step in TUTORIALS[name].steps for key in step.keep}
    assert created <= READ.keys()
    for key in sorted(created):
        id = fill(key, known)
        place = id.replace(":", "%3A").replace("/", "%2F")
        one = aep.exchange("GET", f"{READ[key]}/{place}", headers)
        assert one.status == 200, (key, one.status, one.rule)
        assert id in one.content.decode()
        many = aep.exchange("GET", READ[key], {**headers, "Accept": LIST_ACCEPT})
        assert many.status == 200, (key, many.status, many.rule)
        assert id in many.content.decode()


ELSEWHERE = [
    (
        "2020-03",
        "latest",
        {
            "target connection": (400, "create_target_connection.spec_is_the_data_lake"),
            "flow": (400, "create_flow.target_spec_is_listed"),
        },
    ),
    (
        "2020-03",
        "2020-09",
        {
            "source connection": (400, "create_source_connection.format_is_known_2020_09"),
            "target connection": (400, "create_target_connection.spec_is_the_data_lake_2020_09"),
            "flow": (400, "create_flow.target_spec_is_listed"),
        },
    ),
    (
        "2020-09",
        "2020-03",
        {
            "source connection, delimited": (
                400,
                "create_source_connection.schema_is_sent_2020_03",
            ),
            "source connection, compressed": (
                400,
                "create_source_connection.schema_is_sent_2020_03",
            ),
            "target connection": (400, "create_target_connection.base_connection_is_sent_2020_03"),
        },
    ),
]


@pytest.mark.parametrize(("name", "edition", "refused"), ELSEWHERE)
def test_another_edition_refuses_a_tutorial_just_where_its_documents_differ(
    aep: AepClient, organization: str, name: str, edition: str, refused: dict[str, tuple[int, str]]
) -> None:
    """What an edition refuses is made in the tutorial's own, so that the next steps can be sent."""
    known = given(aep, organization)
    found = {}
    for step in TUTORIALS[name].steps:
        played = send(aep, step, known, edition)
        if not played.accepted:
            rule = played.answer.rule.removeprefix("flow_service.")
            found[step.name] = (played.answer.status, rule)
            played = send(aep, step, known, name)
            assert played.accepted, (step.name, played.answer.rule)
        known = played.known
    assert found == refused
