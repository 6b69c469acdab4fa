"""What a client has broken is not lost before a test asserts or reports it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from emulator.emulator import Emulator
from emulator.problem import Problem
from emulator.testing import Aep, AepServer, pool
from emulator.testing import connection as connection_module
from emulator.testing.remarked_calls import RemarkedCalls
from emulator.web.exchange import Exchange
from tests.bodies import FLOW_SERVICE, base_connection

CONNECTIONS = f"{FLOW_SERVICE}/connections"
CREATE = "flow_service.create_connection"
NO_ORGANIZATION = "platform.gate.organization_is_sent"


@pytest.fixture(params=[Aep, AepServer], ids=["in process", "server"])
def local(request: pytest.FixtureRequest) -> Iterator[Aep]:
    with request.param(test="tests/test_it.py::test_it") as aep:
        yield aep


def break_gate(aep: Aep, **headers: str) -> None:
    aep.session.get(CONNECTIONS, headers={"x-gw-ims-org-id": None, **headers})


def assert_violated(aep: Aep, said: str = NO_ORGANIZATION) -> str:
    with pytest.raises(AssertionError, match=said) as caught:
        aep.assert_no_violations()
    return str(caught.value)


def test_a_reset_does_not_lose_them(local: Aep) -> None:
    break_gate(local)
    local.reset()
    local.session.get(CONNECTIONS)
    assert [entry.number for entry in local.journal] == [1]
    assert "  before a reset: #1 GET" in assert_violated(local)
    assert [item.rule for item in local.findings] == [NO_ORGANIZATION]
    assert "before a reset: #1 GET" in local.report()


def test_nor_an_expectation_that_was_not_met(local: Aep) -> None:
    local.session.get(CONNECTIONS, headers={"x-emulator-expects": NO_ORGANIZATION})
    local.reset()
    assert_violated(local, f"before a reset: #1 .*\n *was expected to break {NO_ORGANIZATION}")


def test_a_reset_within_a_block_does_not_lose_its_refusal(local: Aep) -> None:
    with local.expects_refusal(NO_ORGANIZATION) as refused:
        local.session.get(CONNECTIONS)
        break_gate(local)
        local.reset()
    assert refused.entry.number == 2


@pytest.mark.parametrize("path", ["/_emulator/journal", "/_emulator/coverage"])
def test_the_control_api_does_not_lose_them(local: Aep, path: str) -> None:
    break_gate(local)
    assert local.session.delete(path).status_code == 204
    assert_violated(local)


def test_nor_does_a_reset_by_the_client(local: Aep) -> None:
    break_gate(local)
    assert local.session.post("/_emulator/reset").status_code in (200, 204)
    assert_violated(local)


def test_a_full_journal_does_not_lose_them() -> None:
    with Aep(journal=2) as aep:
        break_gate(aep)
        for _ in range(40):
            aep.session.get(CONNECTIONS)
        assert len(aep.journal) == 2
        assert_violated(aep, "#1 GET")
        report = aep.report()
    assert report.startswith("… 39 earlier calls, of which broke rules:\n#1 GET")


def test_a_full_journal_cannot_say_that_something_was_not_called() -> None:
    with Aep(journal=2) as aep:
        aep.session.post(CONNECTIONS, json=base_connection())
        for _ in range(3):
            aep.session.get(CONNECTIONS)
        with pytest.raises(AssertionError, match="let go of 2 of 4 calls; raise the setting"):
            aep.assert_not_called(CREATE)
        with pytest.raises(AssertionError, match="it cannot be told how often"):
            aep.assert_called(CREATE)
        with pytest.raises(AssertionError, match="expected 1 time"):
            aep.assert_called("flow_service.list_connections", times=1)
        assert len(aep.assert_called("flow_service.list_connections")) == 2
        aep.session.delete("/_emulator/journal")
        aep.assert_not_called(CREATE)


def test_without_a_journal_they_are_known_too() -> None:
    with Aep(journal=0) as aep:
        aep.session.get(CONNECTIONS)
        aep.assert_no_violations()
        break_gate(aep)
        assert_violated(aep)
        assert NO_ORGANIZATION in aep.report()


def test_dropping_an_isolated_emulator_does_not_lose_them(local: Aep) -> None:
    break_gate(local, **{"x-emulator-test": "one-of-many"})
    headers = {name: text for name, text in local.headers.items() if name != "x-gw-ims-org-id"}
    local.client.exchange("GET", f"/t/other{CONNECTIONS}", headers)
    local.session.delete("/_emulator/worlds/other")
    text = assert_violated(local)
    assert text.count(f"refused by {NO_ORGANIZATION}") == 2


def test_another_edition_or_enforcement_does_not_lose_them(local: Aep) -> None:
    local.session.post(CONNECTIONS, json=base_connection(name=7))
    break_gate(local)
    local.edition = "2020-03"
    local.enforce = "observe"
    text = assert_violated(local)
    assert "#1 POST" in text
    assert "#2 GET" in text


def test_another_state_does_not_lose_them(local: Aep) -> None:
    state = local.snapshot()
    break_gate(local)
    local.restore(state)
    local.load_scenario("tutorial-half-way")
    local.seed(datasets=1)
    assert_violated(local)


def test_a_second_one_has_its_own(local: Aep) -> None:
    break_gate(local)
    with type(local)() as other:
        break_gate(other)
        assert_violated(other)
    with type(local)() as other:
        other.assert_no_violations()
    assert_violated(local)


def test_an_error_of_the_test_in_between_does_not_lose_them(local: Aep) -> None:
    def fail() -> None:
        with local.expects_refusal("platform.gate.api_key_is_sent"):
            break_gate(local)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert_violated(local)


def test_what_a_reset_forgets_is_counted_by_the_coverage_before() -> None:
    with Aep(seed="counted") as aep:
        break_gate(aep)
        aep.reset()
        coverage = aep.emulator.coverage
        assert coverage is not None
        assert [key.rule for key in coverage.current().unexpected] == [NO_ORGANIZATION]


def test_of_very_many_the_oldest_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        connection_module, "RemarkedCalls", lambda contract: RemarkedCalls(contract, 20_000)
    )
    with Aep() as aep:
        for _ in range(30):
            break_gate(aep)
        kept = len(list(aep.remarked.since()))
        assert 1 < kept < 20
        text = assert_violated(aep)
        assert f"  {30 - kept} earlier calls broke {NO_ORGANIZATION} (error)" in text
        with aep.expects_refusal(NO_ORGANIZATION):
            break_gate(aep)


def test_a_failure_of_the_emulator_is_not_taken_for_a_good_call() -> None:
    def fails(exchange: Exchange) -> None:
        raise Problem("platform.internal_error")

    with Aep() as aep:
        aep.emulator.engine.before.append(fails)
        try:
            assert aep.session.get(CONNECTIONS).status_code == 500
            assert_violated(aep, "the emulator itself failed")
        finally:
            aep.emulator.engine.before.remove(fails)


def test_a_request_that_is_refused_for_its_head_is_a_violation() -> None:
    with AepServer() as aep:
        where = urlsplit(aep.url)
        with socket.create_connection((where.hostname, where.port)) as client:
            head = b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 300 + b"\r\n"
            client.sendall(head)
            assert client.recv(12) == b"HTTP/1.1 431"
        assert_violated(aep, "refused with 431: platform")
        assert "431" in aep.report()


class Slow:
    """Holds a call up until it is told to let it go on."""

    def __init__(self, emulator: Emulator) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self._emulator = emulator
        emulator.engine.before.insert(0, self)

    def __call__(self, exchange: Exchange) -> None:
        self.has_begun.set()
        self.may_end.wait(10)

    def end(self) -> None:
        self._emulator.engine.before.remove(self)


def test_a_call_that_ends_late_still_belongs_to_its_test(local: Aep) -> None:
    emulator = local.emulator
    slow = Slow(emulator)
    client = threading.Thread(target=break_gate, args=(local,))
    client.start()
    slow.has_begun.wait(10)
    threading.Timer(0.1, slow.may_end.set).start()
    local.stop()
    client.join(10)
    slow.end()
    assert [item.rule for item in local.findings] == [NO_ORGANIZATION]
    with type(local)(test="tests/test_it.py::test_it") as after:
        assert after.emulator is emulator
        assert after.journal == []
        after.assert_no_violations()


def test_an_emulator_that_does_not_end_is_not_lent_again(
    local: Aep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "LAST_CALLS_TIMEOUT", 0.05)
    emulator = local.emulator
    slow = Slow(emulator)
    client = threading.Thread(target=break_gate, args=(local,))
    client.start()
    slow.has_begun.wait(10)
    local.stop()
    with type(local)(test="tests/test_it.py::test_it") as after:
        assert after.emulator is not emulator
    slow.may_end.set()
    client.join(10)
    slow.end()


def test_calls_after_the_end_are_counted_for_their_test() -> None:
    with AepServer(test="tests/test_late.py::test_late") as aep:
        url = aep.url
        session = aep.session
    pool.LATE_CALLS.clear()
    assert session.get(f"{url}{CONNECTIONS}").status_code == 410
    assert pool.LATE_CALLS == {"tests/test_late.py::test_late": 1}
    pool.LATE_CALLS.clear()
    session.close()
