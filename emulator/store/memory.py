"""State in memory, the default: fast, and gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

from emulator.json_types import Json, dumps, loads
from emulator.sandbox import Sandbox
from emulator.store.base import Change, Conflict, Place, Row, Snapshot, Stored

_T = TypeVar("_T")


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

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[Place, Mapping[str, Row]] = {}
        self._own: dict[Place, dict[str, Row]] = {}
        self._counters: dict[Place, int] = {}
        self._writers: dict[Sandbox, threading.RLock] = {}

    def read(self, sandbox: Sandbox, kind: str, key: str) -> Stored | None:
        with self._lock:
            row = self._kinds.get((sandbox, kind), {}).get(key)
        return row and Stored(key, row[1], row[0], loads(row[2]))

    def scan(self, sandbox: Sandbox, kind: str, after: int = 0) -> Iterator[Stored]:
        keys, rows = self._listed(sandbox, kind)
        for key, (ordinal, version, body) in zip(keys, rows, strict=True):
            if ordinal > after:
                yield Stored(key, version, ordinal, loads(body))

    def recent(self, sandbox: Sandbox, kind: str, before: int = 0) -> Iterator[Stored]:
        keys, rows = self._listed(sandbox, kind)
        for key, (ordinal, version, body) in zip(reversed(keys), reversed(rows), strict=True):
            if not before or ordinal < before:
                yield Stored(key, version, ordinal, loads(body))

    def _listed(self, sandbox: Sandbox, kind: str) -> tuple[list[str], list[Row]]:
        """Return the keys and the rows of a kind: two lists are copied faster than pairs."""
        with self._lock:
            rows = self._kinds.get((sandbox, kind), {})
            return list(rows), list(rows.values())

    def count(self, sandbox: Sandbox, kind: str) -> int:
        with self._lock:
            return len(self._kinds.get((sandbox, kind), {}))

    def write(self, *changes: Change) -> None:
        encoded = [None if change.body is None else _encoded(change.body) for change in changes]
        with self._lock:
            for change in changes:
                self._expect(change)
            for change, body in zip(changes, encoded, strict=True):
                self._apply(change, body)

    def _expect(self, change: Change) -> None:
        row = self._kinds.get((change.sandbox, change.kind), {}).get(change.key)
        found = row[1] if row else 0
        if change.expected is not None and change.expected != found:
            raise Conflict(change, found)

    def _apply(self, change: Change, body: bytes | None) -> None:
        place = (change.sandbox, change.kind)
        rows = self._own.get(place)
        if rows is None:
            rows = self._own[place] = self._kinds[place] = dict(self._kinds.get(place, ()))
        row = rows.get(change.key)
        if body is None:
            rows.pop(change.key, None)
        elif row and not change.moves:
            rows[change.key] = (row[0], row[1] + 1, body)
        else:
            rows.pop(change.key, None)
            ordinal = self._advance(change.sandbox, f"#{change.kind}")
            rows[change.key] = (ordinal, row[1] + 1 if row else 1, body)

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

        with self._lock:
            self._kinds = {key: rows for key, rows in self._kinds.items() if not goes(key[0])}
            self._own = {key: rows for key, rows in self._own.items() if not goes(key[0])}
            self._counters = {key: n for key, n in self._counters.items() if not goes(key[0])}

    def dump(self) -> Snapshot:
        with self._lock:
            self._own = {}
            return Snapshot(dict(self._kinds), dict(self._counters))

    def load(self, snapshot: Snapshot, sandbox: Sandbox | None = None) -> None:
        with self._lock:
            self._own = {} if sandbox is None else _without(self._own, sandbox)
            self._kinds = _replaced(self._kinds, snapshot.documents, sandbox)
            self._counters = _replaced(self._counters, snapshot.counters, sandbox)

    def exclusive(self, sandbox: Sandbox) -> AbstractContextManager[object]:
        writer = self._writers.get(sandbox)
        if writer is None:
            with self._lock:
                writer = self._writers.setdefault(sandbox, threading.RLock())
        return writer

    def close(self) -> None:
        self.erase()
