"""What the journal keeps of an exchange: at first all of it, later as little as will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.journal.entry import BODY, EXPECTS, GATE, Broken, Entry
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.web.call import Incoming
from emulator.web.request_document import describe

if TYPE_CHECKING:
    from emulator.contract.judge import Finding
    from emulator.web.exchange import Exchange

MOST_OF_A_FILE = 64 * 1024
"""So many bytes of a file that is uploaded are kept."""

MOST_OF_A_REPLY = 64 * 1024
"""So many bytes of a reply are kept."""

OVERHEAD = 1024
"""What an exchange takes beside its messages, in bytes."""


class Kept:
    """An exchange that may still change, and once it is packed what an entry can be made of.

    Packed it is four objects rather than some sixty: the many would have to be found in memory
    again, one by one, when the ring lets go of them.
    """

    __slots__ = ("_exchange", "_packed", "_rest", "is_gone", "number", "size")

    def __init__(self, number: int, exchange: Exchange) -> None:
        self.number = number
        self.size = OVERHEAD + len(kept_of(exchange.incoming))
        self.is_gone = False
        self._exchange: Exchange | None = exchange
        self._packed = b""
        self._rest: tuple[Any, ...] = ()

    @property
    def exchange(self) -> Exchange | None:
        """The exchange as it was, as long as it has not been packed."""
        return self._exchange

    def pack(self) -> None:
        """Keep no more than is needed; the reply has gone out."""
        exchange = self._exchange
        if exchange is None:
            return
        incoming, reply = exchange.incoming, exchange.reply
        body = _bytes(reply.body)
        is_cut = len(body) > MOST_OF_A_REPLY
        self._packed = dumps(
            (
                incoming.method,
                incoming.target,
                incoming.query_string,
                incoming.base_url,
                incoming.headers,
                incoming.path,
                reply.headers,
            )
        )
        self._rest = (
            incoming.operation,
            kept_of(incoming),
            len(incoming.body),
            incoming.too_long,
            reply.status,
            body[:MOST_OF_A_REPLY] if is_cut else body,
            is_cut,
            exchange.time,
            exchange.sandbox,
            exchange.edition.name,
            exchange.enforce,
            exchange.request is not None,
            judged_by(exchange),
            _broken(exchange) if is_remarkable(exchange) else (),
            tuple(exchange.complaints),
            tuple(exchange.faults),
        )
        self._exchange = None
        self.size += len(self._packed) + min(len(body), MOST_OF_A_REPLY)

    @property
    def entry(self) -> Entry:
        """The exchange as an entry, made anew each time."""
        if self._exchange is not None:
            # It may still change, and is not packed before it has gone out.
            return entry_of(self.number, self._exchange)
        method, target, query_string, base_url, headers, path, reply_headers = loads(self._packed)
        operation, body, length, too_long, status, reply_body, is_cut, *others = self._rest
        time, sandbox, edition, enforce, is_described, judged, broken, complaints, faults = others
        incoming = Incoming(
            operation, path, query_string, headers, body, too_long, base_url, method, target
        )
        return Entry(
            number=self.number,
            time=time,
            operation=operation.id,
            service=operation.service,
            method=method or operation.method,
            path=_path(incoming),
            query_string=query_string,
            headers=headers,
            body=body,
            status=status,
            reply_headers=reply_headers,
            reply_body=reply_body,
            base_url=base_url,
            organization=sandbox.organization or headers.get("x-gw-ims-org-id", ""),
            sandbox=sandbox.name,
            edition=edition,
            enforce=enforce,
            judged=judged,
            document=_document(incoming, length) if is_described else None,
            broken=broken,
            body_is_cut=too_long or length > len(body),
            reply_is_cut=is_cut,
            complaints=complaints,
            faults=faults,
        )


class KeptEntry(Kept):
    """An entry from elsewhere, kept as it came."""

    __slots__ = ("_own",)

    def __init__(self, entry: Entry) -> None:
        self.number = entry.number
        self.size = OVERHEAD + len(entry.body) + len(entry.reply_body)
        self.is_gone = False
        self._exchange = None
        self._own = entry

    @property
    def entry(self) -> Entry:
        return self._own


def kept_of(incoming: Incoming) -> bytes:
    """Return what is kept of a request's body: of a file that is uploaded, its beginning."""
    is_file = incoming.operation.body == "bytes"
    return incoming.body[:MOST_OF_A_FILE] if is_file else incoming.body


def _document(incoming: Incoming, length: int) -> JsonObject:
    """Return the request document again, of a body that once had this length."""
    document = describe(incoming)
    if length > len(incoming.body):
        document["content"]["length"] = length
    return document


def is_remarkable(exchange: Exchange) -> bool:
    """Tell whether there is more to say of an exchange than that it went well."""
    return bool(
        exchange.findings
        or exchange.complaints
        or exchange.faults
        or exchange.reply.status >= 400
        or EXPECTS in exchange.incoming.headers
    )


def entry_of(number: int, exchange: Exchange) -> Entry:
    """Return an exchange as an entry; a long reply is cut."""
    kept = Kept(number, exchange)
    kept.pack()
    return kept.entry


def _bytes(body: Json | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else dumps(body)


def _path(incoming: Incoming) -> str:
    """Return the path that was asked for, as it was written."""
    path = incoming.target.partition("?")[0]
    return path or incoming.operation.base_path + incoming.operation.path


def judged_by(exchange: Exchange) -> tuple[str, ...]:
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
