"""The self-check finds what does not fit, says it everywhere, and is silent about the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from emulator.app import create_emulator
from emulator.emulator import Emulator
from emulator.settings import Settings, read_settings
from emulator.testing.client import AepClient
from emulator.web.call import Call, Reply, View
from emulator.web.self_check import HEADER
from tests.bodies import FLOW_SERVICE, base_connection, make_world
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"


@pytest.fixture
def checked() -> Emulator:
    return new_emulator(self_check=True, journal=100)


def answering(emulator: Emulator, operation: str, reply: Callable[[Call], Reply]) -> AepClient:
    """Return a client of an emulator whose operation has another view."""
    emulator.platform.load()
    emulator.engine.views[operation] = View(reply)  # type: ignore[index]
    return aep_for(emulator)


def complaints(emulator: Emulator) -> tuple[str, ...]:
    journal = emulator.journal
    assert journal is not None
    return next(journal.entries()).deviations


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, {"items": [{"id": 1}]}), "is not valid under any"),
        (Reply(200, [1]), "is not valid under any"),
        (Reply(202, {"items": []}), "status 202 is not documented"),
        (Reply(200, b"{"), "not JSON"),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "text/html is not JSON"),
        (Reply(404, {"oops": True}), "none of the error shapes"),
        (Reply(409, {"errorMessage": "a", "errorDetails": "a"}), "status 409 is not documented"),
    ],
)
def test_a_reply_that_does_not_fit_is_reported(
    checked: Emulator, reply: Reply, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    def view(call: Call) -> Reply:
        return Reply(
            reply.status,
            reply.body,
            {**reply.headers, "x-emulator-rule": "platform.gate.api_key_is_sent"},
        )

    client = answering(checked, "flow_service.get_connection", view)
    made = client.ok("POST", CONNECTIONS, base_connection())
    with caplog.at_level(logging.ERROR, "emulator.web.self_check"):
        with pytest.raises(AssertionError, match=f"GET {CONNECTIONS}/"):
            client.call("GET", f"{CONNECTIONS}/{made['id']}")
        answer = client.send("GET", f"{CONNECTIONS}/{made['id']}", client.headers, None)
    assert answer.status == reply.status
    assert said in answer.headers[HEADER]
    assert any(said in complaint for complaint in complaints(checked))
    assert said in caplog.text
    shown = checked.wsgi_app.test_client().get("/_emulator/journal?limit=1").get_json()
    assert said in str(shown)


def test_good_replies_are_passed_over(checked: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    client = aep_for(checked)
    world = make_world(client)
    for path in ("connections", f"connections/{world.base}", "connections/unknown"):
        assert HEADER not in client.call("GET", f"{FLOW_SERVICE}/{path}").headers
    assert HEADER not in client.call("POST", CONNECTIONS, {"name": 1}).headers
    assert HEADER not in client.call("GET", "/data/foundation/nowhere").headers
    assert HEADER not in client.call("DELETE", f"{FLOW_SERVICE}/flows").headers
    assert complaints(checked) == ()
    assert caplog.text == ""


def test_what_should_have_been_refused_may_be_answered_oddly() -> None:
    emulator = new_emulator(self_check=True, enforce="observe")

    def view(call: Call) -> Reply:
        return Reply(201, {"odd": True})

    client = answering(emulator, "flow_service.create_connection", view)
    answer = client.call("POST", CONNECTIONS, {"name": 1})
    assert answer.status == 201
    assert answer.warnings
    assert HEADER not in answer.headers
    with pytest.raises(AssertionError, match="'odd' was unexpected"):
        client.call("POST", CONNECTIONS, base_connection())


def test_without_the_setting_nothing_is_checked() -> None:
    emulator = create_emulator(Settings())
    client = answering(emulator, "flow_service.list_connections", lambda call: Reply(200, [1]))
    assert HEADER not in client.call("GET", CONNECTIONS).headers


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("on", True), ("False", False), ("0", False)]
)
def test_the_setting_is_a_switch(text: str, value: bool) -> None:
    assert read_settings({}, {"AEP_EMULATOR_SELF_CHECK": text}) == Settings(self_check=value)


def test_the_flag_needs_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    from emulator.cli import make_parser
    from emulator.commands import settings_of

    for words, value in ((["--self-check"], True), (["--self-check", "false"], False)):
        parsed: Any = make_parser("serve").parse_args(["serve", *words])
        assert settings_of(parsed).self_check is value
