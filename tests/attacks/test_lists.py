"""Lists over a store that somebody has filled: what they read, and how soon they stop."""

from __future__ import annotations

import time
from typing import Any

import pytest

from benchmarks.lists import KINDS, Kind, ask, fill
from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.settings import Settings
from emulator.store import Stored, memory
from tests.attacks.effort import size

COUNT = size(2000, 70_000)

PAGES = (
    "page",
    "by name",
    "by title",
    "by property",
    "by state, page",
    "views",
    "count of some",
    "by data set",
)
"""Questions of the benchmark that need not look at every document."""


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_a_page_and_a_read_by_name_decode_few_documents(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = create_emulator(Settings(enforce="observe"), clock=ManualClock())
    fill(emulator, kind, COUNT)
    for name in kind.asks.keys() & set(PAGES):
        target = kind.asks[name].format(last=COUNT - 1)
        first = ask(emulator, "GET", target, kind.headers)
        decoded = _count_decoded(monkeypatch)
        begun = time.perf_counter()
        assert ask(emulator, "GET", target, kind.headers) == first, name
        print(f"{kind.kind}, {name}: {(time.perf_counter() - begun) * 1000:.1f} ms")
        assert len(decoded) < 150, name


def _count_decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with every document that the store decodes."""
    decoded: list[int] = []

    def counted(*row: Any) -> Stored:
        decoded.append(1)
        return Stored(*row)

    monkeypatch.setattr(memory, "Stored", counted)
    return decoded
