"""The calls of a test that something is to be said of, kept for as long as the test lasts.

The journal is a ring, can be cleared and is forgotten with a reset; what a client has broken must
not disappear with it, because a test would then pass that has to fail.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from emulator.budgets import REMARKED_CALLS_BYTES
from emulator.journal.journal import CONTROL_PATHS
from emulator.journal.packing import PackedExchange, is_remarkable

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.journal.entry import Entry
    from emulator.web.exchange import Exchange

OPEN: list[RemarkedCalls] = []
"""Those of the emulators that are started; a run of pytest also keeps those that have ended, until
their test has ended."""

MAX_HEADS = 100
"""How many requests are kept that were refused for their heads."""


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call with findings, a refusal or an expectation.

    Args:
        resets: How often the emulator had been reset before it.
        number: Its number since then, from 1: the one that the journal gave it.
        position: Its number among all calls that are kept, from 0; resets do not change it.
    """

    resets: int
    number: int
    position: int
    packed: PackedExchange

    @property
    def entry(self) -> Entry:
        """The call as an entry, made anew each time."""
        return self.packed.entry(self.number)


class Broken(NamedTuple):
    """A rule that calls broke of which no more is kept than their count."""

    rule: str
    severity: str
    refused: bool


class RemarkedCalls:
    """Sees each exchange of an emulator and of its isolated ones; see `Emulator.observe`.

    Of more than there is room for, the oldest calls become counts of the rules that they broke.

    Attributes:
        contract: That of the emulator.
        has_ended: Whether the emulator has been stopped.
        judged: What a verdict has been given on: the position, the counts, the number of heads.
        resets: How often the emulator has been reset.
        calls: How many calls there have been since then.
        heads: What is to be said of requests that were refused for their heads.
        has_missed: Whether what a block expected did not come, since the last verdict.
    """

    def __init__(self, contract: Contract, max_bytes: int = REMARKED_CALLS_BYTES) -> None:
        """Keep calls of about so many bytes, but always the latest."""
        self.contract = contract
        self.has_ended = False
        self.judged: tuple[int, Counter[Broken], int] = (0, Counter(), 0)
        self.resets = 0
        self.calls = 0
        self.heads: list[str] = []
        self.has_missed = False
        self._max_bytes = max_bytes
        self._kept: list[KeptCall] = []
        self._bytes = 0
        self._position = 0
        self._counted: Counter[Broken] = Counter()
        self._met: list[tuple[int, int, str]] = []
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Count an exchange, and keep it if there is anything to say of it."""
        if exchange.incoming.target.startswith(CONTROL_PATHS):
            return
        packed = PackedExchange(exchange) if is_remarkable(exchange) else None
        with self._lock:
            self.calls += 1
            if packed is not None:
                self._kept.append(KeptCall(self.resets, self.calls, self._position, packed))
                self._position += 1
                self._bytes += packed.size
                self._trim()

    def add_head(self, said: str) -> None:
        """Keep what is to be said of a request that never became a call; of many the first."""
        with self._lock:
            if len(self.heads) < MAX_HEADS:
                self.heads.append(said)

    def _trim(self) -> None:
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            oldest = self._kept.pop(0)
            self._bytes -= oldest.packed.size
            entry = oldest.entry
            classes = entry.classifications()
            for item in entry.findings:
                if classes[item.rule] == "unexpected":
                    self._counted[Broken(item.rule, item.severity, item.refused)] += 1

    def begin_anew(self) -> None:
        """Number the calls from 1 again: the emulator has been reset."""
        with self._lock:
            self.resets += 1
            self.calls = 0

    def mark(self) -> int:
        """Return the position of the next call that is kept."""
        return self._position

    def settle(self, mark: int, rule: str, *, is_met: bool) -> None:
        """Note whether the calls since a position have met the expectation of a rule.

        If one of them did, the others had to be made for that.
        """
        if is_met:
            self._met.append((mark, self._position, rule))
        else:
            self.has_missed = True

    def is_met(self, call: KeptCall, rule: str) -> bool:
        """Tell whether it is no fault of a call that it did not break a rule."""
        return any(name == rule and first <= call.position < end for first, end, name in self._met)

    def since(self, mark: int = 0) -> Iterator[KeptCall]:
        """Yield the calls that are kept from a position on, in order."""
        with self._lock:
            kept = list(self._kept)
        return (call for call in kept if call.position >= mark)

    def counted(self) -> Counter[Broken]:
        """Return how often rules were broken unexpectedly by calls that are not kept any more."""
        with self._lock:
            return self._counted.copy()
