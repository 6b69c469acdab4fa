"""Recorded replies: what no document shows, and where they do not agree with the rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.traffic.judgement import Judgement, RoutedRequest
from emulator.traffic.recording import headers_by_name
from emulator.traffic.secrets import TOKEN_REFUSED

if TYPE_CHECKING:
    from emulator.contract.responses import Responses


class Replies:
    """Holds replies against a contract; complaints show no values of theirs."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    @cached_property
    def _responses(self) -> Responses:
        return self._contract.masked_responses()

    def complaints(self, routed: RoutedRequest, judged: Judgement) -> Iterator[str]:
        """Yield what of a reply no document shows, and where it does not agree with the rules."""
        reply, operation = routed.recorded.reply, routed.route.operation
        if reply is None or operation is None:
            return
        is_judged = operation.response or reply.status >= 400
        if is_judged and reply.body is not None and operation.method != "HEAD":
            # Some recorders leave the media type out.
            media_type = headers_by_name(reply.headers).get("content-type", "application/json")
            if routed.reply is not None and "json" in media_type:
                complaints = self._responses.complaints(operation, reply.status, routed.reply)
            else:
                complaints = self._responses.complaints_of_content(
                    operation, reply.status, reply.body, media_type
                )
            for complaint in complaints:
                yield complaint.removeprefix(f"{operation.id}: ")
        yield from self._disagreement(routed, judged, reply.status)

    def _disagreement(self, routed: RoutedRequest, judged: Judgement, status: int) -> Iterator[str]:
        refusal = judged.refusal
        if refusal is not None and status < 400:
            yield f"{status}, although {refusal.rule.id} refuses it"
        elif refusal is None and 400 <= status < 500 and not judged.undecided:
            if status not in (*TOKEN_REFUSED, HTTPStatus.TOO_MANY_REQUESTS):
                yield f"{status}, although no rule refuses it"
        elif refusal is not None and 400 <= status < 500 and not judged.undecided:
            edition = self._contract.edition(judged.edition)
            operation = routed.route.operation
            service = operation.service if operation else ""
            documented = edition.problem(refusal.rule.problem, service).status
            if documented != status:
                yield f"{status}, where {refusal.rule.id} answers {documented}"
