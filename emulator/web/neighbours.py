"""What a client may have meant by a path that belongs to no operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from emulator.web.controls import CONTROL

if TYPE_CHECKING:
    from emulator.contract import Contract, Neighbour, Operation

MAX_PATH = 300
"""Longer paths are compared with none: that takes time."""

MAX_REMEMBERED = 1000
"""For how many methods and kinds of paths it is remembered what lies near."""

MOST = 3
"""How many paths are named at most."""

_LIKENESS = 0.65
_PARAMETER = re.compile(r"\{\w+\*?\}")
_ID = re.compile(r"[^/]*\d[^/]*|[^/]{24,}")
"""A segment that is more likely somebody's id than a word of the documents: it has digits."""


class Neighbours:
    """Knows what lies near a path: operations, the control API, services that are not emulated."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._near = lru_cache(maxsize=MAX_REMEMBERED)(self._find)

    @classmethod
    def of(cls, contract: Contract) -> Neighbours:
        """Return those of a contract, made once: what lies near a path takes long to find."""
        return contract.once(cls)

    def probe(self, path: str) -> Neighbour | None:
        """Return what a path is if browsers or monitors ask any server for it."""
        row = self._row(path)
        return row if row is not None and row.isProbe else None

    def hint(self, method: str, path: str) -> str:
        """Return the end of a sentence about a path that belongs to no operation; may be empty."""
        said = self.elsewhere(path)
        if not said:
            near = dict.fromkeys(one.base_path + one.path for one in self.near(method, path))
            said = f"did you mean {' or '.join(near)}?" if near else ""
        return f"; {said}" if said else ""

    def elsewhere(self, path: str) -> str:
        """Return what else answers a path: a service that is not emulated, or the control API."""
        row = self._row(path)
        if row is not None and row.title:
            return f"that is the {row.title}, which is not emulated"
        before, control, _ = path.partition(CONTROL)
        if before and control:
            return (
                f"the control API of the emulator is below {CONTROL}, without {before[:MAX_PATH]}"
            )
        first = path[1:].partition("/")[0].lower() if len(path) <= MAX_PATH else ""
        if get_close_matches(first, [CONTROL.strip("/")], cutoff=_LIKENESS):
            return f"the control API of the emulator is below {CONTROL}"
        return ""

    def near(self, method: str, path: str) -> tuple[Operation, ...]:
        """Return the operations whose paths are nearest, those with the method first."""
        return self._near(method, _shape(path)) if len(path) <= MAX_PATH else ()

    def _row(self, path: str) -> Neighbour | None:
        """Return the row with the longest path that a path is below."""
        whole = f"{path.rstrip('/')}/"
        rows = [
            row
            for row in self._contract.neighbours
            if (path == "/" if row.path == "/" else whole.startswith(f"{row.path}/"))
        ]
        return max(rows, key=lambda row: len(row.path), default=None)

    def _find(self, method: str, shape: str) -> tuple[Operation, ...]:
        known = self._templates
        has_words = bool(shape.strip("/{}"))
        matches = [known[one] for one in known if has_words and one.endswith(shape)]
        matches.sort(key=lambda operations: len(operations[0].path))
        matches += [known[one] for one in get_close_matches(shape, known, MOST, _LIKENESS)]
        matches.sort(key=lambda operations: all(item.method != method for item in operations))
        paths = {one[0].base_path + one[0].path: one for one in matches}
        return tuple(
            next((one for one in operations if one.method == method), operations[0])
            for operations in list(paths.values())[:MOST]
        )

    @cached_property
    def _templates(self) -> dict[str, list[Operation]]:
        """The operations by the shape of their paths."""
        found: dict[str, list[Operation]] = {}
        for shape, operation in self._shapes():
            found.setdefault(shape, []).append(operation)
        return found

    def _shapes(self) -> Iterator[tuple[str, Operation]]:
        for operation in self._contract.operations.values():
            yield _shape(_PARAMETER.sub("0", operation.base_path + operation.path)), operation


def _shape(path: str) -> str:
    """Return a path in lower case with a sign for each id."""
    return _ID.sub("{}", path.lower().rstrip("/"))
