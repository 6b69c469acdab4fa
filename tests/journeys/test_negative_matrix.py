"""Every request of the tutorials with one single thing wrong: refused as documented, or allowed.

The requests are generated (`wrong.py`), sent once to an emulator in this process, and then looked
at: the status and the shape that the contract has for the rule that refused, the rule's own
explanation, what the emulator keeps before and after. What is accepted all the same is listed with
its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from typing import Any

import jsonschema_rs
import pytest

from emulator.emulator import Emulator
from emulator.package_data import data_folder
from emulator.testing.client import AepClient, Response
from tests.emulators import aep_for, new_emulator
from tests.journeys.allowed import ALLOWED, Allowed
from tests.journeys.state import READ, everything, reading
from tests.journeys.tutorial import RUNS, TUTORIALS, Step, given, send
from tests.journeys.wrong import MAX_BODY, Wrong, wrongs

STEPS = [(name, edition, step.name) for name, edition in RUNS for step in TUTORIALS[name].steps]


@dataclass(frozen=True)
class Outcome:
    """A wrong request of a step, its answer, and whether the emulator knew other things then."""

    step: Step
    edition: str
    wrong: Wrong
    answer: Response
    changed: bool

    @property
    def accepted(self) -> bool:
        return self.answer.status < 300

    @property
    def judged_by(self) -> str:
        """The edition that judged: that of the emulator where the one asked for is unknown."""
        return "latest" if "x-emulator-edition" in self.wrong.what else self.edition


@dataclass
class Matrix:
    """All outcomes by (tutorial, edition, step)."""

    emulator: Emulator
    aep: AepClient
    organizations: Iterator[int]
    outcomes: dict[tuple[str, str, str], list[Outcome]]

    def reach(self, key: tuple[str, str, str]) -> dict[str, Any]:
        """Play a tutorial in a new organization up to a step, and return what is known then."""
        name, edition, until = key
        known = given(self.aep, f"{next(self.organizations):024X}@AdobeOrg")
        for step in TUTORIALS[name].steps:
            if step.name == until:
                break
            known = send(self.aep, step, known, edition).known
        return known

    def kept(self) -> tuple[object, ...]:
        """Return all that the emulator keeps: documents, counters and files."""
        state = self.emulator.snapshot()
        return state.store, state.blobs

    def refused(self, key: tuple[str, str, str]) -> list[Outcome]:
        return [outcome for outcome in self.outcomes[key] if not outcome.accepted]


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    emulator = new_emulator(max_body=MAX_BODY)
    made = Matrix(emulator, aep_for(emulator), count(1), {})
    for key in STEPS:
        made.outcomes[key] = list(_outcomes(made, key))
    return made


def _outcomes(
    matrix: Matrix, key: tuple[str, str, str], *, puts_back: bool = True
) -> Iterator[Outcome]:
    """Send all wrong requests of a step; after one that was accepted, all is put back first.

    Or, for those who record the calls, the next ones are sent in a new place.
    """
    name, edition, until = key
    matrix.emulator.reset()
    step = TUTORIALS[name].step(until)
    waiting = wrongs(step, matrix.reach(key), edition)
    before = matrix.emulator.snapshot()
    for sent in count(1):
        wrong = next(waiting, None)
        if wrong is None:
            return
        kept = matrix.kept()
        answer = matrix.aep.exchange(wrong.method, wrong.path, wrong.headers, wrong.content)
        outcome = Outcome(step, edition, wrong, answer, matrix.kept() != kept)
        yield outcome
        if outcome.accepted and step.method != "GET":
            if puts_back:
                matrix.emulator.restore(before)
            else:
                waiting = islice(wrongs(step, matrix.reach(key), edition), sent, None)


@pytest.mark.parametrize("key", STEPS, ids=" ".join)
def test_a_refusal_has_the_documented_status_and_envelope(
    matrix: Matrix, key: tuple[str, str, str]
) -> None:
    """The self-check has held each answer to be JSON of some documented shape, and no 5xx."""
    contract = matrix.aep.contract
    for outcome in matrix.refused(key):
        edition = contract.edition(outcome.judged_by)
        rule = contract.rules.get(outcome.answer.rule)
        problem = rule.problem if rule else outcome.answer.rule
        service = outcome.step.operation.partition(".")[0]
        entry, envelope = edition.problem(problem, service), edition.envelope(problem, service)
        assert outcome.answer.status == entry.status, outcome.wrong.what
        assert outcome.answer.headers["content-type"] == "application/json"
        assert shape(envelope).is_valid(outcome.answer.json), (
            outcome.wrong.what,
            outcome.answer.content,
        )


@cache
def shape(envelope: str) -> Any:
    """Return the compiled schema of an error body."""
    path = data_folder("contracts") / "platform" / "responses" / "envelopes.json"
    return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8"))[envelope])


@pytest.mark.parametrize("key", STEPS, ids=" ".join)
def test_the_rule_that_refuses_is_the_gates_or_the_operations_own(
    matrix: Matrix, key: tuple[str, str, str]
) -> None:
    for outcome in matrix.refused(key):
        what, rule = outcome.wrong.what, outcome.answer.rule
        expected = next((known for start, known in EXPECTED if what.startswith(start)), None)
        if expected is None:
            assert rule.startswith(outcome.step.operation + "."), (what, rule)
        else:
            assert re.fullmatch(expected, rule.removeprefix("platform.")), (what, rule)


EXPECTED = [
    ("header Authorization missing", "gate.token_is_sent"),
    ("header Authorization: ", "gate.token_is_(sent|bearer)"),
    ("header x-api-key missing", "gate.api_key_is_sent"),
    ("header x-api-key: ", "gate.api_key_is_(sent|known)"),
    ("header x-gw-ims-org-id missing", "gate.organization_is_sent"),
    ("header x-gw-ims-org-id: ", "gate.organization_is_(sent|well_formed)"),
    ("header x-sandbox-name missing", "gate.sandbox_is_sent"),
    ("header x-sandbox-name: *", "gate.sandbox_is_one"),
    ("header x-sandbox-name: ", "gate.sandbox_(is_sent|exists)"),
    ("header x-emulator-edition: ", "unknown_edition"),
    ("header Content-Type", "body.content_type_is_accepted"),
    ("body too long", "body.length_is_within_limit"),
    ("body too deep", "body.depth_is_within_limit"),
    ("body empty", r".*\.body_is_(an_)?object"),
    ("body null", r".*\.body_is_(an_)?object"),
    ("body a ", r".*\.body_is_(an_)?object"),
    ("body an empty object", ".*"),
    ("body half a surrogate", ".*"),
    ("body ", "body.is_json"),
]
"""What begins a wrong thing's name, and the rule that has to refuse it, without `platform.`."""


def test_every_rule_that_refused_explains_itself(matrix: Matrix) -> None:
    outcomes = [outcome for key in STEPS for outcome in matrix.refused(key)]
    rules = {outcome.answer.rule for outcome in outcomes}
    for id in sorted(rules):
        told = matrix.aep.exchange("GET", f"/_emulator/rules/{id}", {})
        assert (told.status, told.headers["content-type"]) == (200, "application/json"), id
        if id in matrix.aep.contract.rules:
            explained = told.json
            assert explained["states"]
            assert explained["documents"]
            assert explained["cases"]["refuses"], id
            assert explained["problem"]["entries"]
    assert len(rules) > 100


@pytest.mark.parametrize("key", STEPS, ids=" ".join)
def test_no_refused_request_changes_anything(matrix: Matrix, key: tuple[str, str, str]) -> None:
    assert [outcome.wrong.what for outcome in matrix.refused(key) if outcome.changed] == []


def test_a_change_would_be_seen(matrix: Matrix) -> None:
    """What is accepted and creates something has changed what is kept."""
    created = [
        outcome
        for key in STEPS
        for outcome in matrix.outcomes[key]
        if outcome.accepted and outcome.answer.status == 201
    ]
    assert created
    assert all(outcome.changed for outcome in created)


def test_just_what_is_listed_is_accepted(matrix: Matrix) -> None:
    """A wrong thing that is accepted without a reason is a rule that is missing."""
    used: set[Allowed] = set()
    unexpected = []
    for key in STEPS:
        for outcome in matrix.outcomes[key]:
            if outcome.accepted:
                matching = [allowed for allowed in ALLOWED if allowed.covers(outcome)]
                used.update(matching)
                if not matching:
                    unexpected.append((key, outcome.wrong.what, outcome.answer.warnings))
    assert unexpected == []
    assert [allowed for allowed in ALLOWED if allowed not in used] == []


def test_the_matrix_is_as_large_as_it_should_be(matrix: Matrix) -> None:
    total = sum(len(outcomes) for outcomes in matrix.outcomes.values())
    refused = sum(len(matrix.refused(key)) for key in STEPS)
    assert total > 4000
    assert refused > 0.8 * total


@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
@pytest.mark.parametrize("place", sorted(set(READ.values())))
def test_an_unknown_id_in_a_path_is_not_found(matrix: Matrix, edition: str, place: str) -> None:
    known = given(matrix.aep, f"{next(matrix.organizations):024X}@AdobeOrg")
    for id in ("wrong", "00000000-0000-4000-8000-000000000000", "%00", "..%2F..", "a" * 5000):
        answer = matrix.aep.exchange("GET", f"{place}/{id}", reading(known, edition))
        assert answer.status == 404, (id, answer.status, answer.rule)


def test_over_the_socket_the_answers_are_the_same(
    matrix: Matrix, aep: AepClient, organization: str
) -> None:
    """A sample: what is wrong with the headers, the JSON, and every seventh wrong member."""
    for number, key in enumerate(STEPS):
        name, edition, until = key
        known = given(aep, f"{number + 1:04X}{organization[4:]}")
        for step in TUTORIALS[name].steps:
            if step.name == until:
                break
            known = send(aep, step, known, edition).known
        again = list(wrongs(TUTORIALS[name].step(until), known, edition))
        for index, (wrong, outcome) in enumerate(zip(again, matrix.outcomes[key], strict=True)):
            sampled = " missing" in wrong.what or wrong.what == "body cut off" or index % 7 == 0
            if sampled and not outcome.accepted and "too long" not in wrong.what:
                answer = aep.exchange(wrong.method, wrong.path, wrong.headers, wrong.content)
                found = (wrong.what, answer.status, answer.rule)
                assert found == (outcome.wrong.what, outcome.answer.status, outcome.answer.rule)


def test_an_emulator_that_only_observes_survives_it_all() -> None:
    """Every fifth wrong request, with what it made read and listed: no bug shows as a 5xx."""
    emulator = new_emulator(max_body=MAX_BODY, enforce="observe")
    matrix = Matrix(emulator, aep_for(emulator), count(1), {})
    for key in STEPS:
        known = matrix.reach(key)
        for wrong in list(wrongs(TUTORIALS[key[0]].step(key[2]), known, key[1]))[::5]:
            # exchange() holds that there is no 5xx but 501
            matrix.aep.exchange(wrong.method, wrong.path, wrong.headers, wrong.content)
        everything(matrix.aep, known, key[1])
