"""State in memory, the default: fast, and gone with the process."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from operator import itemgetter
from typing import TypeVar
from weakref import WeakValueDictionary

from emulator.json_types import Json, dumps, loads
from emulator.sandbox import Sandbox
from emulator.store.base import (
    ALL,
    DOCUMENT_BYTES,
    Change,
    Conflict,
    Hint,
    Place,
    Row,
    Snapshot,
    Stored,
)
from emulator.store.indexes import FEW, Indexes, Numbers, Texts, in_order
from emulator.store.parts import Parts
from emulator.store.room import Room

_T = TypeVar("_T")
_I = TypeVar("_I", Texts, Numbers)

_AS_IT_IS = nullcontext()

_ordinal = itemgetter(0)


def _ordinal_of_pair(pair: tuple[str, Row]) -> int:
    return pair[1][0]


def _cost(key: str, body: bytes) -> int:
    """Return how many bytes a document counts."""
    return len(key) + len(body) + DOCUMENT_BYTES


def _encoded(body: Json) -> bytes:
    """Return a body as JSON in exactly its size: the encoder's bytes keep eight kilobytes each."""
    return bytes(memoryview(dumps(body)))


def _without(places: Mapping[Place, _T], sandbox: Sandbox) -> dict[Place, _T]:
    return {place: found for place, found in places.items() if place[0] != sandbox}


def _replaced(
    now: Mapping[Place, _T], then: Mapping[Place, _T], sandbox: Sandbox | None
) -> dict[Place, _T]:
    """Return what there was then: of all sandboxes, or of one, the others being as they are now."""
    if sandbox is None:
        return dict(then)
    back = {place: found for place, found in then.items() if place[0] == sandbox}
    return _without(now, sandbox) | back


class MemoryStore:
    """All documents of one emulator in one process.

    Documents are held as JSON bytes: a reader cannot reach into the store, and the cyclic garbage
    collector does not traverse them, however many there are.
    A kind is shared with the snapshots that were made of it or that it came from, until it is first
    written to; so neither making nor loading one depends on how many documents there are.
    """

    def __init__(self, room: Room | None = None) -> None:
        """Keep as much as there is room for, or anything."""
        self.room = room or Room()
        # By place: what was loaded, which may be shared, and what counts beyond that.
        self._loaded: dict[Place, Mapping[str, Row]] = {}
        self._grown: dict[Place, int] = {}
        self._lock = threading.Lock()
        self._kinds: dict[Place, Mapping[str, Row]] = {}
        self._own: dict[Place, dict[str, Row]] = {}
        self._counters: dict[Place, int] = {}
        # Weak, because whoever is in a section holds its lock, and any name may be a sandbox's.
        self._writers: WeakValueDictionary[Sandbox, threading.RLock] = WeakValueDictionary()
        self._lists: dict[Place, tuple[list[str], list[Row]]] = {}
        self._parts = Parts()
        self._indexes = Indexes()

    def read(self, sandbox: Sandbox, kind: str, key: str) -> Stored | None:
        with self._lock:
            row = self._kinds.get((sandbox, kind), {}).get(key)
        return row and Stored(key, row[1], row[0], loads(row[2]))

    def read_many(self, sandbox: Sandbox, kind: str, keys: Iterable[str]) -> list[Stored]:
        found = (self.read(sandbox, kind, key) for key in keys)
        return [stored for stored in found if stored is not None]

    def scan(
        self, sandbox: Sandbox, kind: str, after: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        place = (sandbox, kind)
        pairs = self._indexed(place, hint)
        if pairs is None:
            keys, rows = self._listed(place)
            begin = bisect_right(rows, after, key=_ordinal)
            ahead = islice(zip(keys, rows, strict=True), begin, None)
            return self._found(place, ahead, hint)
        return self._found(place, [pair for pair in pairs if pair[1][0] > after], hint)

    def recent(
        self, sandbox: Sandbox, kind: str, before: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        place = (sandbox, kind)
        pairs = self._indexed(place, hint)
        if pairs is None:
            keys, rows = self._listed(place)
            end = bisect_left(rows, before, key=_ordinal) if before else len(rows)
            back = islice(zip(reversed(keys), reversed(rows), strict=True), len(rows) - end, None)
            return self._found(place, back, hint)
        latest = [pair for pair in pairs if not before or pair[1][0] < before][::-1]
        return self._found(place, latest, hint)

    def _found(
        self, place: Place, pairs: Iterable[tuple[str, Row]], hint: Hint
    ) -> Iterator[Stored]:
        """Yield documents; what a hint rules out is passed over before it is decoded."""
        read = self._parts.reader(place, hint.members, self.count(*place))
        texts = (*hint.texts, *(text for _, text in hint.equal))
        needles = [dumps(text)[1:-1] for text in texts]
        for key, row in pairs:
            for needle in needles:
                if needle not in row[2]:
                    break
            else:
                if key.startswith(hint.prefix):
                    yield Stored(key, row[1], row[0], read(key, row))

    def _indexed(self, place: Place, hint: Hint) -> list[tuple[str, Row]] | None:
        """Return the documents that an index names, in order; None if none can."""
        if not hint.equal or self.count(*place) <= FEW:
            return None
        member, text = hint.equal[0]
        index = self._index(place, Texts, member)
        with self._lock:
            keys, rows = index.keys(text), self._kinds.get(place, {})
            found = None if keys is None else [(key, rows[key]) for key in keys if key in rows]
        return found and sorted(found, key=_ordinal_of_pair)

    def ordered(
        self,
        sandbox: Sandbox,
        kind: str,
        path: str,
        *,
        descending: bool = False,
        ties: bool = False,
        start: int | None = None,
        hint: Hint = ALL,
    ) -> Iterator[Stored] | None:
        place = (sandbox, kind)
        if hint.equal or self.count(*place) <= FEW:
            return None
        index = self._index(place, Numbers, path)
        with self._lock:
            entries, rows = index.entries(), self._kinds.get(place, {})
        if entries is None:
            return None
        ahead = in_order(entries, descending, ties, start)
        pairs = ((key, row) for _, _, key in ahead if (row := rows.get(key)))
        return self._found(place, pairs, hint)

    def _index(self, place: Place, type: type[_I], member: str) -> _I:
        """Return an index; a new one is made while others read and write, and then catches up."""
        with self._lock:
            known = self._indexes.find(place, type, member)
        if known is not None:
            return known
        index = type(member)
        keys, rows = self._listed(place)
        read = dict(zip(keys, rows, strict=True))
        for key, row in read.items():
            index.note(key, row[0], loads(row[2]))
        with self._lock:
            now = self._kinds.get(place, {})
            for key in read.keys() - now.keys():
                index.note(key, 0, None)
            for key, row in now.items():
                if read.get(key) is not row:
                    index.note(key, row[0], loads(row[2]))
            self._indexes.keep(place, member, index)
        return index

    def _listed(self, place: Place) -> tuple[list[str], list[Row]]:
        """Return the keys and the rows of a kind, which stay in these lists until it is written."""
        with self._lock:
            listed = self._lists.get(place)
            if listed is None:
                rows = self._kinds.get(place, {})
                listed = (list(rows), list(rows.values()))
                if rows:
                    self._lists[place] = listed
            return listed

    def sandboxes(self, kind: str) -> list[Sandbox]:
        with self._lock:
            return sorted(
                sandbox for (sandbox, of), rows in self._kinds.items() if rows and of == kind
            )

    def count(self, sandbox: Sandbox, kind: str) -> int:
        with self._lock:
            return len(self._kinds.get((sandbox, kind), {}))

    def write(self, *changes: Change) -> None:
        encoded = [None if change.body is None else _encoded(change.body) for change in changes]
        with self._lock:
            for change in changes:
                self._expect(change)
            self._count(changes, encoded)
            for change, body in zip(changes, encoded, strict=True):
                self._apply(change, body)

    def _expect(self, change: Change) -> None:
        row = self._kinds.get((change.sandbox, change.kind), {}).get(change.key)
        found = row[1] if row else 0
        if change.expected is not None and change.expected != found:
            raise Conflict(change, found)

    def _count(self, changes: Iterable[Change], bodies: Iterable[bytes | None]) -> None:
        """Count what changes make the store larger or smaller by, or refuse them all."""
        growth: dict[Place, int] = {}
        for change, body in zip(changes, bodies, strict=True):
            place, key = (change.sandbox, change.kind), change.key
            row = self._kinds.get(place, {}).get(key)
            size = 0 if body is None else _cost(key, body)
            if row is not None and row is not self._loaded.get(place, {}).get(key):
                size -= _cost(key, row[2])
            growth[place] = growth.get(place, 0) + size
        self.room.change(sum(growth.values()))
        for place, size in growth.items():
            self._grown[place] = self._grown.get(place, 0) + size

    def _forget(self, place: Place) -> None:
        """Count a place no more."""
        self.room.change(-self._grown.pop(place, 0))
        loaded = self._loaded.pop(place, None)
        if loaded is not None:
            self.room.release(loaded)

    def _apply(self, change: Change, body: bytes | None) -> None:
        place = (change.sandbox, change.kind)
        rows = self._own.get(place)
        if rows is None:
            rows = self._own[place] = self._kinds[place] = dict(self._kinds.get(place, ()))
        self._lists.pop(place, None)
        row = rows.get(change.key)
        ordinal = row[0] if row else 0
        if body is None:
            rows.pop(change.key, None)
            self._parts.delete(place, change.key)
        elif row and not change.moves:
            rows[change.key] = (ordinal, row[1] + 1, body)
        else:
            rows.pop(change.key, None)
            ordinal = self._advance(change.sandbox, f"#{change.kind}")
            rows[change.key] = (ordinal, row[1] + 1 if row else 1, body)
        self._indexes.note(place, change.key, ordinal, change.body)

    def next(self, sandbox: Sandbox, counter: str) -> int:
        with self._lock:
            return self._advance(sandbox, counter)

    def _advance(self, sandbox: Sandbox, counter: str) -> int:
        number = self._counters.get((sandbox, counter), 0) + 1
        self._counters[(sandbox, counter)] = number
        return number

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        def goes(sandbox: Sandbox) -> bool:
            return organization in (None, sandbox.organization) and name in (None, sandbox.name)

        self._parts.forget()
        with self._lock:
            self._indexes.forget()
            self._lists.clear()
            for place in [place for place in self._kinds if goes(place[0])]:
                self._forget(place)
            self._kinds = {key: rows for key, rows in self._kinds.items() if not goes(key[0])}
            self._own = {key: rows for key, rows in self._own.items() if not goes(key[0])}
            self._counters = {key: n for key, n in self._counters.items() if not goes(key[0])}

    def is_empty(self) -> bool:
        return not self.dump().documents

    def dump(self) -> Snapshot:
        with self._lock:
            self._own = {}
            sizes = {place: self._size(place) for place in self._kinds}
            return Snapshot(dict(self._kinds), dict(self._counters), sizes)

    def _size(self, place: Place) -> int:
        loaded = self._loaded.get(place)
        return self._grown.get(place, 0) + (0 if loaded is None else self.room.size_of(loaded))

    def load(self, snapshot: Snapshot, sandbox: Sandbox | None = None) -> None:
        self._parts.forget()
        with self._lock, self.room.exempt():
            self._indexes.forget()
            self._lists.clear()
            for place in list(self._kinds):
                if sandbox in (None, place[0]):
                    self._forget(place)
            for place, rows in snapshot.documents.items():
                if sandbox in (None, place[0]):
                    self.room.hold(rows, snapshot.size(place))
                    self._loaded[place] = rows
            self._own = {} if sandbox is None else _without(self._own, sandbox)
            self._kinds = _replaced(self._kinds, snapshot.documents, sandbox)
            self._counters = _replaced(self._counters, snapshot.counters, sandbox)

    def is_held(self) -> bool:
        return False

    def reading(self) -> AbstractContextManager[object]:
        return _AS_IT_IS

    def exclusive(self, sandbox: Sandbox) -> AbstractContextManager[object]:
        writer = self._writers.get(sandbox)
        if writer is None:
            with self._lock:
                writer = self._writers.setdefault(sandbox, threading.RLock())
        return writer

    def is_busy(self, sandbox: Sandbox) -> bool:
        writer = self._writers.get(sandbox)
        if writer is None:
            return False
        is_free = writer.acquire(blocking=False)
        if is_free:
            writer.release()
        return not is_free

    def alone(self) -> AbstractContextManager[object]:
        return nullcontext()

    def after_commit(self, function: Callable[[], object]) -> None:
        function()

    def close(self) -> None:
        self.erase()
