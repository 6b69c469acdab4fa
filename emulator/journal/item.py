"""What the journal holds of one call: an exchange, or what has been packed of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from emulator.budgets import JOURNAL_BODY_BYTES, JOURNAL_EXCERPT_BYTES
from emulator.journal.entry import Entry
from emulator.journal.packing import OVERHEAD, PackedExchange, size_of, size_of_fresh
from emulator.json_types import JsonObject, dumps, loads

if TYPE_CHECKING:
    from emulator.web.exchange import Exchange


class PackedEntry:
    """A call that was observed elsewhere, as little of it as will do.

    Attributes:
        size: About how many bytes it takes.
    """

    __slots__ = ("_document", "_entry", "size")

    def __init__(self, entry: Entry) -> None:
        document = entry.document
        body, is_whole = entry.body, len(entry.body) <= JOURNAL_BODY_BYTES
        self._document = dumps(document) if document is not None and is_whole else None
        answered = entry.response_body[:JOURNAL_EXCERPT_BYTES]
        entry = replace(
            entry,
            body=body if is_whole else body[:JOURNAL_EXCERPT_BYTES],
            body_truncated=entry.body_truncated or not is_whole,
            response_body=answered,
            response_truncated=entry.response_truncated or len(answered) < len(entry.response_body),
            described=None,
        )
        self._entry = entry
        texts = [*entry.headers.items(), *entry.response_headers.items()]
        self.size = OVERHEAD + sum(len(name) + len(value) for name, value in texts)
        self.size += len(entry.body) + len(entry.response_body) + len(self._document or b"")
        self.size += size_of(entry.findings, entry.deviations)

    def entry(self, number: int) -> Entry:
        """Return the entry, made anew each time."""
        document = self._document
        described = None if document is None else partial(loads, document)
        return replace(self._entry, number=number, described=described)

    @property
    def body(self) -> bytes:
        """What is kept of the request's body."""
        return self._entry.body

    @property
    def response_body(self) -> bytes:
        """What is kept of the reply's body."""
        return self._entry.response_body

    def members(self) -> JsonObject:
        """Return the members of the entry, as `Entry.members` does."""
        return self._entry.members()

    def again(self) -> JsonObject:
        """Return what the request document is made of again: here it is the document itself."""
        return {} if self._document is None else {"document": loads(self._document)}


Packed = PackedExchange | PackedEntry
_PACKED = (PackedExchange, PackedEntry)


class JournalItem:
    """What the journal holds of one call, with its number and about how many bytes it takes.

    An exchange may still change until its reply has gone out; then it is packed.

    Attributes:
        moment: When it was answered by the machine, where a store keeps it.
        is_gone: Whether the journal holds it no longer.
    """

    __slots__ = ("_content", "is_gone", "moment", "number", "size")

    def __init__(self, number: int, content: Exchange | Packed, moment: int = 0) -> None:
        self.number = number
        self.moment = moment
        self.is_gone = False
        self._content = content
        self.size = content.size if isinstance(content, _PACKED) else size_of_fresh(content)

    @property
    def exchange(self) -> Exchange | None:
        """The exchange as it was, as long as it has not been packed."""
        content = self._content
        return None if isinstance(content, _PACKED) else content

    def keep(self, packed: Packed) -> None:
        """Keep no more than what has been packed; the reply has gone out."""
        self._content, self.size = packed, packed.size

    def packed(self) -> Packed:
        """Return no more of the call than is needed."""
        content = self._content
        return content if isinstance(content, _PACKED) else PackedExchange(content)

    @property
    def entry(self) -> Entry:
        """The call as an entry, made anew each time."""
        return self.packed().entry(self.number)
