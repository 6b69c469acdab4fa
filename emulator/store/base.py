"""The interface of stores. `tests/store` says what every implementation promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import NamedTuple, Protocol

from emulator.json_types import Json
from emulator.sandbox import Sandbox
from emulator.store.room import Room


class Stored(NamedTuple):
    """A document as it was last written.

    `version` counts its writes from 1; `ordinal` grows with the order of creation in its kind, or
    of the last change that moved it.
    """

    key: str
    version: int
    ordinal: int
    body: Json


class Change(NamedTuple):
    """One write: the new body, or None to delete.

    `expected` is the version that the document must have: 0 for one that must not exist, None for
    any. `moves` puts the document at the end of its kind, as if it had just been created: lists
    that show what was last changed first read their kind from there.
    """

    sandbox: Sandbox
    kind: str
    key: str
    body: Json | None
    expected: int | None = None
    moves: bool = False


Place = tuple[Sandbox, str]
"""The place of documents or of a counter: a sandbox, and a kind or a counter's name."""

Row = tuple[int, int, bytes]
"""Ordinal, version and body of a document, the body as JSON."""


DOCUMENT_BYTES = 300
"""What a document costs beside its body and key: its row, and its places in tables."""


class Snapshot(NamedTuple):
    """All that a store holds at one moment. It never changes, whatever the store does next.

    `documents` has rows by key, in order of creation. Its mappings are not to be written to: a
    store that has loaded a snapshot may read from them for as long as it lives. `sizes` has the
    bytes of places whose store has counted them.
    """

    documents: Mapping[Place, Mapping[str, Row]]
    counters: Mapping[Place, int]
    sizes: Mapping[Place, int] = MappingProxyType({})

    def size(self, place: Place) -> int:
        """Return about how many bytes the documents of a place have."""
        known = self.sizes.get(place)
        if known is None:
            rows = self.documents.get(place, {})
            return sum(len(key) + len(row[2]) + DOCUMENT_BYTES for key, row in rows.items())
        return known


EMPTY = Snapshot({}, {})
"""What a new store holds."""


class Hint(NamedTuple):
    """What a reader needs of documents. A store may leave out the rest, or take no notice.

    `members` are the top-level members that are needed, None for all. `texts` have to be in a
    document that is needed: each within a text, or within a member's name. `equal` has top-level
    members that are a text, or have one among others. `prefix` is how its key has to begin.
    """

    members: frozenset[str] | None = None
    texts: tuple[str, ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    prefix: str = ""


ALL = Hint()
"""Everything of every document."""


class Conflict(Exception):
    """A document is at another version than its change expects; nothing was written."""

    def __init__(self, change: Change, found: int) -> None:
        super().__init__(f"{change.kind} {change.key}: expected {change.expected}, found {found}")
        self.change = change
        self.found = found


class StoreUnusable(Exception):
    """What a setting names cannot be a store; the message says why in a line."""


class StoreUnavailable(Exception):
    """The store does not answer now, or not in time; nothing was written."""


class StoreFull(Exception):
    """There is no room left; nothing was written."""


class Store(Protocol):
    """Versioned JSON documents. Bodies go in and come out as copies.

    `room` counts what is kept, that of files too.
    """

    room: Room

    def read(self, sandbox: Sandbox, kind: str, key: str) -> Stored | None:
        """Return one document."""

    def read_many(self, sandbox: Sandbox, kind: str, keys: Iterable[str]) -> list[Stored]:
        """Return the documents of a kind with these keys, in their order; what is not there is not.

        Where each read is a question to a database, this is one.
        """

    def scan(
        self, sandbox: Sandbox, kind: str, after: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        """Yield the documents of a kind in order of creation, from beyond ordinal `after`.

        One document is read at a time, so that whoever has enough can stop.
        """

    def recent(
        self, sandbox: Sandbox, kind: str, before: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        """Yield the documents of a kind from the end, or from below ordinal `before`."""

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
        """Yield the documents of a kind in order of the whole number at a dotted path.

        Equal ones keep the order of creation, unless a descending order is to turn round `ties`
        too. Return None if that would take as long as to scan
        the kind, or if a document has no whole number there: then the caller has to sort.

        Args:
            start: The lowest number; it needs an ascending order.
        """

    def sandboxes(self, kind: str) -> list[Sandbox]:
        """Return the sandboxes that hold documents of a kind, in the order of their names."""

    def count(self, sandbox: Sandbox, kind: str) -> int:
        """Return how many documents of a kind there are."""

    def write(self, *changes: Change) -> None:
        """Apply all changes or none.

        Raises:
            Conflict: A document is not at the version that its change expects.
        """

    def next(self, sandbox: Sandbox, counter: str) -> int:
        """Return the next number of a counter, from 1."""

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        """Forget everything, or one organization, or one sandbox of it; counters included.

        The caller sees to it that nobody writes there, by `alone` or `exclusive`; so for `load`.
        """

    def is_empty(self) -> bool:
        """Tell whether it holds no document."""

    def dump(self) -> Snapshot:
        """Return everything."""

    def load(self, snapshot: Snapshot, sandbox: Sandbox | None = None) -> None:
        """Replace everything, or what one sandbox holds, by what a snapshot holds of it."""

    def is_busy(self, sandbox: Sandbox) -> bool:
        """Tell whether another thread is in the exclusive section of a sandbox just now."""

    def is_held(self) -> bool:
        """Tell whether a write would have to wait for another process, which may take long."""

    def reading(self) -> AbstractContextManager[object]:
        """Let this thread see in the block each document as it was at its beginning, or later.

        That takes less time where each read asks a database. It is for what waits for nobody else
        in the block.
        """

    def exclusive(self, sandbox: Sandbox) -> AbstractContextManager[object]:
        """Let one writer at a time decide and write in a sandbox."""

    def alone(self) -> AbstractContextManager[object]:
        """Replace much in one step: meanwhile nobody else writes, in any sandbox and process.

        A store in memory has nothing to do for it.
        """

    def after_commit(self, function: Callable[[], object]) -> None:
        """Call a function as soon as others can see what this thread has written."""

    def close(self) -> None:
        """Release all resources."""
