"""Nobody waits for somebody else's work, and the end of the process waits for none."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import requests

from emulator.app import create_emulator
from emulator.budgets import LISTED_AT_ONCE
from emulator.contract import load_contract
from emulator.package_data import data_folder
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.testing.client import AepClient
from emulator.web.message import Deferred, Request, Response
from tests.attacks.effort import size
from tests.attacks.served import ServedEmulator, serving
from tests.bodies import (
    CATALOG,
    FLOW_SERVICE,
    HEADERS,
    ORGANIZATION,
    World,
    flow,
    make_world,
    source_connection,
)
from tests.emulators import new_emulator
from tests.files import put
from tests.journeys.conftest import by_requests

PROD = Sandbox(ORGANIZATION, "prod")
ROWS = size(15_000, 1_500_000)
SOURCES = f"{FLOW_SERVICE}/sourceConnections"


class Runs:
    """A flow with many rows to read, and what came of the runs that were ordered."""

    def __init__(self, served: ServedEmulator) -> None:
        self.api = self._client(served)
        self.world: World = make_world(self.api)
        content = b"Id\tFirstName\tLastName\n" + b"1\tAda\tLovelace\n" * ROWS
        put(self.api, self.world.base, "leads/incoming/a.tsv", content)
        later = {"startTime": int(time.time()) + 10**6, "frequency": "once"}
        body = flow(self.world, scheduleParams=later)
        self.flow = self.api.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
        self._served = served
        self.ordered: list[Any] = []

    def _client(self, served: ServedEmulator) -> AepClient:
        send = by_requests(served.url, requests.Session())
        return AepClient(send, load_contract(data_folder("contracts")), HEADERS)

    def order(self) -> threading.Thread:
        """Order a run in a thread of its own; return once it reads."""

        def run() -> None:
            url, body = f"{self._served.url}{FLOW_SERVICE}/runs", {"flowId": self.flow}
            self.ordered.append(requests.post(url, json=body, headers=HEADERS, timeout=600))

        ordering = threading.Thread(target=run)
        ordering.start()
        while not self.states():
            assert ordering.is_alive()
        return ordering

    def states(self) -> list[str]:
        runs = self.api.ok("GET", f"{FLOW_SERVICE}/runs")["items"]
        return [run["metrics"]["statusSummary"]["status"] for run in runs]


def test_others_are_answered_while_many_rows_flow(served: ServedEmulator) -> None:
    runs = Runs(served)
    ordering = runs.order()
    answered = 0
    while ordering.is_alive():
        served.health()
        runs.api.ok("GET", f"{SOURCES}/{runs.world.source}")
        runs.api.ok("POST", SOURCES, source_connection(runs.world.base))
        answered += 1
    assert answered > 3
    assert runs.ordered[0].status_code == 201
    run = runs.api.ok("GET", f"{FLOW_SERVICE}/runs/{runs.ordered[0].json()['id']}")["items"][0]
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == ROWS


def test_the_end_waits_for_no_run() -> None:
    with serving() as served:
        runs = Runs(served)
        ordering = runs.order()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
        ordering.join(30)
    assert runs.ordered[0].status_code == 201


def test_long_lists_are_made_beside_the_serving_thread() -> None:
    emulator = create_emulator(like=new_emulator())
    scope = Scope(emulator.platform, emulator.contract.edition("latest"), PROD)
    bodies = [{"id": f"{number:024x}"} for number in range(LISTED_AT_ONCE + 1)]
    path = f"{CATALOG}/dataSets"

    def begin(target: str) -> object:
        return emulator.application.begin(Request("GET", target, dict(HEADERS)))

    scope.write(*(scope.change("dataset", body["id"], body) for body in bodies[1:]))
    assert isinstance(begin(path), Response)
    scope.write(scope.change("dataset", bodies[0]["id"], bodies[0]))
    assert isinstance(begin(path), Deferred)
    assert isinstance(begin(f"{path}/{bodies[0]['id']}"), Response)
