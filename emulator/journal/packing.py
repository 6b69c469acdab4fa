"""What the journal keeps of an exchange: at first all of it, later as little as will do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.budgets import (
    JOURNAL_BODY_BYTES,
    JOURNAL_EXCERPT_BYTES,
    JOURNAL_FRESH_BYTES,
    MAX_FINDINGS,
)
from emulator.contract.model import BODY, GATE
from emulator.journal.entry import EXPECTS_HEADER, CallKind, Entry, EntryFinding, test_of
from emulator.json_types import Json, JsonObject, dumps, loads, pointer_steps
from emulator.web.message import Request
from emulator.web.request_document import describe

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding
    from emulator.web.exchange import Exchange

OVERHEAD = 1024
"""What an exchange takes besides its messages and findings, in bytes."""

_FINDING_OVERHEAD = 256
_MAX_TEXT = 2000
"""How many characters of a reason or a pointer are kept."""


class PackedExchange:
    """What an entry can be made of once the reply has gone out; what is long is cut.

    Sixty objects become four: this record, the texts as JSON, and the bytes of both bodies. The
    many would have to be visited by every garbage collection, and found in memory again, one by
    one, when the ring lets go of them. So nothing here is a dictionary or a list, and what may hold
    more than one thing is a tuple, which is the shared empty one for almost every exchange.

    Attributes:
        texts: JSON of the request's texts, by the names of `Request`, and of `response_headers`.
        body: Of the request, as much as is kept of it; `length` is that of the whole.
        response_body: Of the reply, as much as is kept of it.
        is_described: Whether there was a request document that can be made again.
        size: About how many bytes it takes.
    """

    __slots__ = (
        *("operation", "texts", "body", "length", "is_too_long", "is_described"),
        *("status", "response_body", "is_response_cut", "time", "sandbox", "edition", "enforce"),
        *("judged", "findings", "deviations", "faults", "size"),
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
        self.is_described = exchange.request is not None and (
            self.length == len(self.body) or incoming.operation.body == "bytes"
        )
        self.status = reply.status
        self.response_body = body[:JOURNAL_EXCERPT_BYTES]
        self.is_response_cut = len(body) > JOURNAL_EXCERPT_BYTES
        self.time = exchange.time
        self.sandbox = exchange.sandbox
        self.edition = exchange.edition.name
        self.enforce = exchange.enforce
        self.judged = judged_by(exchange)
        self.findings = _findings(exchange) if is_remarkable(exchange) else ()
        self.deviations = tuple(text[:_MAX_TEXT] for text in exchange.deviations[:MAX_FINDINGS])
        self.faults = tuple(exchange.faults)
        if self.findings and self.length > len(self.body):
            self._hide_what_was_cut(exchange)
        self.size = OVERHEAD + len(self.texts) + len(self.body) + len(self.response_body)
        if self.findings or self.deviations:
            self.size += size_of(self.findings, self.deviations)

    def _hide_what_was_cut(self, exchange: Exchange) -> None:
        """Mask what reasons and reply quote of a body's secrets, for these are not kept with it."""
        from emulator.masking.masker import Masker  # rarely needed, and not at the start

        masker = Masker(self.operation.service)
        request = exchange.request or {}
        members = {"".join(pointer_steps(item.at)[1:2]) for item in self.findings}
        masker.learn(exchange.incoming.body, request.get("body"), members)
        self.response_body = masker.found.absent_from_body(self.response_body)
        self.findings = tuple(
            replace(
                item,
                at=masker.found.absent_from_name(item.at),
                reason=masker.absent_from(item.reason),
            )
            for item in self.findings
        )

    def entry(self, number: int) -> Entry:
        """Return the exchange as an entry, made anew each time."""
        return Entry(
            **self.members(),
            number=number,
            body=self.body,
            response_body=self.response_body,
            described=self._document if self.is_described else None,
        )

    def members(self) -> JsonObject:
        """Return the members of the entry that are not its defaults, as `Entry.members` does."""
        texts = loads(self.texts)
        operation, headers = self.operation, texts["headers"]
        path, _, query = texts["target"].partition("?")
        return {
            "time": self.time,
            "operation": operation.id,
            "service": operation.service,
            "method": texts["method"],
            "path": path or operation.base_path + operation.path,
            "query_string": query,
            "headers": headers,
            "status": self.status,
            "response_headers": texts["response_headers"],
            "base_url": texts["base_url"],
            "organization": self.sandbox.organization or headers.get("x-gw-ims-org-id", ""),
            "sandbox": self.sandbox.name,
            "edition": self.edition,
            "enforce": self.enforce,
            "judged": self.judged,
            "parameters": texts["path"],
            "findings": self.findings,
            "body_truncated": self.is_too_long or self.length > len(self.body),
            "response_truncated": self.is_response_cut,
            "deviations": self.deviations,
            "faults": self.faults,
        }

    def again(self) -> JsonObject:
        """Return what the request document is made of again, beside members and body."""
        if not self.is_described:
            return {}
        return {"again": {"length": self.length, "is_too_long": self.is_too_long}}

    def _document(self) -> JsonObject:
        """Make the request document again."""
        texts = loads(self.texts)
        del texts["response_headers"]
        incoming = Request(
            **texts, operation=self.operation, body=self.body, too_long=self.is_too_long
        )
        return document_of(incoming, self.length)


def is_large(exchange: Exchange) -> bool:
    """Tell whether an exchange is to be packed at once; writes its reply as bytes, to know."""
    reply = exchange.reply
    if reply.body is not None:
        reply.body = _bytes(reply.body)
    return size_of_fresh(exchange) > JOURNAL_FRESH_BYTES


def size_of_fresh(exchange: Exchange) -> int:
    reply = exchange.reply.body
    return OVERHEAD + len(exchange.incoming.body) + (len(reply) if isinstance(reply, bytes) else 0)


def stored_body(incoming: Request) -> bytes:
    """Return what is kept of a request's body: all, or the beginning of a file or a long one."""
    is_file = incoming.operation.body == "bytes"
    is_whole = not is_file and len(incoming.body) <= JOURNAL_BODY_BYTES
    return incoming.body if is_whole else incoming.body[:JOURNAL_EXCERPT_BYTES]


def size_of(findings: tuple[EntryFinding, ...], deviations: tuple[str, ...]) -> int:
    texts = sum(_FINDING_OVERHEAD + len(item.at) + len(item.reason) for item in findings)
    return texts + sum(map(len, deviations))


def document_of(incoming: Request, length: int) -> JsonObject:
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


def kind_of(exchange: Exchange) -> CallKind:
    """Return what a call is counted by, as its entry would."""
    incoming = exchange.incoming
    test, judged = test_of(incoming.headers), judged_by(exchange)
    edition, enforce = exchange.edition.name, exchange.enforce
    return CallKind(test, edition, incoming.operation.id, judged, enforce)


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
    found = [_entry_finding(item, item is by) for item in _first_findings(exchange)]
    id = exchange.reply.headers.get("x-emulator-rule")
    if by is None and id and exchange.reply.status >= 400 and not exchange.is_faulted:
        # No rule refused it, so an entry of the error catalogue did: an unknown path, for one.
        severity = _severity_of_problem(exchange, id)
        said = exchange.said[:_MAX_TEXT]
        found.append(EntryFinding(id, severity, reason=said, refused=True, is_rule=False))
    return tuple(found)


def _severity_of_problem(exchange: Exchange, id: str) -> str:
    """Return what an entry of the error catalogue counts as: our own failures are nobody's."""
    if exchange.reply.status >= 500:
        return "note"
    entry = exchange.edition.problems.get(id)
    return "error" if entry is None else entry.severity


def _first_findings(exchange: Exchange) -> list[Finding]:
    """Return the findings that are kept: the first ones, and the first of each further rule."""
    kept, more = exchange.findings[:MAX_FINDINGS], exchange.findings[MAX_FINDINGS:]
    rules = {item.rule.id for item in kept}
    for item in more:
        if item is exchange.refused_by or item.rule.id not in rules:
            rules.add(item.rule.id)
            kept.append(item)
    return kept


def _entry_finding(finding: Finding, refused: bool) -> EntryFinding:
    rule, mute = finding.rule, finding.mute
    why = mute.reason if mute is not None else ""
    return EntryFinding(
        rule.id,
        rule.severity,
        _shortened(finding.at),
        finding.reason[:_MAX_TEXT],
        refused,
        mute_reason=why,
    )


def _shortened(pointer: str) -> str:
    """Return a pointer, or of a very long one the place around it."""
    return pointer if len(pointer) <= _MAX_TEXT else pointer[:_MAX_TEXT].rpartition("/")[0]


def _is_own_failure(exchange: Exchange) -> bool:
    """Tell whether the emulator itself failed, so that it is unknown which rules judged."""
    return exchange.refused_by is None and exchange.reply.status == 500
