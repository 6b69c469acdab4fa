"""What the journal keeps of an exchange: at first all of it, later as little as will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.contract.model import BODY, GATE
from emulator.journal.entry import EXPECTS_HEADER, Entry, EntryFinding
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.web.message import Request
from emulator.web.request_document import describe

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding
    from emulator.web.exchange import Exchange

MAX_FILE_BYTES = 64 * 1024
"""How many bytes of an uploaded file are kept."""

MAX_RESPONSE_BYTES = 64 * 1024
"""How many bytes of a response are kept."""

OVERHEAD = 1024
"""What an exchange takes besides its messages, in bytes."""


class PackedExchange:
    """What an entry can be made of once the reply has gone out; a long reply is cut.

    Sixty objects become four: this record, the texts as JSON, and the bytes of both bodies. The
    many would have to be visited by every garbage collection, and found in memory again, one by
    one, when the ring lets go of them. So nothing here is a dictionary or a list, and what may hold
    more than one thing is a tuple, which is the shared empty one for almost every exchange.

    Attributes:
        texts: JSON of the request's texts, by the names of `Request`, and of `response_headers`.
        body: Of the request, as much as is kept of it; `length` is that of the whole.
        response_body: Of the reply, as much as is kept of it.
        is_described: Whether there was a request document, which can be made again.
    """

    __slots__ = (
        *("operation", "texts", "body", "length", "is_too_long", "is_described"),
        *("status", "response_body", "is_response_cut", "time", "sandbox", "edition", "enforce"),
        *("judged", "findings", "deviations", "faults"),
    )

    def __init__(self, exchange: Exchange) -> None:
        incoming, reply = exchange.incoming, exchange.reply
        texts = {
            "path": incoming.path,
            "headers": incoming.headers,
            "base_url": incoming.base_url,
            "method": incoming.method,
            "target": incoming.target,
            "response_headers": reply.headers,
        }
        body = _bytes(reply.body)
        self.operation = incoming.operation
        self.texts = dumps(texts)
        self.body = stored_body(incoming)
        self.length = len(incoming.body)
        self.is_too_long = incoming.too_long
        self.is_described = exchange.request is not None
        self.status = reply.status
        self.response_body = body[:MAX_RESPONSE_BYTES]
        self.is_response_cut = len(body) > MAX_RESPONSE_BYTES
        self.time = exchange.time
        self.sandbox = exchange.sandbox
        self.edition = exchange.edition.name
        self.enforce = exchange.enforce
        self.judged = judged_by(exchange)
        self.findings = _findings(exchange) if is_remarkable(exchange) else ()
        self.deviations = tuple(exchange.deviations)
        self.faults = tuple(exchange.faults)

    @property
    def size(self) -> int:
        """About how many bytes it takes besides the request's body."""
        return len(self.texts) + len(self.response_body)

    def entry(self, number: int) -> Entry:
        """Return the exchange as an entry, made anew each time."""
        texts = loads(self.texts)
        response_headers = texts.pop("response_headers")
        incoming = Request(
            **texts, operation=self.operation, body=self.body, too_long=self.is_too_long
        )
        organization = self.sandbox.organization or incoming.headers.get("x-gw-ims-org-id", "")
        return Entry(
            number=number,
            time=self.time,
            operation=self.operation.id,
            service=self.operation.service,
            method=incoming.method,
            path=_path(incoming),
            query_string=incoming.query_string,
            headers=incoming.headers,
            body=self.body,
            status=self.status,
            response_headers=response_headers,
            response_body=self.response_body,
            base_url=incoming.base_url,
            organization=organization,
            sandbox=self.sandbox.name,
            edition=self.edition,
            enforce=self.enforce,
            judged=self.judged,
            document=_document(incoming, self.length) if self.is_described else None,
            findings=self.findings,
            body_truncated=self.is_too_long or self.length > len(self.body),
            response_truncated=self.is_response_cut,
            deviations=self.deviations,
            faults=self.faults,
        )


_FINISHED = (PackedExchange, Entry)


class JournalItem:
    """What the journal holds of one call, with its number and about how many bytes it takes.

    An exchange may still change until its reply has gone out; then it is packed. An entry from
    elsewhere, of recorded traffic for one, is kept as it came.
    """

    __slots__ = ("_content", "is_gone", "number", "size")

    def __init__(self, number: int, content: Exchange | Entry) -> None:
        self.number = number
        self.is_gone = False
        self._content: Exchange | PackedExchange | Entry = content
        if isinstance(content, Entry):
            self.size = OVERHEAD + len(content.body) + len(content.response_body)
        else:
            self.size = OVERHEAD + len(stored_body(content.incoming))

    @property
    def exchange(self) -> Exchange | None:
        """The exchange as it was, as long as it has not been packed."""
        content = self._content
        return None if isinstance(content, _FINISHED) else content

    def pack(self) -> None:
        """Keep no more than is needed; the reply has gone out."""
        exchange = self.exchange
        if exchange is not None:
            self._content = packed = PackedExchange(exchange)
            self.size += packed.size

    @property
    def entry(self) -> Entry:
        """The call as an entry, made anew each time unless it came as one."""
        content = self._content
        if isinstance(content, Entry):
            return content
        if not isinstance(content, PackedExchange):
            content = PackedExchange(content)
        return content.entry(self.number)


def stored_body(incoming: Request) -> bytes:
    """Return what is kept of a request's body: all of it, or the beginning of an uploaded file."""
    is_file = incoming.operation.body == "bytes"
    return incoming.body[:MAX_FILE_BYTES] if is_file else incoming.body


def _document(incoming: Request, length: int) -> JsonObject:
    """Make the request document again, of a body that had this length before it was truncated."""
    document = describe(incoming)
    if length > len(incoming.body):
        document["content"]["length"] = length
    return document


def is_remarkable(exchange: Exchange) -> bool:
    """Tell whether an exchange has anything besides its success to be counted."""
    return bool(
        exchange.findings
        or exchange.deviations
        or exchange.faults
        or exchange.reply.status >= 400
        or EXPECTS_HEADER in exchange.incoming.headers
    )


def _bytes(body: Json | bytes | None) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else dumps(body)


def _path(incoming: Request) -> str:
    """Return the path that was asked for, as it was written."""
    path = incoming.target.partition("?")[0]
    return path or incoming.operation.base_path + incoming.operation.path


def judged_by(exchange: Exchange) -> tuple[str, ...]:
    """Return the groups of rules that judged a request, up to the one that refused it."""
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


def _findings(exchange: Exchange) -> tuple[EntryFinding, ...]:
    by = exchange.refused_by
    found = [_entry_finding(finding, finding is by) for finding in exchange.findings]
    id = exchange.reply.headers.get("x-emulator-rule")
    if by is None and id and exchange.reply.status >= 400 and not exchange.faults:
        # No rule refused it, so an entry of the error catalogue did: an unknown path, for one.
        severity = "note" if exchange.reply.status >= 500 else "error"
        found.append(EntryFinding(id, severity, refused=True, is_rule=False))
    return tuple(found)


def _entry_finding(finding: Finding, refused: bool) -> EntryFinding:
    rule, mute = finding.rule, finding.mute
    why = mute.reason if mute is not None else ""
    return EntryFinding(
        rule.id, rule.severity, finding.at, finding.reason, refused, mute_reason=why
    )


def _is_own_failure(exchange: Exchange) -> bool:
    """Tell whether the emulator itself failed, so that it is unknown which rules judged."""
    return exchange.refused_by is None and exchange.reply.status == 500
