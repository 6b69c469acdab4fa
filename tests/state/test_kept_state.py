"""`--state FILE`: a served emulator goes on where it was, and its file is whole at any time."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import loads
from emulator.output import write_pieces
from emulator.sandbox import Sandbox
from emulator.serving import kept_state
from emulator.serving.kept_state import KeptState
from emulator.state import take, take_settled
from emulator.state.file import StateError, from_json, to_json, to_pieces
from emulator.store import Change
from tests.bodies import FLOW_SERVICE, ORGANIZATION, base_connection, make_world
from tests.doors.test_background_runs import plan
from tests.doors.test_cli import run
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.processes.serving import SOON, client_of, serve, until

PROD = Sandbox(ORGANIZATION, "prod")
CONNECTIONS = f"{FLOW_SERVICE}/connections"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def filled() -> Emulator:
    emulator = new_emulator(ManualClock())
    aep = aep_for(emulator)
    world = make_world(aep)
    put(aep, world.base, "leads/incoming/a.tsv")
    put(aep, world.base, "leads/incoming/b.bin", bytes(range(256)))
    plan(aep, world, 1_500_000_000)
    aep.ok("GET", f"{FLOW_SERVICE}/runs")
    aep.headers["x-sandbox-name"] = "dev"
    aep.ok("POST", CONNECTIONS, base_connection())
    aep.headers["x-gw-ims-org-id"] = "0000000000000000000000FF@AdobeOrg"
    aep.ok("POST", CONNECTIONS, base_connection())
    return emulator


# Pieces of a file


def test_the_pieces_of_a_state_file_are_the_file() -> None:
    for emulator in (new_emulator(), filled()):
        state = take(emulator.engine)
        whole = loads(b"".join(to_pieces(state, "seed")))
        expected = to_json(state, "seed")
        for sandboxes in expected["organizations"].values():
            for held in sandboxes.values():
                for name, empty in (("counters", {}), ("documents", {}), ("blobs", [])):
                    held.setdefault(name, empty)
        assert {**whole, "organizations": 0} == {**expected, "organizations": 0}
        for organization, sandboxes in expected["organizations"].items():
            for name, held in sandboxes.items():
                read = whole["organizations"][organization][name]
                kinds = {kind: rows for kind, rows in read["documents"].items() if rows}
                assert {**read, "documents": kinds} == held
        again = from_json(
            whole, emulator.contract, emulator.platform.documents, emulator.platform.ids
        )
        assert to_json(again, "seed") == to_json(state, "seed")


def test_a_state_holds_the_same_until_something_is_written() -> None:
    emulator = filled()
    aep = aep_for(emulator)
    first = take_settled(emulator.engine, 1)
    aep.ok("GET", CONNECTIONS)
    assert take_settled(emulator.engine, 1).holds_what(first)
    aep.ok("POST", CONNECTIONS, base_connection(name="another"))
    second = take_settled(emulator.engine, 1)
    assert not second.holds_what(first)
    put(aep, "area", "c.tsv", b"c")
    third = take_settled(emulator.engine, 1)
    assert not third.holds_what(second)
    emulator.engine.edition = "2020-03"
    assert not take_settled(emulator.engine, 1).holds_what(third)


def test_a_state_is_taken_between_two_writers() -> None:
    emulator = create_emulator(like=new_emulator())  # any document will do
    store, entered = emulator.platform.store, threading.Event()
    store.write(Change(PROD, "connection", "a", {"n": 0}))

    def write() -> None:
        with store.exclusive(PROD):
            entered.set()
            time.sleep(0.1)
            store.write(Change(PROD, "connection", "a", {"n": 1}))

    writer = threading.Thread(target=write)
    writer.start()
    entered.wait()
    rows = take_settled(emulator.engine, SOON).store.documents[(PROD, "connection")]
    assert loads(rows["a"][2]) == {"n": 1}
    writer.join()


# Files


def test_a_private_file_is_its_owners_alone_and_written_whole(path: Path) -> None:
    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("told to fail")

    path.write_bytes(b"")
    path.chmod(0o644)
    write_pieces(path, [b"fir", b"st"], is_private=True)
    with pytest.raises(RuntimeError):
        write_pieces(path, breaks())
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_killed_processes_have_begun_is_removed(path: Path) -> None:
    for name in (".state.json.1-0.tmp", ".state.json.77-3.tmp", ".other.json.1-0.tmp"):
        path.with_name(name).write_bytes(b"half")
    KeptState(new_emulator(), path).load()
    assert {item.name for item in path.parent.iterdir()} == {"state.json", ".other.json.1-0.tmp"}


def test_an_emulator_goes_on_where_another_one_was(path: Path) -> None:
    first = filled()
    KeptState(first, path).load()  # there is nothing yet, so it begins the file
    second = new_emulator(ManualClock())
    KeptState(second, path).load()
    assert to_json(take(second.engine), "") == to_json(take(first.engine), "")
    made = [aep_for(each).ok("POST", CONNECTIONS, base_connection()) for each in (first, second)]
    assert made[0] == made[1]


def test_it_is_saved_when_something_has_changed_and_not_else(path: Path) -> None:
    emulator = new_emulator()
    kept = KeptState(emulator, path)
    kept.load()
    kept.start(0.05)
    written = path.stat().st_ino
    time.sleep(0.3)
    assert path.stat().st_ino == written
    id = aep_for(emulator).ok("POST", CONNECTIONS, base_connection())["id"]
    until(lambda: id in path.read_text(encoding="utf-8"))
    kept.finish()


def test_a_file_that_cannot_be_written_later_is_said_and_the_old_one_stays(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    emulator = new_emulator()
    kept = KeptState(emulator, path)
    kept.load()
    before = path.read_bytes()
    monkeypatch.setattr(kept_state, "write_pieces", fail)
    aep_for(emulator).ok("POST", CONNECTIONS, base_connection())
    with pytest.raises(OSError, match="No space left"):
        kept.save()
    kept.start(0.05)
    until(lambda: "cannot be saved" in caplog.text)
    assert path.read_bytes() == before
    monkeypatch.undo()
    kept.finish()
    assert path.read_bytes() != before


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "aep-emulator-state"}'])
def test_a_broken_file_is_not_loaded_and_stays_as_it_is(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StateError):
        KeptState(new_emulator(), path).load()
    assert path.read_text(encoding="utf-8") == content


# The command


def connections(url: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client_of(url).ok("GET", CONNECTIONS)["items"]
    return items


def test_a_restart_changes_nothing_and_keeps_what_connections_need(path: Path) -> None:
    with serve("--state", str(path)) as (process, url, lines):
        assert any(str(path) in line for line in lines)
        body = base_connection()
        sent = client_of(url).ok("POST", CONNECTIONS, body)
        before = connections(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with serve("--state", str(path)) as (_, url, _):
        assert connections(url) == before
        assert sent["id"] == before[0]["id"]
    assert body["auth"]["params"]["connectionString"] in path.read_text(encoding="utf-8")


def test_a_killed_emulator_leaves_a_whole_file_of_a_moment_ago(path: Path) -> None:
    for _ in range(2):
        with serve("--state", str(path), "--state-seconds", "1") as (process, url, _):
            client = client_of(url)
            known = len(connections(url))
            for number in range(5):
                client.ok("POST", CONNECTIONS, base_connection(name=f"{known} {number}"))
            until(
                lambda: path.read_text("utf-8").count('"connectionSpec"') == len(connections(url))
            )
            process.kill()
            process.wait()
        assert json.loads(path.read_bytes())["format"] == "aep-emulator-state"
    assert known == 5


@pytest.mark.parametrize("content", ["{", '{"format": "other"}'])
def test_serve_ends_with_a_line_about_a_file_that_is_broken(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    assert_one_line(path, "is not a state")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_serve_ends_with_a_line_about_a_folder_that_is_read_only(path: Path) -> None:
    path.parent.chmod(0o500)
    assert_one_line(path, "cannot be used")


def test_serve_ends_with_a_line_about_a_folder_that_is_not_there(path: Path) -> None:
    assert_one_line(path.parent / "none" / "state.json", "cannot be used")


def test_a_store_that_lasts_has_no_state_file(path: Path) -> None:
    store = f"sqlite:///{path.with_name('state.db')}"
    assert_one_line(path, "is for --store memory", "--store", store)


def assert_one_line(path: Path, reason: str, *flags: str) -> None:
    ended = run("serve", "--port", "0", "--state", str(path), *flags)
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert flags or str(path) in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_isolated_emulators_are_not_in_the_file(path: Path) -> None:
    with serve("--state", str(path)) as (process, url, _):
        client = client_of(url)
        client.headers["x-emulator-test"] = "one"
        client.ok("POST", CONNECTIONS, base_connection())
        assert requests.get(f"{url}/_emulator/worlds", timeout=10).json()["worlds"] == ["one"]
        process.send_signal(signal.SIGTERM)
        process.wait(SOON)
    assert json.loads(path.read_bytes())["organizations"] == {}
