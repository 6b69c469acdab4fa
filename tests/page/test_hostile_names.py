"""Names that want to be more than names: markup, quotes, other directions, thousands of characters.

They come from requests and appear in every view; each stays text, with and without JavaScript.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.output import plain
from emulator.page.places import KINDS, RUN
from emulator.sandbox import Sandbox
from emulator.store import Change
from tests.emulators import new_emulator
from tests.page.calls import BAD_FLOW, FLOWS, HEADERS
from tests.page.markup import OWN, UI, view

NAMES = {
    "markup": '"><script>document.title=1</script><img src=x onerror=alert(1)>',
    "quotes": "'\" onfocus=alert(1) autofocus x='&quot;&#39;&lt;b&gt;",
    "template": "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>",
    "right to left": "\u202egnp.exe \u2066\u2069 \u05e9\u05dc\u05d5\u05dd",
    "control characters": "\x1b[31mred\x07\x7f \x9b1m",
    "long": "lead" * 1250,
    "attributes": '" hx-get="/_emulator/reset" hx-trigger="load" hx-on:click="alert(1)',
    "url": "javascript:alert(1)",
}
HERE = Sandbox(GIVEN["organization"], GIVEN["sandbox"])


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return NAMES[request.param]


@pytest.fixture
def emulator(name: str) -> Iterator[Emulator]:
    """An emulator in which everything that has a name has this one."""
    made = new_emulator(scenario="failing-runs")
    store = made.platform.store
    for kind in (*KINDS, RUN):
        for stored in list(store.scan(HERE, kind)):
            store.write(Change(HERE, kind, stored.key, renamed(stored.body, name)))
    yield made
    made.close()


def renamed(body: Any, name: str) -> Any:
    if isinstance(body, dict):
        texts = ("name", "title", "description", "message", "source", "format", "frequency")
        return {
            key: name if key in texts and isinstance(value, str) else renamed(value, name)
            for key, value in body.items()
        }
    return [renamed(item, name) for item in body] if isinstance(body, list) else body


def views(emulator: Emulator, name: str) -> list[str]:
    where = f"organization={quote(HERE.organization)}&sandbox={HERE.name}"
    ones = [
        f"/resources/{kind}/one?{where}&id={quote(stored.key, safe='')}"
        for kind in KINDS
        for stored in list(emulator.platform.store.recent(HERE, kind))[:1]
    ]
    run = next(emulator.platform.store.recent(HERE, RUN)).key
    area = next(emulator.platform.store.recent(HERE, "connection")).key
    asked = quote(name[:400])
    return [
        "/journal",
        "/journal/1",
        f"/journal?test={asked}&rule={asked}&operation={asked}",
        *(f"/resources/{kind}?{where}" for kind in KINDS),
        f"/resources?organization={asked}&sandbox={asked}&q={asked}",
        *ones,
        f"/runs?{where}",
        f"/runs/one?{where}&id={run}",
        f"/files?{where}&area={area}",
        f"/files?{where}&area={asked}",
        "/coverage",
        f"/operations?q={asked}&service={asked}",
        f"/rules?q={asked}",
        "/faults",
        "/worlds",
    ]


def test_a_name_is_text_in_every_view(client: FlaskClient, emulator: Emulator, name: str) -> None:
    head = name.encode("utf-8").decode("latin-1").replace("\x85", "")[:2000]
    test = name.encode("ascii", "ignore").decode()[:200] or "x"
    sent = {**HEADERS, "user-agent": head, "x-emulator-test": test}
    client.post(f"{FLOWS}?a={quote(name[:300])}", json={**BAD_FLOW, "name": name}, headers=sent)
    file = {"folder": "in", "file": (io.BytesIO(b"a"), name[:200].replace("/", "")), "area": "a"}
    client.post(f"{UI}/files", data=file, headers=OWN)
    whole = view(client, "/rules")
    shown = 0
    for path in views(emulator, name):
        page = view(client, path)
        assert page.tags["script"] == whole.tags["script"], path
        assert page.tags["img"] == 0, path
        assert not {one for one in page.attributes if one.startswith("on")}, path
        assert page.attributes["hx-on:click"] == page.attributes["autofocus"] == 0, path
        assert not any(link.startswith("javascript:") for link in page.links.values()), path
        assert set(page.triggers) <= {"every 1s", "every 2s", "every 3s"}, path
        shown += plain(name[:40]) in page.text
        assert plain(page.text) == page.text, path
    assert shown > 8


def test_what_is_not_there_is_named_as_text(client: FlaskClient, name: str) -> None:
    asked = quote(name[:300], safe="")
    for path in (f"/rules/{asked}", f"/operations/{asked}", f"/resources/flow/one?id={asked}"):
        page = view(client, path, 404)
        assert page.tags["img"] == 0
        assert page.tags["script"] == 2


def test_the_start_and_calls_import_nothing_of_the_page() -> None:
    program = (
        "import sys\n"
        "from emulator.app import create_emulator\n"
        "from emulator.web.message import Request\n"
        "made = create_emulator()\n"
        "for path in ('/_emulator/health', '/data/foundation/flowservice/flows', '/'):\n"
        "    made.application.handle(Request('GET', path, {'host': 'localhost'}))\n"
        "print(sorted(name for name in sys.modules if name.startswith('emulator.page')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
