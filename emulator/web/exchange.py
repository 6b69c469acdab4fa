"""Everything about one request and its reply, for the journal, the faults and the self-check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from emulator.json_types import JsonObject
from emulator.sandbox import PLATFORM, Sandbox
from emulator.web.call import Reply
from emulator.web.message import Request

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding


_NO_VALUES: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Exchange:
    """One request with all that was found out about it, and its reply.

    Args:
        incoming: The request as it arrived. Where no document knows its path or method, its
            operation has no id.
        edition: The edition that it is judged by.
        enforce: What was enforced: `documented`, `strict` or `observe`.
        request_id: The id that its reply carries.
        time: When it came, in milliseconds by the emulator's clock.
        request: The request document that the rules saw; None if it never came that far.
        sandbox: Where it belongs.
        findings: Every rule that fired, in the order of refusal.
        refused_by: The finding that refused it, if a rule did.
        deviations: What the self-check found wrong with the reply, if it is on.
        reply: What goes back; functions in `Engine.after` may change it.
        faults: The faults that hit it, by their ids.
        is_faulted: Whether a fault answered it, in place of the emulator.
        said: What refused it, in words, if an entry of an error catalogue did without a rule.
        values: What has been chosen while the emulator ran; see `store/values.py`.
    """

    incoming: Request
    edition: Edition
    enforce: str
    request_id: str
    time: int
    request: JsonObject | None = None
    sandbox: Sandbox = PLATFORM
    findings: list[Finding] = field(default_factory=list)
    refused_by: Finding | None = None
    deviations: list[str] = field(default_factory=list)
    reply: Reply = field(default_factory=Reply)
    faults: dict[str, Any] = field(default_factory=dict)
    is_faulted: bool = False
    said: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: _NO_VALUES)


Before = Callable[[Exchange], Reply | None]
"""Called when the edition of a request is known: answers in place of the emulator, or does not.

It may raise a Problem of the error catalogues to refuse in the service's own envelope.
"""

After = Callable[[Exchange], None]
"""Called when the reply is there, before it goes out."""
