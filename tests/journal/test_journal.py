"""The ring: what is kept of calls, for how long, and that the rules of each are known."""

from __future__ import annotations

import json

import pytest

from emulator.budgets import JOURNAL_EXCERPT_BYTES, JOURNAL_FRESH_BYTES
from emulator.clock import ManualClock
from emulator.coverage.coverage import Coverage
from emulator.coverage.live import LiveCoverage
from emulator.emulator import Emulator
from emulator.journal.entry import EntryFinding
from emulator.journal.journal import BATCH, Journal
from emulator.testing.client import AepClient
from emulator.web.call import Reply
from emulator.web.exchange import Exchange
from tests.bodies import FLOW_SERVICE, HEADERS, ORGANIZATION, base_connection
from tests.emulators import aep_for, new_emulator
from tests.journal.conftest import Control, control_of

CONNECTIONS = f"{FLOW_SERVICE}/connections"
FLOWS = f"{FLOW_SERVICE}/flows"


def test_an_accepted_call_is_journaled(
    api: AepClient, journal: Journal, clock: ManualClock
) -> None:
    clock.advance(1.5)
    body = base_connection()
    answer = api.call("POST", CONNECTIONS, body, x_emulator_test="tests/a.py::test_b")
    (entry,) = journal.entries()
    assert (entry.number, entry.time) == (1, 1_600_000_001_500)
    assert (entry.operation, entry.service) == ("flow_service.create_connection", "flow_service")
    assert (entry.method, entry.path, entry.query_string) == ("POST", CONNECTIONS, "")
    assert (entry.organization, entry.sandbox) == (ORGANIZATION, "prod")
    assert (entry.edition, entry.enforce) == ("latest", "documented")
    assert (entry.test, entry.expects) == ("tests/a.py::test_b", ())
    assert json.loads(entry.body) == body
    assert (entry.status, entry.response_body) == (201, answer.content)
    assert entry.response_headers["x-request-id"] == answer.headers["x-request-id"]
    assert entry.judged == ("platform.gate", "platform.body", "flow_service.create_connection")
    assert entry.findings == ()
    assert entry.document is not None
    assert entry.document["body"] == body


def test_a_refusal_is_journaled_with_all_that_was_found(api: AepClient, journal: Journal) -> None:
    api.call("POST", CONNECTIONS, {**base_connection(name=3), "connectionSpec": {}})
    (entry,) = journal.entries()
    assert entry.refusal is not None
    assert entry.refusal.rule == "flow_service.create_connection.name_is_text"
    assert (entry.refusal.severity, entry.refusal.at) == ("error", "/body/name")
    assert "3" in entry.refusal.reason
    assert [item.refused for item in entry.findings].count(True) == 1
    assert len(entry.findings) > 1


@pytest.mark.parametrize(
    ("without", "judged"),
    [("x-api-key", ("platform.gate",)), ("Content-Type", ("platform.gate", "platform.body"))],
)
def test_what_comes_after_a_refusal_is_not_judged(
    api: AepClient, journal: Journal, without: str, judged: tuple[str, ...]
) -> None:
    answer = api.call("POST", CONNECTIONS, base_connection(), without=(without,))
    assert answer.status in (400, 403, 415)
    (entry,) = journal.entries()
    assert entry.judged == judged


@pytest.mark.parametrize(
    ("method", "path", "problem", "severity"),
    [
        ("GET", f"{FLOW_SERVICE}/nowhere", "platform.unknown_path", "error"),
        ("PUT", f"{FLOW_SERVICE}/flows", "platform.method_not_allowed", "error"),
        ("GET", "/", "platform.probe", "note"),
        ("GET", "/nowhere", "platform.unknown_path", "error"),
    ],
)
def test_what_no_document_knows_is_journaled(
    api: AepClient, journal: Journal, method: str, path: str, problem: str, severity: str
) -> None:
    api.exchange(method, f"{path}?a=b", HEADERS)
    (entry,) = journal.entries()
    assert (entry.operation, entry.method, entry.path) == ("", method, path)
    assert entry.query_string == "a=b"
    (found,) = entry.findings
    assert found == EntryFinding(
        problem, severity, reason=found.reason, refused=True, is_rule=False
    )
    assert path in found.reason
    assert (entry.document, entry.judged) == (None, ())


def test_what_is_not_emulated_is_no_fault_of_the_client(api: AepClient, journal: Journal) -> None:
    operation = next(item for item in api.contract.operations.values() if not item.emulated)
    path = (operation.base_path + operation.path).replace("{", "").replace("}", "")
    answer = api.call(operation.method, path)
    assert answer.status == 501
    (entry,) = journal.entries()
    assert entry.operation == operation.id
    assert [item.severity for item in entry.findings] == ["note"]


def test_malformed_json_is_journaled(api: AepClient, journal: Journal) -> None:
    api.call("POST", CONNECTIONS, content=b'{"name": ')
    (entry,) = journal.entries()
    assert entry.body == b'{"name": '
    assert entry.refusal is not None
    assert entry.refusal.rule == "platform.body.is_json"


def test_the_control_api_is_not_journaled(journal: Journal, control: Control) -> None:
    control("health")
    control("nowhere", status=404)
    assert list(journal.entries()) == []


def test_replies_that_others_change_later_are_seen_as_they_went_out(
    emulator: Emulator, api: AepClient, journal: Journal
) -> None:
    def change(exchange: Exchange) -> None:
        exchange.reply = Reply(200, {"changed": True}, exchange.reply.headers)

    emulator.engine.after.append(change)
    api.send("GET", FLOWS, dict(HEADERS), None)
    (entry,) = journal.entries()
    assert (entry.status, json.loads(entry.response_body)) == (200, {"changed": True})


def test_the_ring_keeps_the_latest() -> None:
    emulator = new_emulator(journal=3)
    api, journal = aep_for(emulator), emulator.journal
    assert journal is not None
    for number in range(5):
        api.call("GET", f"{FLOWS}?limit={number + 1}")
    kept = [(entry.number, entry.query_string) for entry in journal.entries(newest_first=False)]
    assert kept == [(3, "limit=3"), (4, "limit=4"), (5, "limit=5")]
    assert [entry.number for entry in journal.entries()] == [5, 4, 3]
    assert [journal.entry(number) is not None for number in (0, 2, 3, 5, 6)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_the_ring_is_bounded_in_bytes(emulator: Emulator, api: AepClient) -> None:
    journal = Journal(100, max_bytes=40_000)
    coverage = LiveCoverage(emulator.contract, journal)
    emulator.engine.after.append(journal.add)
    for _ in range(12):
        api.call("POST", CONNECTIONS, base_connection(name="x" * 5000))
    assert 0 < len(list(journal.entries())) < 8
    assert coverage.current().calls == 12


def test_entries_stay_the_same_when_they_are_packed(
    api: AepClient, journal: Journal, coverage: LiveCoverage
) -> None:
    """Exchanges are packed some calls later; nothing of them is lost."""
    api.call("POST", CONNECTIONS, {"name": "é\u2028", "x": [1]}, x_emulator_test="a")
    api.call("GET", f"{FLOWS}?limit=500&property=a")
    api.call("GET", f"{FLOW_SERVICE}/flows/no%20such?x=1", x_note="caf\xe9")
    api.exchange("POST", "/ims/token/v3", {"Content-Type": "text/plain"}, b"\xff")
    api.call("GET", f"{FLOW_SERVICE}/nowhere")
    before = list(journal.entries())
    coverage.current()
    assert list(journal.entries()) == before
    assert len(before) == 5
    for _ in range(BATCH + 1):
        api.call("GET", FLOWS)
    assert [journal.entry(entry.number) for entry in before] == before


def test_a_failure_to_count_breaks_no_call(
    api: AepClient,
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*arguments: object) -> None:
        raise ArithmeticError("out of numbers")

    monkeypatch.setattr(Coverage, "count", fail)
    for _ in range(BATCH + 2):
        assert api.call("GET", FLOWS).status == 200
    assert len(list(journal.entries())) == BATCH + 2
    assert "call 1 cannot be counted" in caplog.text
    assert "out of numbers" in caplog.text


def test_long_replies_are_cut(emulator: Emulator, api: AepClient, journal: Journal) -> None:
    def lengthen(exchange: Exchange) -> None:
        exchange.reply = Reply(200, b"x" * (JOURNAL_EXCERPT_BYTES + 10), exchange.reply.headers)

    emulator.engine.after.append(lengthen)
    path, headers = FLOWS, dict(HEADERS)
    api.send("GET", path, headers, None)
    api.send("GET", path, headers, None)
    assert [len(entry.response_body) for entry in journal.entries()] == [JOURNAL_EXCERPT_BYTES] * 2


def test_a_fault_is_told_and_is_no_fault_of_the_client(
    emulator: Emulator, api: AepClient, journal: Journal
) -> None:
    emulator.faults.add({"id": "busy", "kind": "error", "status": 429, "count": 1})
    emulator.faults.add({"id": "slow", "kind": "delay", "seconds": 1})
    for _ in range(2):
        api.send("GET", FLOWS, dict(HEADERS), None)
    second, first = journal.entries()
    assert (first.status, first.faults, first.findings) == (429, ("busy", "slow"), ())
    assert (second.status, second.faults) == (200, ("slow",))
    shown = control_of(emulator)("journal")["entries"]
    assert [entry["faults"] for entry in shown] == [["slow"], ["busy", "slow"]]
    assert [entry["faulted"] for entry in shown] == [
        "hit by fault slow: `aep-emulator faults clear` ends that",
        "answered by faults busy, slow: `aep-emulator faults clear` ends that",
    ]


def test_what_a_fault_did_not_answer_has_its_own_reason(
    emulator: Emulator, api: AepClient, journal: Journal
) -> None:
    emulator.faults.add({"id": "slow", "kind": "delay", "seconds": 1})
    operation = next(item for item in api.contract.operations.values() if not item.emulated)
    path = (operation.base_path + operation.path).replace("{", "").replace("}", "")
    api.call(operation.method, path)
    (entry,) = journal.entries()
    assert (entry.faults, entry.is_faulted) == (("slow",), False)
    assert entry.refusal is not None
    assert entry.refusal.reason.startswith(f"The documented operation {operation.id} is not")


def test_a_fault_of_one_call_is_said_to_come_with_it(emulator: Emulator, api: AepClient) -> None:
    api.send("GET", FLOWS, {**HEADERS, "x-emulator-fault": "429"}, None)
    (entry,) = control_of(emulator)("journal")["entries"]
    assert entry["faulted"] == "answered by fault header: the call's own header asks for it"


def test_the_journal_can_be_switched_off() -> None:
    emulator = new_emulator(journal=0)
    assert emulator.journal is None
    owners = [getattr(watch, "__self__", None) for watch in emulator.engine.after]
    assert not any(isinstance(owner, Journal) for owner in owners)
    control = control_of(emulator)
    for path in ("journal", "journal/1", "coverage"):
        assert control(path, status=404)["error"] == "no journal"
        control(path, "DELETE", status=404)


def test_clearing_forgets_entries_and_keeps_counts(
    api: AepClient, journal: Journal, coverage: LiveCoverage, control: Control
) -> None:
    api.call("GET", FLOWS)
    control("journal", "DELETE", status=204)
    assert list(journal.entries()) == []
    api.call("GET", FLOWS)
    assert [entry.number for entry in journal.entries()] == [2]
    assert coverage.current().calls == 2
    control("coverage", "DELETE", status=204)
    assert coverage.current().calls == 0
    assert [entry.number for entry in journal.entries()] == [2]
    api.call("GET", FLOWS)
    assert coverage.current().calls == 1


def test_a_reset_leaves_the_journal_alone(
    api: AepClient, journal: Journal, control: Control
) -> None:
    api.call("GET", FLOWS)
    control("reset", "POST", status=204)
    assert len(list(journal.entries())) == 1


def test_the_default_sandbox_is_the_one_journaled() -> None:
    emulator = new_emulator(default_sandbox="dev")
    aep_for(emulator).call("GET", FLOWS, without=("x-sandbox-name",))
    assert emulator.journal is not None
    (entry,) = emulator.journal.entries()
    assert (entry.sandbox, entry.status) == ("dev", 200)


def test_of_a_long_file_only_the_beginning_is_kept(api: AepClient, journal: Journal) -> None:
    path = "/data/foundation/import/batches/x/datasets/y/files/z"
    api.call("GET", FLOWS)
    api.call("PUT", path, content=b"a" * (20 * 1024**2), Content_Type="application/octet-stream")
    api.call("GET", FLOWS)
    last, file, first = journal.entries()
    assert (len(file.body), file.body_truncated) == (64 * 1024, True)
    assert not last.body_truncated
    assert first.number == 1  # a long file does not push the others out


def test_large_calls_are_packed_at_once(api: AepClient, journal: Journal) -> None:
    """So that nothing of one outlives it but what is kept."""
    large = "x" * JOURNAL_FRESH_BYTES
    for name in (large, "small", large * 100):
        api.call("POST", CONNECTIONS, base_connection(name=name), x_emulator_test="t")
    items = list(journal._items)
    assert [item.exchange is None for item in items] == [True, False, True]
    whole, _, cut = journal.entries(newest_first=False)
    assert (len(cut.body), cut.body_truncated, cut.document) == (JOURNAL_EXCERPT_BYTES, True, None)
    assert whole.document is not None
    assert whole.document["body"]["name"] == large
    assert sum(item.size for item in items) == journal._bytes


def test_a_page_ends_where_it_becomes_too_long(
    api: AepClient, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.journal.pages.JOURNAL_PAGE_BYTES", 2000)
    for _ in range(5):
        api.call("GET", FLOWS)
    seen, cursor = [], ""
    while True:
        page = control(f"journal?format=full&order=oldest{cursor}")
        seen += [entry["id"] for entry in page["entries"]]
        assert 0 < len(page["entries"]) < 5
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == [1, 2, 3, 4, 5]


def test_of_many_findings_the_first_are_kept_and_one_of_each_rule(
    api: AepClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.call("POST", CONNECTIONS, {"name": 3, "connectionSpec": 4, "auth": 5, "other": 6})
    monkeypatch.setattr("emulator.journal.packing.MAX_FINDINGS", 1)
    api.call("POST", CONNECTIONS, {"name": 3, "connectionSpec": 4, "auth": 5, "other": 6})
    few, all_of_them = journal.entries()
    assert [item.rule for item in few.findings] == list(
        dict.fromkeys(item.rule for item in all_of_them.findings)
    )
    assert few.refusal == all_of_them.refusal
