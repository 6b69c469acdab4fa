"""The self-check: compares every reply with the contract and reports deviations.

It is about the emulator, not about its clients: `x-emulator-self-check` on a reply is a mistake of
the emulator.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.json_types import dumps
from emulator.web.failures import masker_of

if TYPE_CHECKING:
    from emulator.web.call import Reply
    from emulator.web.exchange import Exchange

HEADER = "x-emulator-self-check"
"""The reply's header that names its deviations from the contract."""

_JSON = "application/json"
_MAX_CHARACTERS = 400
_FAULT = "x-emulator-fault"
_RULE = "x-emulator-rule"

_log = logging.getLogger("emulator.web.self_check")


class SelfCheck:
    """A function for `Engine.after`; it has to come before the journal's."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._refusals = {*contract.rules, *(problem.id for problem in contract.problems)}
        self._statuses: dict[tuple[str, str], frozenset[int]] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Report deviations in the exchange, in the reply's header and in the log."""
        deviations = list(self._deviations(exchange))
        if deviations:
            masker = masker_of(exchange.incoming)
            masker.body(_content(exchange.reply)[0], "")
            deviations = [masker.absent_from(deviation) for deviation in deviations]
            exchange.deviations.extend(deviations)
            exchange.reply.headers[HEADER] = "; ".join(deviations)[:_MAX_CHARACTERS]
            id = exchange.request_id
            _log.error("the reply to %s does not fit: %s", id, "; ".join(deviations))

    def _deviations(self, exchange: Exchange) -> Iterator[str]:
        operation, reply = exchange.incoming.operation, exchange.reply
        if _may_deviate(exchange):
            return
        if reply.status >= 400 and reply.headers.get(_RULE) not in self._refusals:
            yield f"{reply.status} without a rule or problem of the contract"
        if not operation.id:
            return
        if reply.status not in self._documented(exchange) | self._catalogued(exchange):
            yield f"{operation.id}: status {reply.status} is not documented"
        content, media_type = _content(reply)
        yield from self._contract.responses.complaints_of_content(
            operation, reply.status, content, media_type
        )

    def _documented(self, exchange: Exchange) -> frozenset[int]:
        """Return the statuses that the OpenAPI document gives an operation in an edition."""
        edition, operation = exchange.edition, exchange.incoming.operation
        key = (edition.name, operation.id)
        if key not in self._statuses:
            from emulator.export.replies import Replies

            made = Replies(edition, self._contract.responses).of(operation)
            self._statuses[key] = frozenset(map(int, made))
        return self._statuses[key]

    def _catalogued(self, exchange: Exchange) -> set[int]:
        """Return the status of the problem that a refusal names.

        It may be one that another operation is documented with: that of a part of the request.
        """
        id = exchange.reply.headers.get(_RULE, "")
        rule = self._contract.rules.get(id)
        problem = rule.problem if rule else id
        if problem not in exchange.edition.problems:
            return set()
        return {exchange.edition.problem(problem, exchange.incoming.operation.service).status}


def _may_deviate(exchange: Exchange) -> bool:
    """Tell whether a reply may deviate: it has a fault, or its request should have been refused."""
    if _FAULT in exchange.reply.headers:
        return True
    let_pass = exchange.refused_by is None and exchange.reply.status < 400
    return let_pass and any(found.rule.severity == "error" for found in exchange.findings)


def _content(reply: Reply) -> tuple[bytes, str]:
    """Return a reply's bytes and its media type."""
    if reply.body is None or reply.status in (204, 304):
        return b"", ""
    content = reply.body if isinstance(reply.body, bytes) else dumps(reply.body)
    sent = {name.lower(): value for name, value in reply.headers.items()}
    return content, sent.get("content-type", _JSON)
