"""States that nobody saved: what is loaded can be listed, read and run, or was refused whole."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.services.registry import SERVICES
from emulator.store import Change
from emulator.testing.client import AepClient
from emulator.web.message import Request
from tests.attacks.effort import size
from tests.bodies import (
    CATALOG,
    CONVERSION,
    DATASET_SERVICE,
    FLOW_SERVICE,
    HEADERS,
    ORGANIZATION,
    SANDBOX_MANAGEMENT,
    SCHEMA_REGISTRY,
    flow,
    make_world,
    profile_schema,
)
from tests.emulators import aep_for, new_emulator
from tests.services.lake import ANN, BAD, IMPORT, Lake, lines
from tests.services.test_connectors import KEY, KEYS, REFRESH

PROD = Sandbox(ORGANIZATION, "prod")
MUTATIONS = size(80, 3000)
STATE = "/_emulator/state"
TENANT = f"{SCHEMA_REGISTRY}/tenant"
ACCEPTED = (
    "application/vnd.adobe.xed+json; version=1",
    "application/vnd.adobe.xed-full+json; version=1",
    "application/vnd.adobe.xed-id+json",
    "application/vnd.adobe.xdm-v2+json",
)
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 2**53, 10**30, "", "x", "0", "1.0", "🦊\u202e\x1b[31m", [], {}, [[]],
    [1], ["x"], [{}], {"a": {}}, {"id": 1}, [None], {"x": [{"y": None}]}, "a" * 3000, "@", "$&/",
]  # fmt: skip


def make_everything(aep: AepClient) -> None:
    """Have documents of every kind made by calls."""
    world = make_world(aep)
    files = f"/_emulator/files/{world.base}/leads/a.tsv"
    aep.send("PUT", files, dict(HEADERS), b"Id\tFirstName\tLastName\n1\tAnn\tB\n")
    made = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))
    aep.ok("GET", f"{FLOW_SERVICE}/runs?property=flowId=={made['id']}")
    lake = Lake(aep, title="Lake")
    waiting = lake.create()
    lake.put(waiting, lines(ANN))
    lake.act(waiting)
    for _ in range(8):
        lake.batch(waiting)
    ended = lake.ingest(ANN, BAD, externalId="mine")
    lake.act_on_file(open_batch := lake.create(), "INITIALIZE")
    lake.part(open_batch, b"{}", "0-1/4")
    lake.ingest(ANN, replay={"predecessors": [ended], "reason": "replace"})
    aep.call("POST", f"{DATASET_SERVICE}/datasets/{lake.dataset}/labels", {"labels": ["C1"]})
    make_resources(aep, lake.schema)
    aep.call("POST", REFRESH)
    aep.call("POST", KEYS, KEY)
    sample = {"sampleData": '[{"a": 1}]', "sampleType": "JSON"}
    id = aep.call("POST", f"{CONVERSION}/samples", sample).json["id"]
    aep.call("POST", f"{CONVERSION}/schemas", {"name": "s", "sampleId": id})
    aep.call(
        "POST",
        f"{SANDBOX_MANAGEMENT}/sandboxes",
        {"name": "b", "title": "B", "type": "development"},
    )
    for spec in ("connectionSpecs", "flowSpecs"):
        aep.call(
            "POST", f"{FLOW_SERVICE}/{spec}", {"name": "own", "providerId": "p", "authSpec": []}
        )


def make_resources(aep: AepClient, schema: str) -> None:
    """Have resources of every type made, with a union and descriptors."""
    profile = "https://ns.adobe.com/xdm/context/profile"
    aep.call("POST", f"{TENANT}/datatypes", {"title": "T", "type": "object", "properties": {}})
    aep.call(
        "POST",
        f"{TENANT}/fieldgroups",
        {"title": "G", "type": "object", "meta:intendedToExtend": [profile]},
    )
    aep.call(
        "POST",
        f"{TENANT}/classes",
        {
            "title": "C",
            "type": "object",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}],
        },
    )
    aep.call("POST", f"{TENANT}/schemas", profile_schema("U", **{"meta:immutableTags": ["union"]}))
    descriptor = {
        "@type": "xdm:alternateDisplayInfo",
        "xdm:sourceSchema": schema,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/personalEmail/address",
        "xdm:title": {"en_us": "E-mail"},
    }
    aep.call("POST", f"{TENANT}/descriptors", descriptor)


@pytest.fixture(scope="module")
def saved() -> bytes:
    """A state with documents of every kind that services keep."""
    emulator = new_emulator(enforce="observe", batch_polls=3)
    aep = aep_for(emulator)
    make_everything(aep)
    run = next(iter(emulator.platform.store.scan(PROD, "run"))).key
    body = {"what": "run", "process": 0, "number": 1}  # of a process that ended before it had done
    emulator.platform.store.write(Change(PROD, "claim", run, body))
    state = aep.send("GET", STATE, {}, None)[2]
    kinds = {
        kind.partition(" ")[0]
        for sandboxes in orjson.loads(state)["organizations"].values()
        for held in sandboxes.values()
        for kind, rows in held["documents"].items()
        if rows
    }
    known = {model.kind.strip() for service in SERVICES for model in service.documents}
    assert kinds == known
    return state


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return new_emulator(enforce="observe")


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values within one."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, child in pairs:
            yield (*above, step)
            yield from places(child, (*above, step))


def somewhere(state: Any, chance: random.Random) -> tuple[Any, ...]:
    """Return the path of a value, each kind of documents being as likely as the others."""
    parts = [way for way in places(state["organizations"]) if len(way) in (3, 4)]
    begin = chance.choice([way for way in parts if len(way) == 4 or way[2] != "documents"])
    within: Any = state["organizations"]
    for step in begin:
        within = within[step]
    return chance.choice([begin, *(begin + way for way in places(within))])


def spoil(state: Any, chance: random.Random) -> str:
    """Change something in a state; return what."""
    way = somewhere(state, chance)
    parent: Any = state["organizations"]
    for step in way[:-1]:
        parent = parent[step]
    deed = chance.choice(["replace", "replace", "delete", "add", "swap"])
    if deed == "replace":
        parent[way[-1]] = chance.choice(ODD)
    elif deed == "delete":
        del parent[way[-1]]
    elif deed == "add" and isinstance(parent, dict):
        parent[chance.choice(["id", "x", "tags", "auth", "params", "data"])] = chance.choice(ODD)
    elif deed == "swap" and isinstance(parent, dict):
        other = chance.choice(list(parent))
        parent[way[-1]], parent[other] = parent[other], parent[way[-1]]
    return f"{deed} {way}"


def ask(emulator: Emulator, method: str, target: str, body: Any = None, **headers: str) -> int:
    content = b"" if body is None else orjson.dumps(body)
    sent = {
        name.lower(): value for name, value in {**HEADERS, "host": "localhost", **headers}.items()
    }
    sent |= {"content-type": "application/json"} if content else {}
    return emulator.application.handle(Request(method, target, sent, content)).status


def keys(state: Any, kind: str) -> list[str]:
    """Return the keys of a kind in the sandboxes of a state."""
    return [
        str(row["key"])
        for sandboxes in state["organizations"].values()
        for held in sandboxes.values()
        for row in held.get("documents", {}).get(kind, ())
    ][:3]


OF_PARAMETER = {
    "batchId": "batch",
    "dataSetId": "dataset",
    "datasetId": "dataset",
    "dataSetFileId": "dataset_file",
    "mappingId": "mapping_set",
    "name": "sandbox_entry",
    "type": "user_drop_zone",
}


def reads(emulator: Emulator, state: Any) -> Iterator[str]:
    """Yield a target for every operation that reads, of up to three resources each."""
    contract = emulator.contract
    for operation in contract.operations.values():
        if operation.method != "GET" or not operation.emulated or operation.service == "ims":
            continue
        resource = contract.resources.by_operation.get(operation.id, (None,))[0]
        kind = resource.kind if resource else ""
        stored = {"schema": "xdm_schemas", "class": "xdm_classes", "field_group": "xdm_mixins",
                  "data_type": "xdm_datatypes", "descriptor": "xdm_descriptor",
                  "union": "xdm_union", "dataset_labels": "dataset"}  # fmt: skip
        names = [part[1:-1].rstrip("*") for part in operation.path.split("/") if part[:1] == "{"]
        for number in range(3 if names else 1):
            values: dict[str, str] = {}
            for name in names:
                held = keys(state, OF_PARAMETER.get(name, stored.get(kind, kind)))
                value = held[number] if number < len(held) else "x"
                values[name] = f"{value}__union" if kind == "union" else value
            path = operation.path.replace("*}", "}")
            for name, value in values.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            yield f"{operation.base_path}{path}"


LISTS = [
    *(
        f"{CATALOG}/{kind}?{query}"
        for kind in ("dataSets", "batches", "dataSetFiles", "dataSetViews", "lastBatches")
        for query in (
            "name=x",
            "orderBy=desc:created",
            "property=name==x",
            "createdAfter=1",
            "tags=a:*",
        )
    ),
    *(
        f"{FLOW_SERVICE}/{kind}?orderby=-createdAt&property=state==enabled"
        for kind in ("connections", "sourceConnections", "targetConnections", "flows", "runs")
    ),
]


def play(emulator: Emulator, state: Any) -> list[tuple[str, int]]:
    """List, read and run everything; return what answered 5xx, unless it is not emulated."""
    wrong = []

    def look(method: str, target: str, body: Any = None, **headers: str) -> None:
        status = ask(emulator, method, target, body, **headers)
        if status >= 500 and status != 501:
            wrong.append((f"{method} {target}", status))

    for target in reads(emulator, state):
        for accepted in ACCEPTED if target.startswith(SCHEMA_REGISTRY) else ("*/*",):
            look("GET", target, accept=accepted)
    for target in LISTS:
        look("GET", target)
    for id in keys(state, "flow"):
        look("POST", f"{FLOW_SERVICE}/runs", {"flowId": id})
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    clock.advance(3600)
    look("POST", "/_emulator/tick")
    for id in keys(state, "batch"):
        look("POST", f"{IMPORT}/batches/{quote(id, safe='')}?action=COMPLETE")
        look("DELETE", f"{CATALOG}/batches/{quote(id, safe='')}")
    look("GET", "/_emulator/state")
    return wrong


def load(emulator: Emulator, content: bytes) -> tuple[int, Any]:
    headers = {"host": "localhost", "content-type": "application/json"}
    reply = emulator.application.handle(Request("PUT", STATE, headers, content))
    return reply.status, orjson.loads(reply.body)


def test_what_was_saved_is_loaded_and_answers(emulator: Emulator, saved: bytes) -> None:
    status, answer = load(emulator, saved)
    assert status == 200, answer
    assert play(emulator, orjson.loads(saved)) == []


def test_a_spoilt_state_is_refused_or_answers(emulator: Emulator, saved: bytes) -> None:
    chance = random.Random(11)
    outcomes: Counter[int] = Counter()
    for number in range(MUTATIONS):
        state = orjson.loads(saved)
        deeds = [spoil(state, chance) for _ in range(1 + number % 2)]
        status, answer = load(emulator, json.dumps(state).encode())
        outcomes[status] += 1
        assert status in (200, 400), (deeds, answer)
        if status == 200:
            assert play(emulator, state) == [], deeds
    print(outcomes)
    assert min(outcomes[200], outcomes[400]) > MUTATIONS // 20


def test_a_refused_state_names_the_first_place_and_changes_nothing(
    emulator: Emulator, saved: bytes
) -> None:
    load(emulator, saved)
    before = aep_for(emulator).send("GET", STATE, {}, None)[2]
    state = orjson.loads(saved)
    organization = HEADERS["x-gw-ims-org-id"]
    state["organizations"][organization]["prod"]["documents"]["dataset"][1]["body"]["tags"] = 5
    status, answer = load(emulator, orjson.dumps(state))
    place = f"organizations.{organization}.prod.documents.dataset.1.body.tags: "
    assert (status, answer["detail"].startswith(place)) == (400, True), answer
    again = aep_for(emulator).send("GET", STATE, {}, None)[2]
    assert orjson.loads(again)["organizations"] == orjson.loads(before)["organizations"]
