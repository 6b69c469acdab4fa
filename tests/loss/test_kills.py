"""A served emulator is killed amid the work of several clients, again and again.

Whatever it has answered is there after the next start, nothing is half done, and no id comes twice.
`make test` kills it a few times on each kind of store; `make loss` a hundred times.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import Json, loads
from emulator.settings import Settings
from emulator.state import State, take
from emulator.state.file import from_json, to_json
from emulator.web.message import Request
from tests.bodies import HEADERS, ORGANIZATION
from tests.databases import Server
from tests.emulators import new_emulator
from tests.loss.writers import Ledger, Writer, digest
from tests.processes.serving import until

KILLS = int(os.environ.get("LOSS_KILLS", "0"))
"""How often each kind of store is killed; 0 for a few times."""
WRITERS = 4
SECONDS = (0.1, 0.7)
"""How long the clients work before the kill."""
LARGEST_STATE = 20_000_000
"""The bytes of a state file from which the next kill begins anew: a larger one is saved seldom."""


@pytest.fixture(params=["sqlite", "sqlite alone", "postgresql", "postgresql and a folder"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where documents and files lie: `sqlite` has them in a folder, `sqlite alone` has them all."""
    found = {"store": f"sqlite:///{tmp_path}/a.db"}
    if request.param == "sqlite alone":
        found["blobs"] = "database"
    if request.param.startswith("postgresql"):
        server: Server = request.getfixturevalue("server")
        found["store"] = server.url()
    if request.param.endswith("folder"):
        found["blobs"] = f"file://{tmp_path}/files"
    return found


@contextmanager
def served(*flags: str, first: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve in a process of its own, which is killed when the block ends, if it is not before.

    Args:
        first: A program that the process carries out before it serves.
    """
    program = f"{first}\nimport sys; from emulator.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--runs", "on-look"]
    command += ["--log-level", "error", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline().rstrip()
            assert "aep-emulator" in first, "it does not start again"
            yield process, first.rpartition(" ")[2]
        finally:
            process.kill()


def write_until_killed(
    ledger: Ledger,
    flags: list[str],
    seed: str,
    wait: Callable[[], object] = lambda: None,
    first: str = "",
) -> float:
    """Let several clients write, and kill the emulator amid that; return when.

    Args:
        wait: Waits until the kill may come; it comes a bit later.
        first: As for `served`.
    """
    chance = random.Random(seed)
    with served(*flags, first=first) as (process, url):
        writers = [Writer(url, ledger, f"{seed} {number}") for number in range(WRITERS)]
        with at_work(writers):
            wait()
            time.sleep(chance.uniform(*SECONDS))
            killed = time.monotonic()
            process.kill()
    return killed


@contextmanager
def at_work(writers: Sequence[Writer]) -> Iterator[None]:
    """Let clients begin, and at the end of the block wait until they have come to theirs."""
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for writer in writers:
        writer.has_begun.wait(30)
    yield
    for thread in threads:
        thread.join(60)
    assert not [failure for writer in writers for failure in writer.failed]


def opened(**settings: Any) -> Emulator:
    return create_emulator(Settings(**settings), like=new_emulator())


# What has to hold


def check_whole(emulator: Emulator) -> State:
    """Check that a state fits the models, that its ids go on, and that what it has is complete."""
    state = take(emulator.engine)
    platform = emulator.platform
    platform.load()
    raw = to_json(state, platform.ids.seed)
    from_json(raw, emulator.contract, platform.documents, platform.ids)
    for sandbox in raw["organizations"].get(ORGANIZATION, {}).values():
        check_references(sandbox.get("documents", {}))
    check_files(state)
    return state


def check_references(documents: dict[str, list[Json]]) -> None:
    there = {kind: {row["key"] for row in rows} for kind, rows in documents.items()}
    for source in documents.get("source_connection", []):
        assert source["body"]["baseConnectionId"] in there["connection"], source["key"]
    for data in documents.get("dataset", []):
        assert data["body"]["schemaRef"]["id"] in there["xdm_schemas"], data["key"]
    files = defaultdict(list)
    for file in documents.get("dataset_file", []):
        assert file["body"]["dataSetId"] in there["dataset"]
        files[file["body"]["batchId"]].append(file["key"])
    for batch in documents.get("batch", []):
        related = batch["body"].get("relatedObjects", [])
        listed = [item["id"] for item in related if item["type"] == "dataSetFile"]
        assert sorted(listed) == sorted(files.pop(batch["key"], [])), batch["key"]
        assert (batch["body"]["status"] == "success") == bool(listed), batch["key"]
    assert not files, "data set files of no batch"


def check_files(state: State) -> None:
    """Check that all that is listed has its bytes, and that all bytes are listed."""
    sizes = {(blob.sandbox, blob.key): len(blob.content) for blob in state.blobs}
    for (sandbox, kind), rows in state.store.documents.items():
        for key, (_, _, body) in rows.items():
            if kind == "connection_file":
                assert sizes.pop((sandbox, f"files/{key}")) == loads(body)["size"], key
            if kind == "dataset_file":
                head = f"batches/{loads(body)['batchId']}/data/{key}/"
                parts = [place for place in sizes if place[1].startswith(head)]
                assert parts, key
                for place in parts:
                    sizes.pop(place)
    rest = [key for _, key in sizes if not key.startswith("batches/")]
    assert not rest, "bytes of no file"
    assert not [key for _, key in sizes if "/data/" in key], "bytes of no data set file"


def check_acknowledged(ledger: Ledger, emulator: Emulator, state: State) -> None:
    """Check that all that was answered is there, and that what was cut off is whole or not."""
    documents = {
        (sandbox.name, kind, key): loads(row[2])
        for (sandbox, kind), rows in state.store.documents.items()
        for key, row in rows.items()
    }
    assert len(set(ledger.ids)) == len(ledger.ids), "an id came twice"
    for id, known in ledger.connections.items():
        found = documents.get((known.sandbox, "connection", id))
        sources = {
            source for source in known.sources
            if (known.sandbox, "source_connection", source) in documents
        }  # fmt: skip
        if found is None:
            assert known.may_be_deleted, f"connection {id} is lost"
            assert not sources, "half of a deletion"
            known.is_deleted = True
        else:
            assert not known.is_deleted, f"connection {id} is there again"
            assert sources == known.sources, "source connections are lost"
            description = found.get("description", "")
            assert description in known.descriptions, f"a change of {id} is lost"
            known.descriptions = (description,)
            known.may_be_deleted = False
    blobs = {(blob.sandbox.name, blob.key): digest(blob.content) for blob in state.blobs}
    for place, digests in ledger.files.items():
        assert blobs.get(place, "") in digests, f"the file {place} is lost"
        ledger.files[place] = [blobs.get(place, "")]
    for (sandbox, id), rows in ledger.batches.items():
        assert documents[sandbox, "batch", id]["status"] == "success", id
        landed = sum(
            blob.content.count(b"\n")
            for blob in state.blobs
            if blob.sandbox.name == sandbox and blob.key.startswith(f"batches/{id}/data/")
        )
        assert landed == rows, f"rows of batch {id} are lost"


def answers(emulator: Emulator) -> None:
    """Check that it answers calls, and that a new id is a new one."""
    target = "/data/foundation/flowservice/connections?limit=100"
    headers = {name.lower(): value for name, value in HEADERS.items()}
    answer = emulator.application.handle(Request("GET", target, {**headers, "host": "x"}, b""))
    assert answer.status == 200, answer.body


def test_whatever_was_acknowledged_outlives_a_kill(settings: dict[str, str]) -> None:
    flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
    ledger = Ledger()
    with closing(opened(**settings)) as fresh:
        fresh.reset()
    kills = KILLS or 3 - len(settings)
    for number in range(kills):
        write_until_killed(ledger, flags, f"{number}")
        with closing(opened(**settings)) as emulator:
            state = check_whole(emulator)
            check_acknowledged(ledger, emulator, state)
            answers(emulator)
    assert ledger.calls > 2 * WRITERS * kills, "the clients have hardly worked"


def until_saved(path: Path) -> None:
    """Wait until a file has been written anew."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    until(lambda: path.exists() and path.stat().st_mtime_ns != before)


def test_a_state_file_is_whole_whenever_the_process_is_killed(tmp_path: Path) -> None:
    """What came after the last time that it was saved is lost, and nothing before it."""
    path = tmp_path / "state.json"
    flags = ["--state", str(path), "--state-seconds", "1"]
    kept = 0
    kills = KILLS or 1
    for number in range(kills):
        ledger = Ledger()
        write_until_killed(ledger, flags, f"{number}", partial(until_saved, path))
        with closing(new_emulator(ManualClock())) as emulator:
            platform = emulator.platform
            platform.load()
            raw = loads(path.read_bytes())
            emulator.restore(from_json(raw, emulator.contract, platform.documents, platform.ids))
            state = check_whole(emulator)
            answers(emulator)
        there = {key for rows in state.store.documents.values() for key in rows}
        for order in ledger.orders:
            saved = [id in there for id in order if id not in ledger.gone()]
            assert saved == sorted(saved, reverse=True), (
                "something is lost from before it was saved"
            )
            kept += sum(saved)
        if path.stat().st_size > LARGEST_STATE:
            path.unlink()
    assert kept > kills
