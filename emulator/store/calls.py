"""Answered calls, and what they cover, beside the documents of a store that outlives its process.

Several processes write there, each as many calls at a time as it has answered since it last wrote:
a pack. The place of a call among all is told by a moment and a number; the moment is the machine's,
in microseconds, because the clock of an emulator may be set back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from emulator.json_types import dumps, loads

_LENGTH = 8


class PackedCall(NamedTuple):
    """One call as it is written.

    Args:
        moment: When it was answered, by the machine: microseconds since 1970-01-01 UTC.
        number: Unique among all processes.
        size: About how many bytes it takes in memory.
        test: The test that sent it, or "".
        facts: All but its bodies, as JSON.
        body: Of the request.
        response_body: Of the reply.
    """

    moment: int
    number: int
    size: int
    test: str
    facts: bytes
    body: bytes
    response_body: bytes


class CallPack(NamedTuple):
    """What is known of a pack without reading it.

    Args:
        pack: Its own number.
        first: The moment of its first call.
        last: The moment of its last call.
        lowest: The lowest number of its calls.
        highest: The highest number of its calls.
        calls: How many there are.
        size: About how many bytes they take in memory.
    """

    pack: int
    first: int
    last: int
    lowest: int
    highest: int
    calls: int
    size: int

    @classmethod
    def of(cls, calls: Sequence[PackedCall], pack: int = 0) -> CallPack:
        """Return what is known of calls that are written together."""
        moments, numbers, sizes = list(zip(*calls, strict=True))[:3]
        first, last, size = min(moments), max(moments), sum(sizes)
        return cls(pack, first, last, min(numbers), max(numbers), len(calls), size)


def pack(calls: Sequence[PackedCall]) -> bytes:
    """Return calls as one text of bytes: a table of them, and their contents one by one."""
    table = dumps([(*call[:4], *map(len, call[4:])) for call in calls])
    contents = (content for call in calls for content in call[4:])
    return b"".join((len(table).to_bytes(_LENGTH, "big"), table, *contents))


def unpack(packed: bytes) -> list[PackedCall]:
    """Return the calls of a pack."""
    start = _LENGTH + int.from_bytes(packed[:_LENGTH], "big")
    calls = []
    for moment, number, size, test, *lengths in loads(packed[_LENGTH:start]):
        contents = []
        for length in lengths:
            contents.append(packed[start : start + length])
            start += length
        calls.append(PackedCall(moment, number, size, test, *contents))
    return calls


class Calls(Protocol):
    """The calls that the processes of a store have answered, as one of them sees them.

    Everything raises `StoreUnavailable` or `StoreFull` where the store does.
    """

    def join(self) -> None:
        """Be one of the processes that others ask to write."""

    def leave(self) -> None:
        """Have nothing to write any more."""

    def take_numbers(self, many: int) -> int:
        """Return the first of so many numbers that nobody else has or gets."""

    def give_back(self, numbers: range) -> None:
        """Let the next process begin with these numbers, unless others have gone on."""

    def write(self, batch: int, packs: Iterable[Sequence[PackedCall]], counted: bytes) -> None:
        """Write calls and what they cover, or nothing.

        Args:
            batch: Counts what this process has written, from 1. What is there already, because
                nobody knew whether the last attempt has succeeded, is not written again.
            packs: The calls, of each pack one at least.
            counted: What they cover; empty for nothing.
        """

    def ask(self) -> Mapping[int, int]:
        """Ask the other processes to write what they have; return whom, and the question."""

    def unanswered(self, asked: Mapping[int, int]) -> bool:
        """Tell whether a living process has not answered what `ask` has asked it."""

    def question(self) -> int:
        """Return the last question that this process has not answered; 0 if there is none."""

    def answer(self, question: int) -> None:
        """Tell that all has been written that had been answered when the question was read."""

    def packs(self) -> Sequence[CallPack]:
        """Return all packs."""

    def read(self, pack: int) -> Sequence[PackedCall]:
        """Return the calls of a pack; none if it has gone."""

    def rewrite(self, pack: int, calls: Sequence[PackedCall]) -> None:
        """Put calls in place of those of a pack."""

    def drop(self, packs: Iterable[int]) -> None:
        """Forget packs."""

    def restart(self) -> None:
        """Forget the calls, and number the next one 1 unless another process writes too."""

    def counted(self) -> Mapping[int, bytes]:
        """Return what has been written of coverage, in parts."""

    def counted_sizes(self) -> Mapping[int, int]:
        """Return how many bytes each part has."""

    def recount(self, parts: Iterable[int], content: bytes) -> bool:
        """Put one part in place of others; tell whether they were still there, else do nothing."""
