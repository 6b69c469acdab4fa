"""Which operation a recorded request calls, and what an edition says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.budgets import REPLY_VALUES
from emulator.contract import Rule
from emulator.json_types import MISSING, Json, JsonObject, has_more_values_than, loads
from emulator.traffic.recording import RecordedCall
from emulator.web.message import Request
from emulator.web.routing import Route

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding


@dataclass(slots=True)
class Judgement:
    """What an edition says of a request.

    `refusal` is the finding that refuses it, the first of those that do.
    """

    edition: str
    groups: tuple[str, ...] = ()
    document: JsonObject | None = None
    findings: list[Finding] = field(default_factory=list)
    undecided: list[Rule] = field(default_factory=list)
    refusal: Finding | None = None


@dataclass(slots=True)
class RoutedRequest:
    """A recorded request to a service of the contract, and its operation."""

    recorded: RecordedCall
    incoming: Request
    route: Route
    unknown: tuple[str, ...]
    is_token_hidden: bool
    _reply: Json = MISSING

    @property
    def reply(self) -> Json:
        """The reply's body as JSON; None if there is none, or it is not JSON."""
        if self._reply is MISSING:
            reply = self.recorded.reply
            self._reply = _json_of(reply.body) if reply is not None else None
        return self._reply


def _json_of(body: bytes | None) -> Json:
    try:
        if not body or has_more_values_than(body, REPLY_VALUES):
            return None
        return loads(body)
    except ValueError:
        return None
