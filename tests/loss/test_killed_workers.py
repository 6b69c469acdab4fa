"""One of two workers is killed under load: it is replaced, and nothing that was answered is lost.

`make test` kills one on each kind of database; `make loss` a hundred, one after the other.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from tests.loss.feeders import Feeder, check_runs
from tests.loss.test_cut_off_runs import has_ended_all
from tests.loss.test_kills import (
    KILLS,
    WRITERS,
    at_work,
    check_acknowledged,
    check_whole,
    opened,
)
from tests.loss.writers import Ledger, Writer
from tests.processes.serving import Served, serving, until
from tests.processes.test_serving import workers_of

SECONDS = (0.1, 0.7)
"""How long the clients work before the kill, and again when the worker has been replaced."""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_worker_is_killed_under_load(store: str) -> None:
    with ExitStack() as stack:
        stack.enter_context(closing(opened(store=store))).reset()
        flags = ("--workers", "2", "--log-level", "error")
        served = stack.enter_context(serving(store, *flags))
        emulator = stack.enter_context(closing(opened(store=store)))
        cuts = 0
        for number in range(KILLS or 1):
            ledger = Ledger()
            writers = write_while_one_is_killed(served, ledger, f"{number}")
            cuts += sum(writer.is_cut for writer in writers)
            until(lambda: has_ended_all(emulator))
            check_acknowledged(ledger, emulator, check_whole(emulator))
            for writer in writers:
                if isinstance(writer, Feeder) and writer.flow:
                    check_runs(writer, emulator)
            emulator.reset()
        assert cuts, "no kill has met a client"


def write_while_one_is_killed(served: Served, ledger: Ledger, seed: str) -> Sequence[Writer]:
    """Let clients write, kill a worker, and let others write when it has been replaced."""
    chance = random.Random(seed)
    first = clients(served.url, ledger, f"{seed} first")
    with at_work(first):
        time.sleep(chance.uniform(*SECONDS))
        gone = max(workers_of(served), key=connections_of)
        os.kill(gone, signal.SIGKILL)
        until(lambda: len(workers_of(served) - {gone}) == 2)
        later = clients(served.url, ledger, f"{seed} later")
        with at_work(later):
            time.sleep(chance.uniform(*SECONDS))
            for writer in (*first, *later):
                writer.is_over.set()
    assert not any(writer.is_cut for writer in later), "what has come in its place does not answer"
    return [*first, *later]


def connections_of(worker: int) -> int:
    """Return how many connections a process has, to clients and to a server of databases."""
    found = 0
    for file in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(file.readlink()).startswith("socket:")
    return found


def clients(url: str, ledger: Ledger, seed: str) -> list[Writer]:
    kinds = [Feeder, *[Writer] * (WRITERS - 1)]
    return [kind(url, ledger, f"{seed} {number}") for number, kind in enumerate(kinds)]
