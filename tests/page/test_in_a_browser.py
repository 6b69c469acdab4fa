"""The page in a real browser: live, by keyboard, dark and on a phone, with hostile names."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.emulator import Emulator
from emulator.fixtures.journey import Answer, Request, journey_of, play
from emulator.serving.server import Server
from tests.browsers import chromium, tab
from tests.emulators import new_emulator
from tests.page.accessibility import PHONE, WIDE, axe, violations, weak_contrasts
from tests.page.calls import BAD_FLOW, FLOWS, FREQUENCY, HEADERS
from tests.page.elsewhere import FETCH, page_elsewhere
from tests.page.markup import UI

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = (
    '"><script>document.title="broken"</script><img src=x onerror=alert(1)>\'&lt;\u202egnp.exe'
    + "long " * 1000
)
ORGANIZATION = HEADERS["x-gw-ims-org-id"].replace("@", "%40")
SANDBOX = f"organization={ORGANIZATION}&sandbox=prod"
SCHEMA = "https://ns.adobe.com/tebc3af78/schemas/4014a28abde58b3ccc028f1cdb048b9d3988eaa8fe562c49"
VIEWS = (
    "/journal",
    "/journal/2",
    "/journal/last",
    "/journal?test=nobody",
    "/operations?q=flow",
    "/operations/flow_service.create_flow",
    "/rules?q=frequency",
    f"/rules/{FREQUENCY}",
    "/rules/platform.unknown_path",
    "/editions",
    "/coverage",
    "/clock",
    "/faults",
    "/worlds",
    "/resources",
    f"/resources/flow/one?{SANDBOX}&id=9304dad3-0ed4-4251-995d-db84f54dac6e",
    f"/resources/dataset/one?{SANDBOX}&id=7e1564c361cda8f0b1f6d64d",
    f"/resources/xdm_schemas/one?{SANDBOX}&id={SCHEMA}",
    "/runs",
    f"/runs/one?{SANDBOX}&id=RUN",
    f"/files?{SANDBOX}&area=cc204a98-9749-4aee-90e3-0eb0e301b79f",
    "/files",
    "/login",
    "/nothing",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Client:
    """A client of the emulator that is looked at; `run` is one that has failed."""

    run = ""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
        self.url = f"http://{server.host}:{server.port}"

    def send(self, request: Request) -> Answer:
        self._connection.request(request.method, request.target, request.body, {**request.headers})
        got = self._connection.getresponse()
        body = got.read()
        headers = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, headers, json.loads(body) if body else None)

    def call(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        sent = {**HEADERS, "Content-Type": "application/json", **headers}
        content = None if body is None else json.dumps(body).encode()
        return self.send(Request(method, target, sent, content))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def watched(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[dict[bool, Page]]:
    """A window for all views, and one for those about which a browser complains."""
    with ExitStack() as stack:
        yield {
            complains: stack.enter_context(
                tab(browser, reduced_motion="reduce", complains=complains)
            )
            for complains in (False, True)
        }


def leave(window: Page) -> None:
    """Leave a view, so that it asks for nothing any more when its emulator has ended."""
    window.goto("about:blank")


@pytest.fixture
def page(windows: dict[bool, Page], watched: Client) -> Iterator[Page]:
    """The window for all, which asks for nothing any more when the test has ended."""
    window = windows[False]
    window.set_viewport_size(WIDE)
    yield window
    leave(window)


def test_calls_appear_while_the_tutorial_is_played(page: Page, watched: Client) -> None:
    page.goto(f"{watched.url}{UI}/journal")
    page.evaluate("window.isTheSame = true")
    page.get_by_text("No call yet").wait_for()
    journey = journey_of("latest")
    for number, played in enumerate(play(journey, watched.send, given={"run": "2"}), start=1):
        assert played.accepted
        if number == 1:
            page.locator("#call-1").wait_for()
    page.locator(f"#call-{len(journey.steps)}").wait_for()
    assert page_numbers(page) == list(range(len(journey.steps), 0, -1))
    assert page.evaluate("window.isTheSame")


def page_numbers(page: Page) -> list[int]:
    ids = page.locator(".calls a.path").evaluate_all("links => links.map((one) => one.id)")
    return [int(id.removeprefix("call-")) for id in ids]


def test_a_call_opens_beside_the_others_which_stay_live(page: Page, watched: Client) -> None:
    watched.call("POST", FLOWS, BAD_FLOW)
    page.goto(f"{watched.url}{UI}/journal")
    page.evaluate("window.isTheSame = true")
    page.locator("#call-1").press("Enter")
    page.locator("#aside h2").wait_for()
    assert page.url.endswith("/journal/1")
    assert page.title().startswith("Call 1")
    assert page.locator("#aside mark").inner_text().strip() == '"frequency": "hourly",'
    assert page.evaluate("document.activeElement.id") == "call-title"
    assert page.locator("#call-1").get_attribute("aria-current") == "true"
    watched.call("GET", FLOWS)
    page.locator("#call-2").wait_for()
    assert page.locator("#aside mark").is_visible()
    page.go_back()
    page.locator("#aside article").wait_for(state="detached")
    assert page.evaluate("window.isTheSame")


def test_a_call_is_sent_again_by_a_button(page: Page, watched: Client) -> None:
    watched.call("POST", FLOWS, BAD_FLOW)
    page.goto(f"{watched.url}{UI}/journal/1")
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url(re.compile("/journal/2$"))
    assert page.locator(".said").inner_text() == "Sent again: 400."


def test_the_clock_is_advanced_by_a_button(page: Page, watched: Client) -> None:
    page.goto(f"{watched.url}{UI}/clock")
    page.get_by_role("button", name="1 day").click()
    page.locator(".said", has_text="48 runs have ended.").wait_for()
    assert watched.call("GET", "/_emulator/clock").body["now"] == "2020-09-14T12:26:40.000Z"


def test_a_file_is_dropped_in_and_deleted(page: Page, watched: Client, tmp_path: Path) -> None:
    file = tmp_path / "leads & more <i>.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    page.goto(f"{watched.url}{UI}/files")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("folder").fill("leads/new")
    page.get_by_role("button", name="Put it there").click()
    path = "leads/new/leads & more <i>.csv"
    page.locator(".said", has_text=f"{path} is there, 4 bytes.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name=path).click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == "a\n1\n"
    page.get_by_role("button", name=f"Delete {path}").click()
    page.locator(".said", has_text=f"{path} is gone.").wait_for()


def test_a_fault_is_switched_on_and_off(page: Page, watched: Client) -> None:
    page.goto(f"{watched.url}{UI}/faults")
    page.get_by_label("what happens").select_option("503")
    page.get_by_label("to which operations").fill("flow_service.*")
    page.get_by_role("button", name="Switch on").click()
    page.locator(".said", has_text="The fault fault-1 is set.").wait_for()
    assert watched.call("GET", FLOWS).status == 503
    page.locator("td.amount", has_text="1").first.wait_for()
    page.get_by_role("button", name="Switch fault-1 off").click()
    page.get_by_text("No fault is set").wait_for()
    assert watched.call("GET", FLOWS).status == 200


def test_the_coverage_grows_while_it_is_looked_at(page: Page, watched: Client) -> None:
    page.goto(f"{watched.url}{UI}/coverage")
    page.get_by_text("0 calls in edition").wait_for()
    watched.call("POST", FLOWS, BAD_FLOW)
    page.get_by_text("1 call in edition").wait_for()
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("link", name="Resume").wait_for()
    watched.call("GET", FLOWS)
    page.get_by_role("link", name="Resume").click()
    page.get_by_text("2 calls in edition").wait_for()


def test_everything_on_the_way_to_a_call_is_reached_by_keyboard(
    page: Page, watched: Client
) -> None:
    watched.call("POST", FLOWS, BAD_FLOW)
    page.goto(f"{watched.url}{UI}/journal?live=off")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        if page.evaluate("document.activeElement.id") == "call-1":
            break
        if page.evaluate("document.activeElement.tagName") != "INPUT":
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none", reached[-1]
    assert reached[0] == "Skip to the content"
    assert {"Journal", "Faults", "Refused", "Filter"} <= set(reached)
    page.keyboard.press("Enter")
    page.locator("#aside h2").wait_for()


def test_a_token_lets_a_browser_in(browser: Browser) -> None:
    emulator = new_emulator(admin_token="the-token")
    with Server(emulator.application) as server, tab(browser, complains=True) as page:
        page.goto(f"http://127.0.0.1:{server.port}/")
        assert page.url.endswith(f"{UI}/login")
        page.get_by_label("Admin token").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("That is not the token").wait_for()
        page.get_by_label("Admin token").fill("the-token")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/journal$"))
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(re.compile("/login$"))
        page.goto(f"http://127.0.0.1:{server.port}{UI}/faults")
        assert page.url.endswith(f"{UI}/login")
    emulator.close()


def test_what_is_unfolded_stays_unfolded(page: Page, watched: Client) -> None:
    page.goto(f"{watched.url}{UI}/editions")
    page.locator("#edition-latest summary").click()
    watched.send(
        Request(
            "PUT",
            "/_emulator/edition",
            {"Content-Type": "application/json"},
            b'{"edition": "2020-03"}',
        )
    )
    page.locator(".current h2", has_text="2020-03").wait_for()
    assert page.locator("#edition-latest").get_attribute("open") is not None


def test_a_lost_connection_is_said(browser: Browser, emulator: Emulator) -> None:
    with tab(browser, complains=True) as page:
        with Server(emulator.application) as server:
            page.goto(f"http://127.0.0.1:{server.port}{UI}/journal")
        page.get_by_text("not connected").wait_for()


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_hostile_names_are_text(
    browser: Browser, watched: Client, java_script_enabled: bool
) -> None:
    name = HOSTILE.encode("utf-8").decode("latin-1")
    watched.call("POST", FLOWS, {**BAD_FLOW, "name": HOSTILE}, **{"user-agent": name})
    watched.call("GET", FLOWS, **{"x-sandbox-name": name[:900]})
    with tab(browser, viewport=PHONE, java_script_enabled=java_script_enabled) as page:
        for path in ("/journal", "/journal/1", "/journal/2"):
            page.goto(f"{watched.url}{UI}{path}")
            assert page.title() != "broken"
            assert page.locator("img").count() == 0
            if java_script_enabled:
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE["width"]


def test_a_page_of_another_origin_calls_and_reads_what_it_may(browser: Browser) -> None:
    """Here, because a browser takes its time to start; `tests/web/test_cors.py` has the rest."""
    with page_elsewhere() as origin:
        for origins, expected in (
            (origin, [200, "flow_service.list_flows"]),
            ("*", [200, "flow_service.list_flows"]),
            ("https://app.example.com", [0, "Failed to fetch"]),
        ):
            with (
                closing(new_emulator(cors=(origins,))) as emulator,
                Server(emulator.application) as server,
                tab(browser, complains=True) as page,
            ):
                page.goto(origin)
                url = f"http://127.0.0.1:{server.port}"
                assert page.evaluate(FETCH, [url + FLOWS, HEADERS]) == expected, origins
                asked = [f"{url}/_emulator/rules", {}]
                assert page.evaluate(FETCH, asked) == [0, "Failed to fetch"]


@pytest.fixture(scope="module")
def looked_at(windows: dict[bool, Page]) -> Iterator[Client]:
    emulator = new_emulator(scenario="failing-runs")
    with Server(emulator.application) as server:
        client = Client(server)
        client.call("GET", FLOWS)
        client.call("POST", FLOWS, BAD_FLOW, **{"x-emulator-test": "tests/test_a.py::test_b"})
        client.call("GET", f"{FLOWS}/none")
        fault = {"kind": "error", "status": 503, "operations": ["catalog.*"]}
        client.call("POST", "/_emulator/faults", fault)
        runs = client.call("GET", "/data/foundation/flowservice/runs").body["items"]
        client.run = next(
            run["id"] for run in runs if run["metrics"]["recordSummary"]["failedRecordCount"]
        )
        yield client
        for window in windows.values():
            leave(window)
        client.close()
    emulator.close()


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_is_accessible(windows: dict[bool, Page], looked_at: Client, path: str) -> None:
    """In light, dark and on a phone, by axe-core; and it is not wider than a phone."""
    page = windows[path == "/nothing"]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    page.goto(f"{looked_at.url}{UI}{path.replace('RUN', looked_at.run)}")
    page.evaluate(axe())
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    assert violations(page) == []
    assert weak_contrasts(page) == []


def test_a_report_has_no_violations_of_accessibility(browser: Browser, looked_at: Client) -> None:
    """With all that it folds away, in light, dark and on a phone."""
    with tab(browser, viewport=WIDE, reduced_motion="reduce") as page:
        page.goto(f"{looked_at.url}/_emulator/report?format=html")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.evaluate(axe())
        assert violations(page) == []
        page.set_viewport_size(PHONE)
        wide = "[...document.querySelectorAll('main *')].filter(one => one.scrollWidth > 390)"
        assert page.evaluate(f"{wide}.map(one => one.outerHTML.slice(0, 200))") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert weak_contrasts(page) == []
        page.get_by_label("Search").fill("no such words")
        page.get_by_text("0 found").wait_for()
