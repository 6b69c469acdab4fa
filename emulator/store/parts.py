"""Parts of documents that lists have looked at, so that the next list does not read them whole."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emulator.budgets import LIST_PARTS_BYTES
from emulator.json_types import Json, dumps, loads
from emulator.store.base import Place, Row
from emulator.store.indexes import FEW

_OVERHEAD = 200
"""Bytes that one part takes beside its JSON."""

_Cells = dict[str, tuple[Row, bytes]]


class Parts:
    """Some members of documents, as JSON, by place, the members' names, and key.

    A part holds for one row: whatever is written makes a new row, so nothing has to be told.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Place, frozenset[str]], _Cells] = {}
        self._size = 0

    def reader(
        self, place: Place, members: frozenset[str] | None, count: int
    ) -> Callable[[str, Row], Json]:
        """Return what reads these members of a row, or all; of a kind with `count` documents."""
        if members is None:
            return lambda key, row: loads(row[2])
        if not members:
            return lambda key, row: {}
        if count <= FEW:
            return lambda key, row: _some(row, members)
        cells = self._known.setdefault((place, members), {})

        def read(key: str, row: Row) -> Json:
            cell = cells.get(key)
            if cell is not None and cell[0] is row:
                return loads(cell[1])
            part = _some(row, members)
            self._keep(cells, key, row, dumps(part))
            return part

        return read

    def _keep(self, cells: _Cells, key: str, row: Row, part: bytes) -> None:
        with self._lock:
            self._size += 0 if key in cells else len(part) + _OVERHEAD
            if self._size > LIST_PARTS_BYTES:
                self._forget()
            cells[key] = (row, bytes(memoryview(part)))

    def delete(self, place: Place, key: str) -> None:
        """Forget what is known of a document that is removed."""
        with self._lock:
            for (where, _), cells in self._known.items():
                if where == place and key in cells:
                    self._size -= len(cells.pop(key)[1]) + _OVERHEAD

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        for cells in self._known.values():
            cells.clear()
        self._known.clear()
        self._size = 0


def _some(row: Row, members: frozenset[str]) -> Json:
    body = loads(row[2])
    if not isinstance(body, dict):
        return body
    return {name: body[name] for name in members if name in body}
