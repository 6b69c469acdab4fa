"""`python -m benchmarks.fixtures`: what a test of the emulator's fixtures costs, beside moto's.

Comparable tests, by turns in one run: get something to call, create, read it back, let go. With
moto an S3 client puts and gets an object; ours create a base connection and read it by its id. What
is taken apart: enter and exit alone, a whole test, and what a process pays once.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

CONNECTIONS = "/data/foundation/flowservice/connections"
PLATFORM = "https://platform.adobe.io"
BODY = {
    "name": "Blob",
    "auth": {"specName": "ConnectionString", "params": {"connectionString": "AccountKey=c2VjcmV0"}},
    "connectionSpec": {"id": "4c10e202-c428-4796-9208-5f1f5732b1cf", "version": "1.0"},
}
CONTENT = json.dumps(BODY).encode()
KEYS = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": "us-east-1",
}

Contender = Callable[[bool], None]
"""Enters and leaves a fixture; creates and reads within it if it is told to."""


def moto_decorator() -> Contender:
    """moto with a client that is made once, as careful suites do."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("s3", **KEYS)

    def turn(works: bool) -> None:
        with mock_aws():
            if works:
                client.create_bucket(Bucket="bucket")
                client.put_object(Bucket="bucket", Key="k", Body=CONTENT)
                assert client.get_object(Bucket="bucket", Key="k")["Body"].read() == CONTENT

    return turn


def moto_server() -> Contender:
    """moto's server in a thread, reset over HTTP for each test."""
    import boto3
    import requests
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=url, **KEYS)
    session = requests.Session()
    session.trust_env = False

    def turn(works: bool) -> None:
        session.post(f"{url}/moto-api/reset")
        if works:
            client.create_bucket(Bucket="bucket")
            client.put_object(Bucket="bucket", Key="k", Body=CONTENT)
            assert client.get_object(Bucket="bucket", Key="k")["Body"].read() == CONTENT

    return turn


def _create_and_read(session: Any, url: str, headers: dict[str, str]) -> None:
    made = session.post(url + CONNECTIONS, json=BODY, headers=headers)
    read = session.get(f"{url}{CONNECTIONS}/{made.json()['id']}", headers=headers)
    assert read.json()["items"][0]["name"] == "Blob"


def aep() -> Contender:
    """The fixture `aep`, by its session."""
    from emulator.testing import Aep

    def turn(works: bool) -> None:
        with Aep(test="test") as lent:
            if works:
                _create_and_read(lent.session, "", {})

    return turn


def mock() -> Contender:
    """`mock_aep`, by a client of its own with Adobe's host name in it."""
    import requests

    from emulator.testing.mock import mock_aep

    session = requests.Session()
    session.trust_env = False

    def turn(works: bool) -> None:
        with mock_aep() as lent:
            if works:
                _create_and_read(session, PLATFORM, lent.headers)

    return turn


def server() -> Contender:
    """The fixture `aep_server`, by a client of its own that keeps its connection."""
    import requests

    from emulator.testing import AepServer

    session = requests.Session()
    session.trust_env = False

    def turn(works: bool) -> None:
        with AepServer(test="test") as lent:
            if works:
                _create_and_read(session, lent.url, lent.headers)

    return turn


CONTENDERS = {
    "moto decorator": moto_decorator,
    "moto server": moto_server,
    "aep": aep,
    "mock_aep": mock,
    "aep_server": server,
}
PAIRS = {"aep": "moto decorator", "mock_aep": "moto decorator", "aep_server": "moto server"}


def measure(turns: dict[str, Contender], works: bool, rounds: int) -> dict[str, float]:
    """Return the median of a turn in milliseconds, the contenders by turns."""
    times: dict[str, list[float]] = defaultdict(list)
    for turn in turns.values():
        turn(works)
    gc.collect()
    for number in range(rounds):
        names = list(turns) if number % 2 == 0 else list(turns)[::-1]
        for name in names:
            start = time.perf_counter()
            turns[name](works)
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def first(name: str) -> float:
    """Return the milliseconds from nothing to the end of a first test, in a process of its own."""
    program = (
        "import time; start = time.perf_counter();"
        f"from benchmarks.fixtures import CONTENDERS; CONTENDERS[{name!r}]()(True);"
        "print((time.perf_counter() - start) * 1000);"
        # moto's server waits half a second for its end; nothing is left to lose.
        "import os, sys; sys.stdout.flush(); os._exit(0)"
    )
    return _median_of(program)


def import_time(module: str) -> float:
    """Return the milliseconds that importing a module takes where pytest is there already."""
    program = (
        "import pytest, time; start = time.perf_counter();"
        f"import {module}; print((time.perf_counter() - start) * 1000)"
    )
    return _median_of(program)


def _median_of(program: str, times: int = 5) -> float:
    """Run a program once to have everything compiled, then measure; it prints milliseconds."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def once() -> float:
            done = subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            )
            return float(done.stdout.splitlines()[-1])

        once()
        return statistics.median(once() for _ in range(times))


def report(title: str, figures: dict[str, float]) -> None:
    """Print medians, and the ratio to what of moto is the like."""
    print(f"\n{title}")
    print(f"{'':<16}{'ms':>9}{'of moto':>10}")
    for name, ms in figures.items():
        like = PAIRS.get(name)
        ratio = f"{ms / figures[like]:>10.2f}" if like else ""
        print(f"{name:<16}{ms:>9.3f}{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fixtures", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    report("import, and a first test, in a new process", {name: first(name) for name in CONTENDERS})
    turns = {name: make() for name, make in CONTENDERS.items()}
    report("enter and exit alone", measure(turns, False, rounds))
    report("a whole test: create and read", measure(turns, True, rounds))
    print("\nimport where pytest is there already")
    for module in ("emulator.testing.pytest_plugin", "emulator.testing.mock", "moto"):
        print(f"{module:<24}{import_time(module):>9.2f} ms")
    print("\naim: under 1.00 of moto on each")


if __name__ == "__main__":
    main()
    from emulator.testing import pool

    pool.close()
    sys.stdout.flush()
    os._exit(0)
