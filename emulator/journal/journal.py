"""The journal of a running emulator: the latest exchanges, and what all of them cover."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.journal.entry import BODY, GATE, Broken, Entry
from emulator.json_types import Json, dumps

if TYPE_CHECKING:
    from emulator.contract.judge import Finding
    from emulator.coverage.coverage import Coverage
    from emulator.web.call import Incoming
    from emulator.web.exchange import Exchange

MOST_BYTES = 64 * 1024**2
"""About so many bytes are kept in all."""

MOST_OF_A_FILE = 64 * 1024
"""So many bytes of a file that is uploaded are kept."""

MOST_OF_A_REPLY = 64 * 1024
"""So many bytes of a reply are kept."""

OVERHEAD = 6 * 1024
"""What an exchange takes beside its bodies, in bytes."""

PARSED = 6
"""So many times its text a parsed body takes."""

OWN_PATHS = "/_emulator"
"""What is asked of the emulator itself is not journaled."""


class Journal:
    """A ring of the latest exchanges. Each is counted for the coverage when it leaves the ring.

    While a client waits, nothing but a reference is taken. Whoever asks for entries or for the
    coverage pays for them.
    """

    def __init__(self, contract: Contract, most: int, most_bytes: int = MOST_BYTES) -> None:
        """Keep at most so many exchanges, of about so many bytes, but always the latest."""
        self._most = most
        self._most_bytes = most_bytes
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._latest = 0
        self._counted = 0
        self._contract = contract
        self._coverage: Coverage | None = None
        self._lock = threading.RLock()

    def add(self, exchange: Exchange) -> None:
        """Take an exchange. Its reply may still be changed by others before it goes out."""
        if exchange.incoming.target.startswith(OWN_PATHS):
            return
        kept = self._kept
        with self._lock:
            if kept:
                # By now the reply before this one has gone out as bytes.
                self._bytes += kept[-1].settle()
            self._latest += 1
            kept.append(_Kept(self._latest, exchange))
            self._make_room()

    def add_entry(self, entry: Entry) -> None:
        """Take an exchange that somebody else has watched and judged; it gets its number here."""
        with self._lock:
            if self._kept:
                self._bytes += self._kept[-1].settle()
            self._latest += 1
            entry.number = self._latest
            item = _Kept(entry.number, None, entry)
            self._kept.append(item)
            self._bytes += item.size
            self._make_room()

    def _make_room(self) -> None:
        kept = self._kept
        while len(kept) > self._most or (self._bytes > self._most_bytes and len(kept) > 1):
            self._let_go()

    def _let_go(self) -> None:
        oldest = self._kept.popleft()
        self._bytes -= oldest.size
        self._count(oldest)

    def _count(self, item: _Kept) -> None:
        if item.number > self._counted:
            self._counted = item.number
            self._whole().add(item.entry)

    def coverage(self) -> Coverage:
        """Return what all exchanges so far have covered."""
        with self._lock:
            for item in self._kept:
                self._count(item)
            return self._whole()

    def _whole(self) -> Coverage:
        if self._coverage is None:
            from emulator.coverage.coverage import Coverage  # the start does without

            self._coverage = Coverage(self._contract)
        return self._coverage

    def entries(self, *, newest_first: bool = True) -> Iterator[Entry]:
        """Yield the entries that are kept."""
        with self._lock:
            kept = list(self._kept)
        for item in reversed(kept) if newest_first else kept:
            yield item.entry

    def entry(self, number: int) -> Entry | None:
        """Return an entry by its number; None if it never was, or is no longer kept."""
        with self._lock:
            return next((item.entry for item in self._kept if item.number == number), None)

    def clear(self, test: str | None = None) -> None:
        """Forget the entries, or those of one test; what they covered stays counted."""
        with self._lock:
            for item in self._kept:
                self._bytes += item.settle()
                self._count(item)
            left = [item for item in self._kept if test is not None and item.entry.test != test]
            self._kept = deque(left)
            self._bytes = sum(item.size for item in left)

    def forget(self) -> None:
        """Forget the entries that are kept, uncounted, and number the next one 1.

        What was counted stays; `clear` before counts these too.
        """
        with self._lock:
            self._kept.clear()
            self._bytes = self._latest = self._counted = 0

    def clear_coverage(self, test: str | None = None) -> None:
        """Count anew, of all or of one test, from the next exchange on."""
        with self._lock:
            if test is not None:
                self._coverage = self.coverage().without(test)
                return
            self._counted = self._latest
            self._coverage = None


class _Kept:
    """An exchange as it was; an entry when somebody asks for one."""

    __slots__ = ("_entry", "_exchange", "number", "size")

    def __init__(self, number: int, exchange: Exchange | None, entry: Entry | None = None) -> None:
        self.number = number
        self.size = _size(entry.body, entry.reply_body) if entry is not None else 0
        self._exchange = exchange
        self._entry = entry

    def settle(self) -> int:
        """Return what the exchange takes, once; of long replies and files the beginning stays."""
        if self.size or self._exchange is None:
            return 0
        incoming, reply = self._exchange.incoming, _bytes(self._exchange.reply.body)
        self.size = _size(_kept_of(incoming), reply)
        if len(reply) > MOST_OF_A_REPLY or _is_long_file(incoming):
            self._entry = self.entry
            self._exchange = None
        return self.size

    @property
    def entry(self) -> Entry:
        if self._exchange is not None:
            # Made anew each time: until its reply has gone out it may still be changed.
            return entry_of(self.number, self._exchange)
        assert self._entry is not None  # noqa: S101
        return self._entry


def _size(request: bytes, reply: bytes) -> int:
    return OVERHEAD + PARSED * len(request) + min(len(reply), MOST_OF_A_REPLY)


def entry_of(number: int, exchange: Exchange) -> Entry:
    """Return an exchange as an entry; a long reply is cut."""
    incoming, reply = exchange.incoming, exchange.reply
    operation, body = incoming.operation, _bytes(reply.body)
    return Entry(
        number=number,
        time=exchange.time,
        operation=operation.id,
        service=operation.service,
        method=incoming.method or operation.method,
        path=_path(incoming),
        query_string=incoming.query_string,
        headers=incoming.headers,
        body=_kept_of(incoming),
        status=reply.status,
        reply_headers=reply.headers,
        reply_body=body[:MOST_OF_A_REPLY],
        base_url=incoming.base_url,
        organization=exchange.sandbox.organization or incoming.headers.get("x-gw-ims-org-id", ""),
        sandbox=exchange.sandbox.name,
        edition=exchange.edition.name,
        enforce=exchange.enforce,
        judged=_judged(exchange),
        document=exchange.request,
        broken=_broken(exchange),
        body_is_cut=incoming.too_long or _is_long_file(incoming),
        reply_is_cut=len(body) > MOST_OF_A_REPLY,
        complaints=tuple(exchange.complaints),
        faults=tuple(exchange.faults),
    )


def _is_long_file(incoming: Incoming) -> bool:
    """Tell whether a request uploads a file of which only the beginning is kept."""
    return incoming.operation.body == "bytes" and len(incoming.body) > MOST_OF_A_FILE


def _kept_of(incoming: Incoming) -> bytes:
    return incoming.body[:MOST_OF_A_FILE] if _is_long_file(incoming) else incoming.body


def _bytes(body: Json | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else dumps(body)


def _path(incoming: Incoming) -> str:
    """Return the path that was asked for, as it was written."""
    path = incoming.target.partition("?")[0]
    return path or incoming.operation.base_path + incoming.operation.path


def _judged(exchange: Exchange) -> tuple[str, ...]:
    """Return the groups of rules that had their say, up to the one that refused."""
    if exchange.request is None or _is_own_failure(exchange):
        return ()
    operation = exchange.incoming.operation
    groups = [GATE] if operation.gated else []
    if exchange.request["content"]:
        groups.append(BODY)
    groups.append(operation.id)
    if exchange.refused_by is not None:
        last = exchange.refused_by.rule.operation
        del groups[groups.index(last) + 1 :]
    return tuple(groups)


def _broken(exchange: Exchange) -> tuple[Broken, ...]:
    by = exchange.refused_by
    found = [_broken_rule(finding, finding is by) for finding in exchange.findings]
    id = exchange.reply.headers.get("x-emulator-rule")
    if by is None and id and exchange.reply.status >= 400 and not exchange.faults:
        # No rule refused it, so an entry of the error catalogue did: an unknown path, for one.
        severity = "note" if exchange.reply.status >= 500 else "error"
        found.append(Broken(id, severity, refused=True, is_rule=False))
    return tuple(found)


def _broken_rule(finding: Finding, refused: bool) -> Broken:
    rule, mute = finding.rule, finding.mute
    why = mute.reason if mute is not None else ""
    return Broken(rule.id, rule.severity, finding.at, finding.reason, refused, mute=why)


def _is_own_failure(exchange: Exchange) -> bool:
    """Tell whether the emulator itself failed, so that nobody knows which rules were asked."""
    return exchange.refused_by is None and exchange.reply.status == 500
