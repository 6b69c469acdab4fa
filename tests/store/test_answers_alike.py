"""Random sequences of calls: an emulator on a database answers each byte for byte as in memory.

`make test` plays a dozen sequences, always the same; `STORE_SEEDS=500` plays so many.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import Json, dumps, loads
from emulator.settings import Settings
from emulator.web.message import Request
from emulator.web.request_ids import RequestIds
from tests.bodies import (
    CATALOG,
    CONVERSION,
    FLOW_SERVICE,
    HEADERS,
    SCHEMA_REGISTRY,
    World,
    base_connection,
    dataset,
    flow,
    mapping_set,
    profile_schema,
    source_connection,
    target_connection,
)
from tests.databases import Server
from tests.emulators import new_emulator
from tests.files import LEADS
from tests.services.lake import EXPORT, IMPORT

SEEDS = range(int(os.environ.get("STORE_SEEDS", "12")))
STEPS = 60
BEGIN = 1_600_000_000_000
XED = "application/vnd.adobe.xed+json; version=1"
SANDBOXES = ("prod", "prod", "dev")
MADE = {
    "connection": f"{FLOW_SERVICE}/connections",
    "source": f"{FLOW_SERVICE}/sourceConnections",
    "target": f"{FLOW_SERVICE}/targetConnections",
    "flow": f"{FLOW_SERVICE}/flows",
    "run": f"{FLOW_SERVICE}/runs",
    "schema": f"{SCHEMA_REGISTRY}/tenant/schemas",
    "dataset": f"{CATALOG}/dataSets",
    "batch": f"{CATALOG}/batches",
    "mapping": f"{CONVERSION}/mappingSets",
}
"""Where what was made is read, and listed."""

Answer = tuple[int, list[tuple[str, str]], bytes]


class Alike:
    """The same calls to several emulators, whose answers have to be the same."""

    def __init__(self, emulators: list[Emulator], seed: int) -> None:
        self.emulators = emulators
        self.chance = random.Random(seed)
        self.made: dict[str, list[tuple[str, str]]] = {kind: [] for kind in MADE}
        self.etags: dict[str, str] = {}
        self.statuses: list[int] = []

    def call(
        self, method: str, path: str, body: Json = None, sandbox: str = "prod", **headers: str
    ) -> Json:
        """Call all of them, compare their answers, and return the body that they have."""
        sent = {**HEADERS, "x-sandbox-name": sandbox, "host": "localhost", **headers}
        sent = {name.lower().replace("_", "-"): value for name, value in sent.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
        if content and "content-type" not in sent:
            sent["content-type"] = "application/json"
        answers = [answer(e, Request(method, path, dict(sent), content)) for e in self.emulators]
        for other in answers[1:]:
            assert other == answers[0], (method, path)
        status, _, found = answers[0]
        assert status < 500, (method, path, found)
        self.statuses.append(status)
        try:
            return loads(found)
        except ValueError:
            return None

    def some(self, kind: str) -> tuple[str, str]:
        """Return the id and the sandbox of something of a kind, or of nothing."""
        known = self.made[kind]
        return self.chance.choice(known) if known else ("0" * 32, "prod")

    def make(self, kind: str, body: Json, sandbox: str, path: str = "") -> None:
        found = self.call("POST", path or MADE[kind], body, sandbox)
        if self.statuses[-1] >= 300:
            return
        if kind == "dataset":
            id = found[0].removeprefix("@/dataSets/")
        else:
            id = found.get("$id") or found["id"]
        self.made[kind].append((id, sandbox))


def answer(emulator: Emulator, request: Request) -> Answer:
    found = emulator.application.handle(request)
    return found.status, found.headers, found.body


def begin(alike: Alike) -> None:
    """Make all that a flow needs, in each sandbox."""
    for sandbox in sorted(set(SANDBOXES)):
        alike.make("connection", base_connection(), sandbox)
        alike.make("schema", profile_schema(f"Leads of {sandbox}"), sandbox)


def create(alike: Alike) -> None:
    kind = alike.chance.choice(("connection", "source", "schema", "dataset", "target", "mapping"))
    sandbox = alike.chance.choice(SANDBOXES)
    bodies: dict[str, Callable[[], Any]] = {
        "connection": base_connection,
        "source": lambda: source_connection(alike.some("connection")[0]),
        "schema": lambda: profile_schema(alike.chance.choice(["Leads", "Ünïcode", "x"])),
        "dataset": lambda: dataset(
            alike.some("schema")[0], fileDescription={"format": "json"}, name=f"n{len(SANDBOXES)}"
        ),
        "target": lambda: target_connection(alike.some("schema")[0], alike.some("dataset")[0]),
        "mapping": lambda: mapping_set(alike.some("schema")[0]),
    }
    alike.make(kind, bodies[kind](), sandbox)


def create_flow(alike: Alike) -> None:
    """Make a flow that comes due, and order a run of it."""
    source, sandbox = alike.some("source")
    world = World("", source, "", "", alike.some("target")[0], alike.some("mapping")[0])
    minutes = alike.chance.choice([15, 30])
    later = {"startTime": BEGIN // 1000 + 60, "frequency": "minute", "interval": minutes}
    alike.make("flow", flow(world, scheduleParams=later), sandbox)
    id, sandbox = alike.some("flow")
    alike.make("run", {"flowId": id}, sandbox)
    alike.call("GET", "/_emulator/runs/last", sandbox=sandbox)


def read(alike: Alike) -> None:
    kind = alike.chance.choice(list(MADE))
    id, sandbox = alike.some(kind)
    if alike.chance.random() < 0.2:
        sandbox = "dev"
    found = alike.call("GET", f"{MADE[kind]}/{quote(id, safe='')}", sandbox=sandbox, accept=XED)
    if alike.statuses[-1] == 200 and MADE[kind].startswith(FLOW_SERVICE):
        alike.etags[id] = found["items"][0]["etag"]


def list_some(alike: Alike) -> None:
    kind = alike.chance.choice(list(MADE))
    queries = ["", "?limit=2", "?limit=3&orderby=-createdAt", "?property=name==Blob&limit=9"]
    if MADE[kind].startswith(CATALOG):
        queries = ["", "?limit=2&orderBy=desc:created", "?property=name~n", "?start=1&limit=3"]
    accept = "application/vnd.adobe.xed-id+json"
    sandbox = alike.chance.choice(SANDBOXES)
    alike.call("GET", MADE[kind] + alike.chance.choice(queries), sandbox=sandbox, accept=accept)


def patch(alike: Alike) -> None:
    """Change something, by an etag that may be an old one."""
    kind = alike.chance.choice(("connection", "source", "target", "flow"))
    id, sandbox = alike.some(kind)
    etag = alike.etags.get(id, '"none"')
    operation = {"op": "add", "path": "/description", "value": str(alike.chance.random())}
    alike.call("PATCH", f"{MADE[kind]}/{id}", [operation], sandbox, if_match=etag)


def delete(alike: Alike) -> None:
    kind = alike.chance.choice(("connection", "source", "target", "flow", "schema", "dataset"))
    id, sandbox = alike.some(kind)
    alike.call("DELETE", f"{MADE[kind]}/{quote(id, safe='')}", sandbox=sandbox)


def upload(alike: Alike) -> None:
    id, sandbox = alike.some("connection")
    name = alike.chance.choice(["leads/a.tsv", "leads/A.tsv", "leads/%00b.tsv", "ä/c.tsv"])
    headers = {"x-sandbox-name": sandbox, "content-type": "application/octet-stream"}
    rows = LEADS + alike.chance.choice([b"", b"3\ttoo\tmany\tvalues\n"])
    alike.call("PUT", f"/_emulator/files/{id}/{quote(name, safe='/%')}", rows, sandbox, **headers)
    alike.call("GET", f"/_emulator/files/{id}", sandbox=sandbox)


def ingest(alike: Alike) -> None:
    """Ingest a batch, some of whose rows are bad, in files whose names need care."""
    id, sandbox = alike.some("dataset")
    body = {"datasetId": id, "inputFormat": {"format": "json"}}
    alike.make("batch", body, sandbox, f"{IMPORT}/batches")
    batch, sandbox = alike.some("batch")
    for name in alike.chance.sample(["a.json", "A.json", "b%00.json", "%C3%A4.json"], 2):
        path = f"{IMPORT}/batches/{batch}/datasets/{id}/files/{name}"
        rows = b'{"_id": "1"}\n{"_id": "2", "person": 7}\n' * alike.chance.randrange(1, 9)
        alike.call("PUT", path, rows, sandbox, content_type="application/octet-stream")
    act = alike.chance.choice(["COMPLETE", "COMPLETE", "ABORT"])
    alike.call("POST", f"{IMPORT}/batches/{batch}?action={act}", sandbox=sandbox)
    alike.call("GET", f"{EXPORT}/batches/{batch}/files", sandbox=sandbox)
    alike.call("GET", f"{EXPORT}/datasets/{id}/preview", sandbox=sandbox)


def let_time_pass(alike: Alike) -> None:
    seconds = alike.chance.choice([1, 60, 3600])
    alike.call("POST", "/_emulator/clock", {"advance": f"PT{seconds}S"})


def erase(alike: Alike) -> None:
    if alike.chance.random() < 0.2:
        alike.call("POST", "/_emulator/reset", {"organization": HEADERS["x-gw-ims-org-id"]})


STEP = (
    create, create, create, create_flow, read, read, list_some, list_some, patch, delete, upload,
    ingest, let_time_pass, erase,
)  # fmt: skip


def held(emulator: Emulator) -> object:
    """Return what an emulator holds, without what processes hold that share a database."""
    found = emulator.snapshot().store
    documents = {place: dict(rows) for place, rows in found.documents.items() if rows}
    counters = {place: n for place, n in found.counters.items() if place[0].organization}
    return documents, counters


@pytest.fixture
def alike_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], Alike]]:
    server: Server = request.getfixturevalue("server")
    with ExitStack() as stack:

        def make(seed: int) -> Alike:
            stores = ("memory", f"sqlite:///{tmp_path}/a.db", server.url())
            emulators = [
                create_emulator(
                    Settings(store=store), clock=ManualClock(BEGIN), like=new_emulator()
                )
                for store in stores
            ]
            for emulator in emulators:
                emulator.reset()
                # The numbers of requests tell apart the processes that a database has had.
                emulator.engine.request_ids = RequestIds(emulator.platform.ids, process=1)
            for emulator in emulators:
                stack.enter_context(closing(emulator))
            return Alike(emulators, seed)

        yield make


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_are_the_same_whatever_the_store(
    alike_of: Callable[[int], Alike], seed: int
) -> None:
    alike = alike_of(seed)
    begin(alike)
    for _ in range(STEPS):
        alike.chance.choice(STEP)(alike)
    states = [held(emulator) for emulator in alike.emulators]
    assert states[0] == states[1] == states[2]
    accepted = sum(1 for status in alike.statuses if status < 300)
    assert STEPS // 3 < accepted < len(alike.statuses)
