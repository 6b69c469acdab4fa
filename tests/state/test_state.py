"""All that an emulator knows, taken and put back: in memory and as a file."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.serving.server import Server
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    FLOW_SERVICE,
    ORGANIZATION,
    SCHEMA_REGISTRY,
    base_connection,
    flow,
    make_world,
    profile_schema,
)
from tests.doors.test_cli import run
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
STATE = "/_emulator/state"


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def get_state(aep: AepClient) -> Any:
    status, _, content = aep.send("GET", STATE, {}, None)
    assert status == 200
    return json.loads(content)


def put_state(aep: AepClient, state: Any) -> tuple[int, Any]:
    content = state if isinstance(state, bytes) else json.dumps(state).encode()
    status, _, answer = aep.send("PUT", STATE, {}, content)
    return status, json.loads(answer)


def seen(aep: AepClient) -> list[Any]:
    """What a client sees of everything there is."""
    lists = (f"{FLOW_SERVICE}/flows", CONNECTIONS, f"{CATALOG}/dataSets")
    return [aep.ok("GET", path) for path in lists]


def test_a_snapshot_brings_everything_back(emulator: Emulator, aep: AepClient) -> None:
    world = make_world(aep)
    before = seen(aep)
    snapshot = emulator.snapshot()
    aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))
    aep.ok("DELETE", f"{CATALOG}/dataSets/{world.dataset}")
    emulator.engine.edition = "2020-03"
    emulator.engine.enforce = "observe"
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    clock.advance(60)
    emulator.restore(snapshot)
    assert seen(aep) == before
    assert (emulator.engine.edition, emulator.engine.enforce) == ("latest", "documented")
    assert clock.now() == ManualClock().now()


def test_after_a_restore_the_same_calls_give_the_same_answers(
    emulator: Emulator, aep: AepClient
) -> None:
    snapshot = emulator.snapshot()
    worlds = []
    for _ in range(3):
        id = aep.call("GET", CONNECTIONS).headers["x-request-id"]
        worlds.append((make_world(aep), seen(aep), id))
        emulator.restore(snapshot)
    assert worlds[0] == worlds[1] == worlds[2]


def test_what_was_resolved_before_a_restore_is_not_what_is_there_after(
    emulator: Emulator, aep: AepClient
) -> None:
    """The next schema has the same id, and the same time of its write."""
    snapshot = emulator.snapshot()
    full = {"Accept": "application/vnd.adobe.xed-full+json;version=1"}
    titles = []
    for title in ("First", "Second"):
        schema = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema(title))
        path = f"{SCHEMA_REGISTRY}/tenant/schemas/{schema['meta:altId']}"
        titles.append(aep.ok("GET", path, headers=full)["title"])
        emulator.restore(snapshot)
    assert titles == ["First", "Second"]


def test_a_state_goes_through_a_file_into_another_emulator(aep: AepClient) -> None:
    world = make_world(aep)
    aep.ok("PATCH", f"{FLOW_SERVICE}/connections/{world.base}", RENAME, If_Match=_etag(aep, world))
    state = get_state(aep)
    other = aep_for(create_emulator(Settings(), clock=ManualClock()))
    assert put_state(other, state) == (200, {"documents": _documents(state)})
    assert get_state(other) == state
    assert seen(other) == seen(aep)
    # Counters came along: what is created next gets the ids that it would have got.
    assert other.ok("POST", CONNECTIONS, base_connection()) == aep.ok(
        "POST", CONNECTIONS, base_connection()
    )


RENAME = [{"op": "replace", "path": "/name", "value": "Renamed"}]


def _etag(aep: AepClient, world: Any) -> str:
    answer = aep.ok("GET", f"{CONNECTIONS}/{world.base}")
    return str(answer["items"][0]["etag"])


def _documents(state: Any) -> int:
    return sum(
        len(rows)
        for sandboxes in state["organizations"].values()
        for sandbox in sandboxes.values()
        for rows in sandbox["documents"].values()
    )


def test_the_file_reads_like_what_it_is(aep: AepClient) -> None:
    created = aep.ok("POST", CONNECTIONS, base_connection(name="Readable"))
    state = get_state(aep)
    assert (state["format"], state["formatVersion"]) == ("aep-emulator-state", 1)
    assert (state["edition"], state["enforce"]) == ("latest", "documented")
    held = state["organizations"][ORGANIZATION]["prod"]
    (row,) = held["documents"]["connection"]
    assert (row["key"], row["version"], row["ordinal"]) == (created["id"], 1, 1)
    assert row["body"]["name"] == "Readable"
    assert held["counters"]["connection"] == 1


def test_blobs_are_part_of_it_as_text_or_base64(emulator: Emulator, aep: AepClient) -> None:
    place, blobs = Sandbox(ORGANIZATION, "prod"), emulator.platform.blobs
    contents = {"a.csv": "id,größe\n".encode(), "b.parquet": b"PAR1\xff\x00", "c": b""}
    for key, content in contents.items():
        blobs.put(place, key, content)
    snapshot, state = emulator.snapshot(), get_state(aep)
    assert state["organizations"][ORGANIZATION]["prod"]["blobs"] == [
        {"key": "a.csv", "text": "id,größe\n"},
        {"key": "b.parquet", "base64": "UEFSMf8A"},
        {"key": "c", "text": ""},
    ]
    for bring_back in (lambda: emulator.restore(snapshot), lambda: put_state(aep, state)):
        blobs.append(place, "a.csv", b"1,2\n")
        blobs.delete(place, "c")
        blobs.put(place, "d", b"new")
        bring_back()
        assert {blob.key: blob.content for blob in blobs.everything()} == contents


@pytest.mark.parametrize(
    ("blobs", "said"),
    [
        ([{"key": "a", "text": "", "base64": ""}], "either text or base64"),
        ([{"key": "a"}], "either text or base64"),
        ([{"key": "a", "base64": "%"}], "blobs.0"),
        ([{"key": "a", "text": "1"}, {"key": "a", "text": "2"}], "one key"),
    ],
)
def test_blobs_that_do_not_fit_are_refused(aep: AepClient, blobs: Any, said: str) -> None:
    aep.ok("POST", CONNECTIONS, base_connection())
    before = get_state(aep)
    state = copy.deepcopy(before)
    state["organizations"][ORGANIZATION]["prod"]["blobs"] = blobs
    status, answer = put_state(aep, state)
    assert (status, said in answer["detail"]) == (400, True), answer
    assert get_state(aep) == before


def _spoil(*path: Any, value: Any) -> Callable[[Any], None]:
    def spoil(state: Any) -> None:
        for step in path[:-1]:
            state = state[step]
        state[path[-1]] = value

    return spoil


HELD = ("organizations", ORGANIZATION, "prod")
ROW = (*HELD, "documents", "connection", 0)
ELSEWHERE = {
    "documents": {"upload": [{"key": "k", "version": 1, "ordinal": 1, "body": {}}]},
    "counters": {"#upload": 1},
}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_spoil("format", value="something-else"), "format"),
        (_spoil("formatVersion", value=2), "formatVersion"),
        (_spoil("surplus", value=1), "surplus"),
        (_spoil("edition", value="1999-01"), "1999-01"),
        (_spoil("enforce", value="sometimes"), "enforce"),
        (_spoil("clock", value="noon"), "clock"),
        (_spoil(*ROW, "version", value=0), "connection.0.version"),
        (_spoil(*ROW, "body", value=None), "connection.0.body: null is not of type"),
        (_spoil(*ROW, "body", "createdAt", value="now"), "connection.0.body.createdAt"),
        (_spoil(*ROW, "key", value="other"), "connection.0.key: 'other' is not"),
        (_spoil(*HELD, "documents", "thing", value=[]), "thing: no service keeps"),
        (_spoil("organizations", ORGANIZATION, "", value=ELSEWHERE), "belong to a sandbox"),
        (_spoil(*ROW, "ordinal", value=9), "beyond the counter #connection"),
        (_spoil(*ROW[:-1], 1, "key", value="first"), "one key"),
        (_spoil(*ROW[:-1], 1, "ordinal", value=1), "one ordinal"),
        (_spoil(*HELD, "counters", "connection", value=-1), "counters.connection"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(
    aep: AepClient, spoil: Callable[[Any], None], said: str
) -> None:
    for name in ("first", "second"):
        aep.ok("POST", CONNECTIONS, base_connection(name=name))
    before = get_state(aep)
    state = copy.deepcopy(before)
    rows = state["organizations"][ORGANIZATION]["prod"]["documents"]["connection"]
    rows[0]["key"] = "first"
    spoil(state)
    status, answer = put_state(aep, state)
    assert status == 400
    assert answer["error"] == "invalid state"
    assert said in answer["detail"]
    assert get_state(aep) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"state"'])
def test_what_is_no_state_at_all_is_refused(aep: AepClient, content: bytes) -> None:
    aep.ok("POST", CONNECTIONS, base_connection())
    before = get_state(aep)
    assert put_state(aep, content)[0] == 400
    assert get_state(aep) == before


def test_a_state_beyond_the_limit_of_bodies_is_told_so(emulator: Emulator) -> None:
    small = aep_for(create_emulator(Settings(max_body=100)))
    status, answer = put_state(small, {"format": "x" * 200})
    assert (status, answer["error"]) == (413, "state too large")


def test_the_schema_says_of_form_what_the_emulator_says(aep: AepClient) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("state", "schema").stdout))
    make_world(aep)
    state = get_state(aep)
    assert list(validator.iter_errors(state)) == []
    assert list(validator.iter_errors({**state, "surplus": 1})) != []


def test_a_compressed_state_counts_as_it_is_sent(aep: AepClient) -> None:
    for number in range(30):
        aep.ok("POST", CONNECTIONS, base_connection(name=f"{number}"))
    state = get_state(aep)
    plain = json.dumps(state).encode()
    sent = gzip.compress(plain)
    small = aep_for(create_emulator(Settings(max_body=len(plain) // 2), clock=ManualClock()))
    assert put_state(small, plain)[0] == 413
    encoded = {"Content-Encoding": "gzip"}
    assert small.send("PUT", STATE, encoded, sent)[0] == 200
    assert get_state(small) == state
    for broken in (sent[:50], plain[:50], gzip.compress(b"[]"), b""):
        assert small.send("PUT", STATE, encoded, broken)[0] == 400
    assert get_state(small) == state


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with Server(emulator.application) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_the_command_saves_and_loads(aep: AepClient, url: str, tmp_path: Path) -> None:
    aep.ok("POST", CONNECTIONS, base_connection(name="Kept"))
    file = tmp_path / "state.json"
    assert run("state", "save", str(file), "--url", url).returncode == 0
    aep.ok("POST", CONNECTIONS, base_connection(name="Lost"))
    done = run("state", "load", str(file), "--url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [item["name"] for item in aep.ok("GET", CONNECTIONS)["items"]] == ["Kept"]


def test_the_command_tells_what_is_wrong_with_a_file(
    aep: AepClient, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"format": "aep-emulator-state", "formatVersion": 7}')
    done = run("state", "load", str(file), "--url", url)
    assert done.returncode == 2
    assert "formatVersion" in done.stderr
    missing = run("state", "load", str(tmp_path / "none.json"), "--url", url)
    assert "No such file" in missing.stderr
    nobody = run("state", "save", str(file), "--url", "http://127.0.0.1:9")
    assert "no emulator answers" in nobody.stderr


def test_a_counter_from_which_ids_would_come_again_is_refused() -> None:
    emulator = new_emulator()
    aep = aep_for(emulator)
    make_world(aep)
    state = aep.ok("GET", "/_emulator/state")
    (sandbox,) = (held for place, held in state["organizations"][ORGANIZATION].items() if place)
    del sandbox["counters"]["source_connection"]
    answer = aep.call("PUT", "/_emulator/state", state)
    assert answer.status == 400
    assert "counters.source_connection: 0 is too low" in answer.json["detail"]
