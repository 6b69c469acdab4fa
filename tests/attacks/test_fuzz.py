"""Nearly right requests to every operation, in all editions and enforcements."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from emulator.emulator import Emulator
from emulator.store import Snapshot
from emulator.testing.client import Response
from emulator.web.self_check import HEADER
from tests.attacks.effort import size
from tests.attacks.mutations import Mutations
from tests.bodies import FLOW_SERVICE, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.services.lake import ANN, Lake

COMBINATIONS = [
    (edition, enforce)
    for edition in ("2020-03", "2020-09", "latest")
    for enforce in ("documented", "strict", "observe")
]
REQUESTS = size(250, 100_000 // len(COMBINATIONS) + 1)


def known_ids(emulator: Emulator) -> dict[str, str]:
    """Make one resource of each kind, in today's edition; return ids by the segment before them."""
    aep = aep_for(emulator)
    world = make_world(aep)
    batch = Lake(aep, title="Ingested").ingest(ANN)
    return {
        "batches": batch,
        "dataSetFiles": f"{batch}-1",
        "files": f"{batch}-1",
        "connections": world.base,
        "sourceConnections": world.source,
        "targetConnections": world.target,
        "flows": aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))["id"],
        "schemas": world.schema,
        "dataSets": world.dataset,
        "datasets": world.dataset,
        "mappingSets": world.mapping,
        "sandboxes": "dev",
    }


def complaint(answer: Response, before: Snapshot, after: Snapshot, judges_replies: bool) -> str:
    """Return what is wrong with an answer; empty if nothing is.

    What wrong requests have left behind, where nobody refuses them, has no documented form.
    """
    if answer.status >= 500 and answer.status != 501:
        return f"{answer.status} {answer.content[:200]!r}"
    if judges_replies and answer.headers.get(HEADER):
        return answer.headers[HEADER]
    if "html" in answer.headers.get("content-type", "") or b"<html" in answer.content[:200].lower():
        return "HTML"
    if answer.status >= 400 and not answer.rule:
        return f"{answer.status} without a rule"
    if answer.status >= 400 and before != after:
        return f"{answer.status} has changed something"
    return ""


@pytest.mark.parametrize(("edition", "enforce"), COMBINATIONS)
def test_nearly_right_requests_are_answered_as_documented(edition: str, enforce: str) -> None:
    emulator = new_emulator()
    ids = known_ids(emulator)
    state = emulator.snapshot()
    judged = new_emulator(edition=edition, enforce=enforce, self_check=True)
    aep = aep_for(judged)
    statuses: Counter[int] = Counter()
    requests = islice(
        Mutations(judged.contract, ids, COMBINATIONS.index((edition, enforce))), REQUESTS
    )
    for number, sent in enumerate(requests):
        if number % 50 == 0:
            judged.restore(state)
            judged.engine.edition, judged.engine.enforce = edition, enforce
        before = judged.platform.store.dump()
        answer = aep.send(sent.method, sent.path, sent.headers, sent.content)
        statuses[answer.status] += 1
        after = judged.platform.store.dump()
        wrong = complaint(answer, before, after, judges_replies=enforce != "observe")
        assert not wrong, f"{wrong}: {sent}"
    assert len(statuses) > 3
    judged.close()
