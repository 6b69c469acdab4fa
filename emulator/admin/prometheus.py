"""The emulator's figures as Prometheus reads them, made anew for each who asks.

Labels have operations, statuses, rules and kinds as values, which are bounded by the contract and
the code, and nothing that a client can choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from emulator import __version__
from emulator.budgets import MAX_COUNTED_RUNS
from emulator.claims import RUN
from emulator.journal.entry import SHARED

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage
    from emulator.emulator import Emulator
    from emulator.json_types import Json
    from emulator.store import Store

Values = Mapping[tuple[str, ...], float]
"""The values of a metric by those of its labels."""

RUN_STATES = ("scheduled", "pending", "inProgress", "success", "partialSuccess", "failed")
"""States of runs that are told apart; a state file may have others."""


def exposition(emulator: Emulator, accept: str) -> tuple[bytes, str]:
    """Return the figures of an emulator and of its process, with their media type.

    Args:
        emulator: The one that is asked; calls are those of isolated emulators, too.
        accept: The header of the request, which may ask for OpenMetrics.
    """
    registry = CollectorRegistry()
    registry.register(Figures(emulator))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    encode, media_type = choose_encoder(accept)
    body: bytes = encode(registry)
    return body, media_type


class Figures(Collector):
    """Reads the figures of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def describe(self) -> list[GaugeMetricFamily]:
        """Say nothing before the figures are asked for."""
        return []

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield each figure."""
        emulator, engine = self._emulator, self._emulator.engine
        about = {"version": __version__, "edition": engine.edition, "enforce": engine.enforce}
        yield _gauge(
            "info", "What the emulator runs with; always 1.", about, {(*about.values(),): 1}
        )
        if emulator.coverage is not None and emulator.journal is not None:
            yield from _calls(emulator.coverage.snapshot())
            kept = emulator.journal.length()
            yield _gauge("journal_calls", "Calls that the journal keeps.", (), {(): kept})
        store, room = emulator.platform.store, emulator.platform.room
        yield _gauge("resources", "Resources of a kind.", ("kind",), _resources(emulator))
        yield _gauge(
            "runs",
            "Flow runs in a state; of many the latest are looked at.",
            ("state",),
            _runs(store),
        )
        if emulator.settings.store == "memory":
            yield _gauge(
                "stored_bytes",
                "Bytes that files and resources take of --max-stored.",
                (),
                {(): room.used},
            )
        worlds = len(emulator.isolated.names())
        yield _gauge("isolated_emulators", "Isolated emulators that there are.", (), {(): worlds})


def _calls(coverage: Coverage) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
    """Yield how many calls there were, and how often rules were broken."""
    calls: Counter[tuple[str, ...]] = Counter()
    for key, tally in coverage.tallies.items():
        if key.group not in SHARED:
            for status, times in tally.statuses.items():
                calls[key.group, str(status)] += times
    yield _counter(
        "calls",
        "Calls of an operation; of none where that is empty.",
        ("operation", "status"),
        calls,
    )
    broken: Counter[tuple[str, ...]] = Counter()
    for finding, found in coverage.unexpected.items():
        broken[finding.rule, found.severity] += found.count
    yield _counter(
        "broken_rules",
        "Calls that broke a rule, or met an entry of the error catalogue, unexpectedly.",
        ("rule", "severity"),
        broken,
    )


def _resources(emulator: Emulator) -> dict[tuple[str, ...], int]:
    platform = emulator.platform
    # Kinds that end in a space are the beginnings of many, which clients name.
    kinds = [model.kind for model in platform.documents if not model.kind.endswith(" ")]
    return {
        (kind,): sum(platform.store.count(at, kind) for at in platform.store.sandboxes(kind))
        for kind in kinds
    }


def _runs(store: Store) -> Counter[tuple[str, ...]]:
    states: Counter[tuple[str, ...]] = Counter(dict.fromkeys(((state,) for state in RUN_STATES), 0))
    left = MAX_COUNTED_RUNS
    for sandbox in store.sandboxes(RUN):
        looked_at = [_state(run.body) for run in islice(store.recent(sandbox, RUN), left)]
        states.update((state if state in RUN_STATES else "(others)",) for state in looked_at)
        states["(others)",] += max(0, store.count(sandbox, RUN) - len(looked_at))
        left -= len(looked_at)
    return states


def _state(run: Json) -> Any:
    """Return the state of a run, as Flow Service shows it."""
    try:
        return run["metrics"]["statusSummary"]["status"]
    except (KeyError, TypeError):
        return ""


def _gauge(name: str, says: str, labels: Iterable[str], values: Values) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"aep_emulator_{name}", says, labels=tuple(labels))
    for of, value in values.items():
        made.add_metric(of, value)
    return made


def _counter(name: str, says: str, labels: Iterable[str], values: Values) -> CounterMetricFamily:
    made = CounterMetricFamily(f"aep_emulator_{name}", says, labels=tuple(labels))
    for of, value in values.items():
        made.add_metric(of, value)
    return made
