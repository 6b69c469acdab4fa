"""What many and large calls leave in journal and coverage, and what reading these costs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests

from emulator.budgets import JOURNAL_PAGE_BYTES, MAX_TALLIES, MAX_TESTS
from tests.attacks.effort import size
from tests.attacks.served import HEADERS, ServedEmulator, Watch

MIB = 1024**2
CONNECTIONS = "/data/foundation/flowservice/connections"
SOURCES = "/data/foundation/flowservice/sourceConnections"
BYTES = size(MIB, 15 * MIB)
PEAK = size(400, 1024) * MIB

BODIES: dict[str, Callable[[], bytes]] = {
    "many objects": lambda: b'{"a":[' + b",".join([b"{}"] * (BYTES // 3)) + b"]}",
    "many objects that are read": lambda: (
        b'{"a":['
        + b",".join([b'{"a":[{}],"' + b"b" * 40 + b'":""}'] * size(10_000, 60_000))
        + b"]}"
    ),
    "a long text": lambda: b'{"name":"' + b"a" * BYTES + b'","data":3}',
    "a long name": lambda: b'{"' + b"a" * BYTES + b'":3}',
    "many secrets": lambda: (
        (
            b"{"
            + b",".join(b'"password%d":"s3cr3t%d"' % (i, i) for i in range(size(20_000, 120_000)))
        )
        + b"}"
    ),
    "no JSON": lambda: b'{"password":"' + b"\\u0001eyJ." * (BYTES // 10),
}


@pytest.mark.parametrize("shape", BODIES)
def test_large_refused_bodies_do_not_pile_up(served: ServedEmulator, shape: str) -> None:
    body, headers = BODIES[shape](), {**HEADERS, "Content-Type": "application/json"}
    with Watch(served) as watch:
        for _ in range(size(3, 24)):
            reply = requests.post(served.url + SOURCES, data=body, headers=headers, timeout=60)
            assert 400 <= reply.status_code < 500
    print(f"{shape}: slowest health check {watch.slowest:.2f} s, peak {served.peak // MIB} MiB")
    assert served.peak < PEAK


@pytest.fixture(scope="module")
def full(served: ServedEmulator) -> ServedEmulator:
    """The emulator with many calls in its journal that are as large as is kept whole."""
    headers = {**HEADERS, "Content-Type": "application/json"}
    for number in range(size(6, 100)):
        body = b'{"name":%d,"a":[' % number + b",".join([b'{"b":0}'] * 100_000) + b"]}"
        requests.post(served.url + CONNECTIONS, data=body, headers=headers, timeout=60)
    return served


@pytest.mark.parametrize(
    "call",
    ["journal?limit=1000&format=full", "journal?limit=1000", "journal?format=har", "journal/last"],
)
def test_a_full_journal_is_read_in_little_memory(full: ServedEmulator, call: str) -> None:
    begun = time.perf_counter()
    with Watch(full) as watch:
        reply = requests.get(f"{full.url}/_emulator/{call}", timeout=120)
    took = time.perf_counter() - begun
    print(f"{call}: {len(reply.content) // 1024} KiB in {took:.2f} s, ", end="")
    print(f"slowest health check {watch.slowest:.2f} s, peak {full.peak // MIB} MiB")
    assert reply.status_code == 200
    if "har" not in call:
        assert len(reply.content) < 2 * JOURNAL_PAGE_BYTES
    assert full.peak < PEAK


def test_coverage_does_not_grow_with_names(served: ServedEmulator) -> None:
    count = size(60, MAX_TESTS * 2)
    path = f"{served.url}{CONNECTIONS}"
    with requests.Session() as session:
        for number in range(count):
            name = f"{number} " + "n" * 240
            expects = f"nothing.{number}"
            body = {"name": number, "note": "x" * size(2000, 20_000)}
            names = {"x-emulator-test": name, "x-emulator-expects": expects}
            session.post(path, json=body, headers={**HEADERS, **names}, timeout=60)
        for call in ("coverage", "report", "report?format=html", "report?format=junit"):
            begun = time.perf_counter()
            reply = session.get(f"{served.url}/_emulator/{call}", timeout=120)
            assert reply.status_code == 200
            took, length = time.perf_counter() - begun, len(reply.content)
            print(f"{call}: {length // 1024} KiB in {took:.2f} s, peak {served.peak // MIB} MiB")
    assert len(requests.get(f"{served.url}/_emulator/coverage", timeout=60).json()["rows"]) <= (
        MAX_TALLIES + 1000
    )
    assert served.peak < PEAK
