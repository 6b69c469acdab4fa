"""Takes the pictures of the page in docs/pictures: `make screenshots`, with Debian's Chromium.

The emulator is in this process and its clock stands still, so that pictures change only where the
page does.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from pathlib import Path

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.coverage.coverage import Coverage
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN, Answer, Request, journey_of, play
from emulator.reports.html import html
from emulator.reports.report import build
from emulator.reports.thresholds import Thresholds, demands
from emulator.reports.verdict import judged
from emulator.serving.server import Server
from emulator.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
UI = "/_emulator/ui"
FLOWS = "/data/foundation/flowservice/flows"
FAILING = "9304dad3-0ed4-4251-995d-db84f54dac6e"
"""The flow of the scenario, which has failed now and then."""

WHERE = f"organization={GIVEN['organization'].replace('@', '%40')}&sandbox={GIVEN['sandbox']}"
SIZE = {"width": 1240, "height": 720}


def main() -> None:
    """Play the tutorial and a wrong call, and look."""
    sys.path.insert(0, str(ROOT))
    from tests.browsers import chromium, tab

    FOLDER.mkdir(exist_ok=True)
    emulator = create_emulator(Settings(scenario="failing-runs"), clock=ManualClock())
    with Server(emulator.application) as server, chromium() as browser:
        connection = HTTPConnection(server.host, server.port)
        known = play_calls(connection)
        address = f"http://{server.host}:{server.port}{UI}"
        for name, path, scheme in pictures(known):
            with tab(browser, viewport=SIZE, color_scheme=scheme) as page:
                page.goto(address + path)
                page.screenshot(path=FOLDER / f"{name}.png")
        connection.close()
        with tab(browser, viewport=SIZE) as page:
            page.set_content(failed_report(emulator))
            page.screenshot(path=FOLDER / "report.png")
    emulator.close()


def failed_report(emulator: Emulator) -> str:
    """Return the report on the calls so far as a page, with two demands, one not fulfilled."""
    counted = emulator.coverage.current() if emulator.coverage else Coverage(emulator.contract)
    now = emulator.engine.platform.clock.now()
    report = build(emulator.contract, counted, date=now)
    return html(judged(report, demands(report, Thresholds("violations", rules=0.5))))


def pictures(known: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return the name of each picture, what it shows, and in which colours."""
    flow = f"/resources/flow/one?{WHERE}&id={known['flow']}"
    return [
        ("journal", f"/journal/{known['call']}", "light"),
        ("flow", flow, "dark"),
        ("coverage", "/coverage", "light"),
    ]


def play_calls(connection: HTTPConnection) -> dict[str, str]:
    """Play the tutorial and two wrong calls; return the number of one, and the flow's id."""

    def send(request: Request) -> Answer:
        connection.request(request.method, request.target, request.body, request.headers)
        got = connection.getresponse()
        headers = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, headers, json.loads(got.read() or b"null"))

    played = list(play(journey_of("latest"), send, given={"run": "2"}))
    last = played[-1].kept
    made = next(step for step in played if step.step.operation == "flow_service.create_flow")
    body = json.loads(made.request.body or b"{}")
    body["scheduleParams"]["frequency"] = "hourly"
    wrong = Request("POST", FLOWS, made.request.headers, json.dumps(body).encode())
    number = len(played) + 1
    send(wrong)
    headers = {**made.request.headers}
    send(Request("GET", f"{FLOWS}/{last['flow']}", headers, None))
    named = {**headers, "x-emulator-test": "tests/test_flows.py::test_flows_are_listed"}
    send(Request("GET", FLOWS.removesuffix("s"), named, None))
    send(Request("GET", f"{FLOWS}/no-such-flow", headers, None))
    return {"call": str(number), "flow": FAILING}


if __name__ == "__main__":
    main()
