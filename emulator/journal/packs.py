"""The calls of many packs in one order, although packs of several processes overlap."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from emulator.store.calls import CallPack, PackedCall

Read = Callable[[int], Sequence[PackedCall]]


def in_order(packs: Sequence[CallPack], read: Read, *, newest_first: bool) -> Iterator[PackedCall]:
    """Yield all calls by moment and number; a pack is read when one of its calls may be next."""
    sign = -1 if newest_first else 1
    begins = [(-one.last if newest_first else one.first, one.pack) for one in packs]
    waiting: list[tuple[int, int, PackedCall]] = []
    for begin, pack in sorted(begins):
        while waiting and waiting[0][0] < begin:
            yield heapq.heappop(waiting)[2]
        for call in read(pack):
            heapq.heappush(waiting, (sign * call.moment, sign * call.number, call))
    while waiting:
        yield heapq.heappop(waiting)[2]


def beyond(packs: Sequence[CallPack], most: int, most_bytes: int) -> list[int]:
    """Return the packs of which each call has so many newer ones that it is kept no longer."""
    newest = sorted(packs, key=lambda one: -one.first)
    begins = [-one.first for one in newest]
    calls = list(accumulate((one.calls for one in newest), initial=0))
    sizes = list(accumulate((one.size for one in newest), initial=0))
    found = []
    for one in packs:
        newer = bisect_right(begins, -one.last - 1)
        if calls[newer] >= most or sizes[newer] >= most_bytes:
            found.append(one.pack)
    return found


def calls_behind(
    calls: Iterator[PackedCall], number: int, last: PackedCall | None, *, newest_first: bool
) -> Iterator[PackedCall]:
    """Return the calls that come after one, or after its number if it has gone."""
    if last is None:
        return (one for one in calls if (one.number < number) == newest_first)
    if newest_first:
        return (one for one in calls if one[:2] < last[:2])
    return (one for one in calls if one[:2] > last[:2])
