"""Resetting an emulator: what comes after is what came first, whatever was in between."""

from __future__ import annotations

from typing import Any

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from tests.bodies import FLOW_SERVICE, HEADERS, SANDBOX_MANAGEMENT, make_world
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"


def seen(emulator: Emulator) -> list[Any]:
    """Play a test that touches every service, and return all that it got back, headers too."""
    got: list[Any] = []
    aep = aep_for(emulator)
    send = aep.send

    def remember(*request: Any) -> Any:
        answer = send(*request)
        got.append(answer)
        return answer

    aep.send = remember
    make_world(aep)
    aep.ok("GET", CONNECTIONS)
    aep.ok("GET", f"{SANDBOX_MANAGEMENT}/sandboxes")
    aep.call("POST", CONNECTIONS, content=b"{")
    return got


def disturb(emulator: Emulator, number: int) -> None:
    """Change all that a test can change, and leave it so."""
    aep = aep_for(emulator)
    make_world(aep, f"Other {number}")
    sandbox = {"name": "more", "title": "More", "type": "development"}
    aep.ok("POST", f"{SANDBOX_MANAGEMENT}/sandboxes", sandbox)
    aep.ok("GET", CONNECTIONS, x_emulator_test=f"world-{number}")
    aep.ok("GET", CONNECTIONS, x_gw_ims_org_id=f"{number:024X}@AdobeOrg")
    emulator.platform.blobs.put(Sandbox(HEADERS["x-gw-ims-org-id"], "prod"), "a/b", b"c")
    emulator.engine.edition = "2020-09"
    emulator.engine.enforce = "observe"
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    clock.advance(3600)


def test_the_hundredth_test_sees_exactly_what_the_first_saw() -> None:
    emulator = new_emulator()
    first = seen(emulator)
    for number in range(2, 100):
        emulator.reset()
        if number % 20 == 0:
            disturb(emulator, number)
        else:
            emulator.wsgi_app.test_client().get(CONNECTIONS, headers=HEADERS)
    emulator.reset()
    assert emulator.isolated.names() == []
    assert list(emulator.platform.blobs.everything()) == []
    assert seen(emulator) == first


def test_a_reset_goes_back_to_the_settings() -> None:
    emulator = new_emulator(edition="2020-03", enforce="strict")
    emulator.engine.edition, emulator.engine.enforce = "latest", "observe"
    emulator.reset()
    assert (emulator.engine.edition, emulator.engine.enforce) == ("2020-03", "strict")


def test_what_keeps_state_of_its_own_is_told() -> None:
    emulator = new_emulator()
    told: list[str] = []
    emulator.on_reset.append(lambda: told.append("first"))
    emulator.on_reset.append(lambda: told.append("second"))
    emulator.reset()
    assert told == ["first", "second"]


def test_a_new_emulator_sees_the_same_as_one_that_was_reset() -> None:
    emulator = new_emulator()
    disturb(emulator, 1)
    emulator.reset()
    assert seen(emulator) == seen(new_emulator())
