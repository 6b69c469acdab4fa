"""Indexes of the memory store: documents of a kind by a text, or in the order of a number."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice
from typing import Protocol, TypeVar

from emulator.budgets import LIST_INDEXES
from emulator.json_types import Json, dotted
from emulator.store.base import Place

FEW = 256
"""How many documents a kind may have before anything is remembered of it for lists."""

MANY = 1000
"""How many documents an index of texts names at most; more are looked through one by one."""

Entry = tuple[int, int, str]
"""The number, the ordinal and the key of a document."""


class Index(Protocol):
    """What is known of the documents of one kind."""

    def note(self, key: str, ordinal: int, body: Json) -> None:
        """Learn how a document is now; None for one that is not there."""


class Texts:
    """The keys of documents by the text that a top-level member of them is.

    Documents whose member is something else than a text, such as a list, are among the answers to
    everything; those without the member are not.
    """

    def __init__(self, member: str) -> None:
        self._member = member
        self._keys: dict[str | None, dict[str, None]] = {}
        self._texts: dict[str, str | None] = {}

    def note(self, key: str, ordinal: int, body: Json) -> None:
        if key in self._texts:
            keys = self._keys[self._texts.pop(key)]
            keys.pop(key)
        if isinstance(body, dict) and self._member in body:
            value = body[self._member]
            text = value if isinstance(value, str) else None
            self._texts[key] = text
            self._keys.setdefault(text, {})[key] = None

    def keys(self, text: str) -> list[str] | None:
        """Return the keys of documents whose member may be a text; None if there are many."""
        own, others = self._keys.get(text, {}), self._keys.get(None, {})
        return None if len(own) + len(others) > MANY else [*own, *others]


class Numbers:
    """Documents in the order of the whole number at a dotted path, and of creation among equals."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._entries: list[Entry] = []
        self._by_key: dict[str, Entry] = {}
        self._others: set[str] = set()

    def note(self, key: str, ordinal: int, body: Json) -> None:
        self._others.discard(key)
        entry = self._by_key.pop(key, None)
        if entry is not None:
            del self._entries[bisect_left(self._entries, entry)]
        if body is None:
            return
        number = dotted(body, self._path)
        if type(number) is int:
            entry = self._by_key[key] = (number, ordinal, key)
            insort(self._entries, entry)
        else:
            self._others.add(key)

    def entries(self) -> list[Entry] | None:
        """Return all documents in order; None if one of them has no whole number there."""
        return None if self._others else list(self._entries)


def in_order(
    entries: list[Entry], descending: bool, ties: bool, start: int | None
) -> Iterator[Entry]:
    """Yield documents as `Store.ordered` does."""
    if descending:
        return reversed(entries) if ties else _highest_first(entries)
    begin = 0 if start is None else bisect_left(entries, (start,))
    return islice(entries, begin, None)


def _highest_first(entries: list[Entry]) -> Iterator[Entry]:
    """Yield documents from the highest number on; those of equal numbers keep their order."""
    end = len(entries)
    while end:
        begin = bisect_left(entries, (entries[end - 1][0],))
        yield from entries[begin:end]
        end = begin


_I = TypeVar("_I", bound=Index)


class Indexes:
    """The indexes of all kinds. Whoever calls holds the store's lock."""

    def __init__(self) -> None:
        self._known: dict[Place, dict[tuple[type[Index], str], Index]] = {}

    def find(self, place: Place, type: type[_I], member: str) -> _I | None:
        """Return an index that has been kept."""
        found = self._known.get(place, {}).get((type, member))
        return found if isinstance(found, type) else None

    def keep(self, place: Place, member: str, index: Index) -> None:
        """Keep an index, of which `note` hears from now on; with too many of them all others go."""
        if sum(map(len, self._known.values())) >= LIST_INDEXES:
            self._known.clear()
        self._known.setdefault(place, {})[(type(index), member)] = index

    def note(self, place: Place, key: str, ordinal: int, body: Json) -> None:
        """Tell the indexes of a kind how a document is now; None for one that is removed."""
        for index in self._known.get(place, {}).values():
            index.note(key, ordinal, body)

    def forget(self) -> None:
        """Forget everything."""
        self._known.clear()
