"""House rules: an organization's own rules in an overlay, and rules that it has muted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import create_emulator
from emulator.cli import main
from emulator.clock import ManualClock
from emulator.contract import ContractError, load_contract
from emulator.contract.checkup import check_contract, refuse
from emulator.contract.files import check_files
from emulator.emulator import Emulator
from emulator.package_data import data_folder
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import BLOB, FLOW_SERVICE, flow, make_world
from tests.emulators import aep_for

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "house-rules"
NAME = "flow_service.create_flow.house_name"
DESCRIPTION = "flow_service.create_flow.house_description"
SCHEDULE = "flow_service.create_flow.schedule_is_sent"
SANDBOX_ID = "platform.gate.sandbox_id_is_not_sent"
DAY = 24 * 3600

Make = Callable[..., AepClient]
MakeExample = Callable[..., AepClient]


@pytest.fixture(scope="module")
def first() -> Iterator[Emulator]:
    """An emulator with the example, whose contract the others share."""
    made = create_emulator(Settings(contracts=EXAMPLE), clock=ManualClock())
    yield made
    made.close()


@pytest.fixture
def example(first: Emulator) -> MakeExample:
    """Return a function that makes an emulator with the example, and a client of it."""

    def build(**settings: Any) -> AepClient:
        own = Settings(contracts=EXAMPLE, **settings)
        return aep_for(create_emulator(own, clock=ManualClock(), like=first))

    return build


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A copy of the example, to be changed."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "overlay"))


def mute(overlay: Path, *rows: dict[str, Any]) -> None:
    (overlay / "mutes.json").write_text(json.dumps(rows), encoding="utf-8")


def loaded(overlay: Path) -> None:
    """Examine an overlay as the start does."""
    refuse(check_files(overlay))
    refuse(check_contract(load_contract(data_folder("contracts"), overlay)))


def flows(aep: AepClient) -> int:
    return len(aep.ok("GET", f"{FLOW_SERVICE}/flows")["items"])


def test_a_house_rule_refuses(example: MakeExample) -> None:
    aep = example()
    refused = aep.call("POST", f"{FLOW_SERVICE}/flows", flow(make_world(aep), name="leads"))
    assert (refused.status, refused.rule) == (400, NAME)
    assert refused.json["type"].endswith("/HOUSE-0001-400")
    assert "starts with team-" in refused.json["detail"]
    assert flows(aep) == 0


@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
def test_a_house_rule_is_in_force_in_every_edition(first: Emulator, edition: str) -> None:
    rules = first.contract.edition(edition).rules_of("flow_service.create_flow")
    assert {NAME, DESCRIPTION} < {rule.id for rule in rules}


def test_a_house_warning_warns(example: MakeExample) -> None:
    aep = example()
    body = flow(make_world(aep), name="team-leads")
    accepted = aep.call("POST", f"{FLOW_SERVICE}/flows", body)
    assert (accepted.status, accepted.warnings) == (201, [DESCRIPTION])
    assert flows(aep) == 1


def test_a_muted_rule_neither_warns_nor_refuses(example: MakeExample) -> None:
    for enforce in ("documented", "strict"):
        aep = example(enforce=enforce)
        body = flow(make_world(aep), name="team-leads", description="Ask us.")
        del body["scheduleParams"]
        answer = aep.call("POST", f"{FLOW_SERVICE}/flows", body)
        assert (answer.status, answer.warnings) == (201, [])
        assert answer.headers["x-emulator-muted"] == SCHEDULE


def test_without_the_mute_the_rule_is_in_force(make: Make, overlay: Path) -> None:
    mute(overlay)
    aep = make(contracts=overlay)
    body = flow(make_world(aep), name="team-leads", description="Ask us.")
    del body["scheduleParams"]
    answer = aep.call("POST", f"{FLOW_SERVICE}/flows", body)
    assert answer.warnings == [SCHEDULE]
    assert "x-emulator-muted" not in answer.headers


def test_a_mute_ends_with_its_last_day(make: Make, overlay: Path, clock: ManualClock) -> None:
    mute(overlay, {"rule": SCHEDULE, "reason": "Not yet.", "until": "2020-09-13"})
    aep = make(contracts=overlay)  # the clock stands at 2020-09-13T12:26:40Z
    body = flow(make_world(aep), name="team-leads", description="Ask us.")
    del body["scheduleParams"]
    assert aep.call("POST", f"{FLOW_SERVICE}/flows", body).warnings == []
    clock.advance(DAY / 2)
    assert aep.call("POST", f"{FLOW_SERVICE}/flows", body).warnings == [SCHEDULE]


def test_a_rule_of_the_gate_is_muted_for_one_operation(example: MakeExample) -> None:
    aep = example(enforce="strict")
    sent = {"x_sandbox_id": "8129954b-fa83-43ba-a995-4bfa8373ba2b"}
    listed = aep.call("GET", f"{FLOW_SERVICE}/flows", headers=sent)
    assert (listed.status, listed.rule) == (400, SANDBOX_ID)
    body = flow(make_world(aep), name="team-leads", description="Ask us.")
    answer = aep.call("POST", f"{FLOW_SERVICE}/flows", body, headers=sent)
    assert (answer.status, answer.headers["x-emulator-muted"]) == (201, SANDBOX_ID)


def test_a_change_may_break_a_muted_rule_of_creation(make: Make, overlay: Path) -> None:
    """Rules of change judge by those of creation, and must not bring a muted one back."""
    mute(overlay, {"rule": NAME, "reason": "Not before the new year."})
    for muted in (True, False):
        if not muted:
            mute(overlay)
        aep = make(contracts=overlay)
        body = flow(make_world(aep), name="team-leads", description="Ask us.")
        created = aep.ok("POST", f"{FLOW_SERVICE}/flows", body)
        changed = aep.call(
            "PATCH",
            f"{FLOW_SERVICE}/flows/{created['id']}",
            [{"op": "replace", "path": "/name", "value": "leads"}],
            If_Match=created["etag"],
        )
        assert changed.status == (200 if muted else 400), changed.content


def test_the_control_api_tells_what_is_muted_and_why(example: MakeExample) -> None:
    aep = example()
    told = aep.ok("GET", f"/_emulator/rules/{SANDBOX_ID}")["mutes"]
    assert told == json.loads((EXAMPLE / "mutes.json").read_text("utf-8"))[1:]
    assert aep.ok("GET", f"/_emulator/rules/{NAME}")["mutes"] == []
    assert [row["rule"] for row in aep.ok("GET", "/_emulator/mutes")["mutes"]] == [
        SCHEDULE,
        SANDBOX_ID,
    ]


def test_the_commands_show_what_is_muted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "check", str(EXAMPLE)]) == 0
    assert f"muted until 2099-12-31: {SCHEDULE}: Our flows" in capsys.readouterr().out
    assert main(["contracts", "explain", SCHEDULE, "--contracts", str(EXAMPLE)]) == 0
    assert "\nmuted      Our flows are started by hand" in capsys.readouterr().out
    where = ["--operation", "flow_service.create_flow", "--contracts", str(EXAMPLE)]
    assert main(["contracts", "list", *where]) == 0
    assert "warning  schedule_is_sent  (muted)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"rule": "flow_service.create_flow.shedule_is_sent", "reason": "x"}, f"mean {SCHEDULE}?"),
        ({"rule": SCHEDULE}, f"{SCHEDULE}: reason: Field required"),
        ({"rule": SCHEDULE, "reason": " "}, "a mute has a reason"),
        ({"rule": SCHEDULE, "reason": "x", "until": "soon"}, "'soon' is not a day"),
        ({"rule": SCHEDULE, "reason": "x", "until": "20270331"}, "is not a day"),
        (
            {"rule": SCHEDULE, "reason": "x", "operation": "flow_service.create"},
            "unknown operation",
        ),
        (
            {"rule": SCHEDULE, "reason": "x", "operation": "flow_service.get_flow"},
            "it is a rule of",
        ),
        ({"rule": SCHEDULE, "reason": "x", "severity": "note"}, "severity: "),
        ({"rule": "platform.gate.sandbox_exists", "reason": "x"}, "cannot be muted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mute_that_cannot_hold_is_not_loaded(
    overlay: Path, row: dict[str, Any], words: str
) -> None:
    mute(overlay, row)
    with pytest.raises(ContractError) as error:
        loaded(overlay)
    assert words in str(error.value)


def test_a_house_rule_that_is_never_in_force_is_not_loaded(overlay: Path) -> None:
    """It would be silent: an Adobe document comes before the emulator's own."""
    path = overlay / "house" / "rules" / "flows.json"
    rules = json.loads(path.read_text("utf-8"))
    rules[0] |= {"topic": "flow-spec-known", "demands": {"aep-emulator": ""}}
    topics = {
        rule.topic
        for rule in load_contract(data_folder("contracts")).rules.values()
        if rule.id == "flow_service.create_flow.flow_spec_is_known"
    }
    rules[0]["topic"] = topics.pop()
    path.write_text(json.dumps(rules), encoding="utf-8")
    with pytest.raises(ContractError) as error:
        loaded(overlay)
    assert f"{NAME}: in force in no edition: flow_service.create_flow.flow_spec_is_known" in str(
        error.value
    )


def test_a_house_rule_replaces_a_shipped_one_of_its_topic(make: Make, overlay: Path) -> None:
    shipped = load_contract(data_folder("contracts")).rules[SCHEDULE]
    path = overlay / "house" / "rules" / "flows.json"
    rules = json.loads(path.read_text("utf-8"))
    own = {"at": "/body", "check": {"schema": {"required": ["scheduleParams"]}}}
    cases = {"accepts": [{"body": {"scheduleParams": {}}}], "refuses": [{"body": {}}]}
    rules[0] |= {"topic": shipped.topic, "cases": cases, **own}
    path.write_text(json.dumps(rules), encoding="utf-8")
    mute(overlay)
    aep = make(contracts=overlay)
    body = flow(make_world(aep), description="Ask us.")
    del body["scheduleParams"]
    assert aep.call("POST", f"{FLOW_SERVICE}/flows", body).rule == NAME


def test_a_hint_follows_a_misspelt_name(overlay: Path) -> None:
    path = overlay / "house" / "rules" / "flows.json"
    text = path.read_text("utf-8")
    for right, wrong in (
        ('"operation": "flow_service.create_flow"', '"operation": "flow_service.create_flo"'),
        ('"data-team-guidelines"', '"data-team-guideline"'),
        ('"house.guideline"', '"house.guidelines"'),
    ):
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
        with pytest.raises(ContractError) as error:
            loaded(overlay)
        assert f"did you mean {right.rpartition(' ')[2].strip(chr(34))}?" in str(error.value)


def test_the_example_needs_its_specs(example: MakeExample) -> None:
    """The overlay adds rules and takes nothing away."""
    assert example().ok("GET", f"{FLOW_SERVICE}/connectionSpecs/{BLOB}")["items"]


def test_the_journal_counts_what_is_muted_apart(example: MakeExample) -> None:
    aep = example()
    body = flow(make_world(aep), name="team-leads", description="Ask us.")
    del body["scheduleParams"]
    aep.ok("POST", f"{FLOW_SERVICE}/flows", body)
    (call,) = aep.ok("GET", f"/_emulator/journal?rule={SCHEDULE}")["entries"]
    assert call["outcome"] == "accepted"
    (broken,) = call["findings"]
    assert (broken["classification"], broken["muteReason"][:9]) == ("muted", "Our flows")
    coverage = aep.ok("GET", "/_emulator/coverage")
    (row,) = (row for row in coverage["rows"] if row["group"] == "flow_service.create_flow")
    assert row["rules"][SCHEDULE] == [0, 0, 0, 1]
    assert coverage["unexpected"] == []


GATE = "platform.gate"
FLOWS = f"{FLOW_SERVICE}/flows"
TEAM = {"at": "/headers", "check": {"schema": {"required": ["x-team"]}}}
XED = {"required": ["accept"], "properties": {"accept": {"pattern": "xed"}}}
SCHEMAS_NEED_TEAM = {
    "at": "/headers",
    "when": {"properties": {"headers": XED}},
    "check": {"schema": {"required": ["x-team"]}},
}
ONE_PAGE = {"at": "/query", "check": {"schema": {"not": {"required": ["start"]}}}}
NO_BETA = {
    "at": "/headers",
    "check": {"schema": {"propertyNames": {"not": {"pattern": "^x-beta"}}}},
}
KNOWN_FLOW = {"at": "/headers/x-flow", "check": {"refers_to": {"kind": "flow"}}}


def at_the_gate(overlay: Path, rule: Any, accepted: Any, refused: Any) -> str:
    """Add a house rule at the gate, with one case of each kind, and return its id."""
    id = "platform.gate.house"
    row = {
        "id": id,
        "operation": GATE,
        "topic": "house",
        "states": "What our house asks of every call.",
        "demands": {"data-team-guidelines": "Calls"},
        "severity": "error",
        "problem": "house.guideline",
        "cases": {"accepts": [accepted], "refuses": [refused]},
        **rule,
    }
    (overlay / "house" / "rules" / "gate.json").write_text(json.dumps([row]), encoding="utf-8")
    return id


@pytest.mark.parametrize(
    ("rule", "accepted", "refused"),
    [
        (TEAM, {"x-team": "leads"}, {}),
        (SCHEMAS_NEED_TEAM, {}, {"accept": "application/vnd.adobe.xed+json"}),
        (NO_BETA, {"x-alpha": "1"}, {"x-beta-1": "1"}),
        (KNOWN_FLOW, {}, {"x-flow": "none"}),
    ],
)
def test_a_house_rule_at_the_gate_holds_on_every_call(
    make: Make, overlay: Path, rule: Any, accepted: dict[str, str], refused: dict[str, str]
) -> None:
    """What passed before is remembered by all the headers that the rules in force look at."""
    house = at_the_gate(overlay, rule, {"headers": accepted}, {"headers": refused})
    aep = make(contracts=overlay)
    for _ in range(3):
        assert aep.call("GET", FLOWS, headers=refused).rule == house
        assert aep.call("GET", FLOWS, headers=accepted).status == 200


def test_a_house_rule_at_the_gate_may_look_at_more_than_headers(make: Make, overlay: Path) -> None:
    house = at_the_gate(overlay, ONE_PAGE, {"query": {}}, {"query": {"start": "2"}})
    aep = make(contracts=overlay)
    for _ in range(3):
        assert aep.call("GET", FLOWS).status == 200
        assert aep.call("GET", f"{FLOWS}?start=2").rule == house


def test_a_house_rule_at_the_gate_sees_what_has_changed(make: Make, overlay: Path) -> None:
    """A header may name a resource, which is deleted after it has passed."""
    house = at_the_gate(overlay, KNOWN_FLOW, {"headers": {}}, {"headers": {"x-flow": "none"}})
    aep = make(contracts=overlay)
    made = aep.ok("POST", FLOWS, flow(make_world(aep), name="team-leads", description="Ask us."))
    assert aep.call("GET", FLOWS, x_flow=made["id"]).status == 200
    aep.ok("DELETE", f"{FLOWS}/{made['id']}")
    assert aep.call("GET", FLOWS, x_flow=made["id"]).rule == house


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        ({"refers_to": {"kind": "flows"}}, "there is no kind 'flows'; did you mean flow?"),
        (
            {"holds": {"fact": "gateway.api_keys", "reason": "no {0}"}},
            "there is no fact 'gateway.api_keys'; did you mean gateway.api_key?",
        ),
    ],
)
def test_a_house_rule_names_kinds_and_facts_that_services_have(
    overlay: Path, check: dict[str, Any], complaint: str
) -> None:
    rule = {"at": "/headers/x-flow", "check": check}
    id = at_the_gate(overlay, rule, {"headers": {}}, {"headers": {"x-flow": "none"}})
    with pytest.raises(ContractError, match=re.escape(f"{id}: {complaint}")):
        create_emulator(Settings(contracts=overlay))
