"""A served emulator is killed amid runs: each is ended once, or was carried out once, and no row
lands twice or half.

`make test` kills it once on each kind of database; `make loss` a hundred times.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from functools import partial

import requests

from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.scope import CLAIM
from emulator.state import take
from tests.bodies import HEADERS, ORGANIZATION
from tests.loss.feeders import RUNS, Feeder, check_runs, state
from tests.loss.test_kills import KILLS, at_work, check_whole, opened, served
from tests.loss.writers import SANDBOXES, Ledger
from tests.processes.serving import until

FEEDERS = 3
SECONDS = (0.0, 0.4)
"""How long after a run has been seen in progress the kill comes."""


def feed_until_killed(flags: list[str], seed: str) -> list[Feeder]:
    """Let several clients have their flows run, and kill the emulator amid that."""
    chance = random.Random(seed)
    with served(*flags) as (process, url):
        feeders = [Feeder(url, Ledger(), f"{seed} {number}") for number in range(FEEDERS)]
        with at_work(feeders):
            until(lambda: is_running(url, chance.choice(feeders).sandbox))
            time.sleep(chance.uniform(*SECONDS))
            process.kill()
    return feeders


def is_running(url: str, sandbox: str) -> bool:
    headers = {**HEADERS, "x-sandbox-name": sandbox}
    found = requests.get(f"{url}{RUNS}?orderby=-createdAt", headers=headers, timeout=30).json()
    return ("inProgress", []) in map(state, found["items"])


def has_ended_all(emulator: Emulator) -> bool:
    """End what is left behind, and tell whether nothing is.

    A server learns a bit later that a process has ended.
    """
    emulator.stores.processes.tick()
    store = emulator.platform.store
    places = [Sandbox(ORGANIZATION, name) for name in SANDBOXES]
    return not any(list(store.scan(place, CLAIM)) for place in places)


def test_a_run_is_ended_or_carried_out_once(store: str) -> None:
    interrupted = 0
    for number in range(KILLS or 1):
        with closing(opened(store=store)) as fresh:
            fresh.reset()
        feeders = feed_until_killed(["--store", store], f"{number}")
        with closing(opened(store=store)) as emulator:
            until(partial(has_ended_all, emulator))
            check_whole(emulator)
            interrupted += sum(check_runs(feeder, emulator) for feeder in feeders)
            ended = take(emulator.engine).store.documents
        with closing(opened(store=store)) as again:
            assert has_ended_all(again)
            assert take(again.engine).store.documents == ended, "a run was ended twice"
    assert interrupted, "no kill has met a run"
