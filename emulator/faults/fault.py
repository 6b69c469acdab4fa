"""One fault: which calls it is about, which of them it hits, and how often it has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate
from typing import TYPE_CHECKING

from emulator.form_errors import form_errors
from emulator.json_types import Json, JsonObject, loads
from emulator.moments import to_milliseconds
from emulator.sandbox import DEFAULT_PRODUCTION, PLATFORM, Sandbox
from emulator.web.exchange import Exchange

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.ids import Ids

STATUSES = {
    "429": "platform.too_many_requests",
    "500": "platform.server_error",
    "502": "platform.bad_gateway",
    "503": "platform.service_unavailable",
    "504": "platform.gateway_timeout",
}
"""The gateway's own refusals by their status."""

OF_DATA = ("stuckRun", "failedRun", "failedBatch", "stuckBatch")
"""Kinds that are about what flows and batches do, not about calls."""

_PLAIN = ("reset", "lostReply", "truncate", "expiredToken", "notVisible", *OF_DATA)


class FaultError(ValueError):
    """A fault's definition cannot be used; the message says why."""


@dataclass(slots=True)
class Fault:
    """A definition that has been examined, with its counters.

    `seen` counts the calls that it is about, `fired` those that it hit.
    """

    id: str
    definition: JsonObject
    begins: int | None = None
    ends: int | None = None
    seen: int = 0
    fired: int = 0
    _globs: list[re.Pattern[str]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What it does: `error`, `delay`, `reset` and so on."""
        return str(self.definition["kind"])

    def get(self, name: str) -> Json:
        """Return a member of the definition, or None."""
        return self.definition.get(name)

    def concerns(self, exchange: Exchange, default_sandbox: str) -> bool:
        """Tell whether the fault is about a call, by its operation, tenant and time."""
        operation, headers = exchange.incoming.operation, exchange.incoming.headers
        if operation.service not in self.definition.get("services", (operation.service,)):
            return False
        sandbox = headers.get("x-sandbox-name") or default_sandbox or DEFAULT_PRODUCTION
        place = Sandbox(headers.get("x-gw-ims-org-id", ""), sandbox)
        return self.is_about(place, exchange.time, operation.id)

    def is_about(self, sandbox: Sandbox, time: int, *names: str) -> bool:
        """Tell whether the fault is about something of a sandbox that has these names."""
        wanted = (("organizations", sandbox.organization), ("sandboxes", sandbox.name))
        definition = self.definition
        if any(value not in definition[name] for name, value in wanted if name in definition):
            return False
        if self._globs and not any(glob.match(name) for glob in self._globs for name in names):
            return False
        return (self.begins or 0) <= time and not self.has_ended(time)

    def has_ended(self, time: int) -> bool:
        """Tell whether its `until` has come, in milliseconds."""
        return self.ends is not None and time >= self.ends

    def hits(self, ids: Ids) -> bool:
        """Count a call that the fault is about, and tell whether it is hit."""
        self.seen += 1
        if self.seen <= self.definition.get("after", 0):
            return False
        if self.fired >= self.definition.get("count", self.fired + 1):
            return False
        if self.chance(ids, "hit") >= self.definition.get("probability", 1.0):
            return False
        self.fired += 1
        return True

    def chance(self, ids: Ids, of: str) -> float:
        """Return a number from 0 up to 1 for the call that was counted last, from the seed."""
        digits = ids.hex(PLATFORM, f"fault {self.id} {of}", self.seen, 12)
        return float(int(digits, 16) / 16**12)

    def to_json(self) -> JsonObject:
        """Return the definition with id and counters, as JSON."""
        return {"id": self.id, **self.definition, "matched": self.seen, "fired": self.fired}


def make_fault(raw: Json, contract: Contract, id: str) -> Fault:
    """Examine a definition; `id` is the fault's unless it names itself.

    Raises:
        FaultError: It is not of the form, or names what the contract does not have.
    """
    from pydantic import ValidationError

    from emulator.faults.model import read

    try:
        definition = read(raw)
    except ValidationError as error:
        raise FaultError("\n".join(form_errors(error))) from error
    _check_names(definition, contract)
    begins, ends = (
        to_milliseconds(definition[name]) if definition.get(name) else None
        for name in ("from", "until")
    )
    if begins is not None and ends is not None and ends <= begins:
        raise FaultError("until: is not after from")
    members = ("operations", "flows", "datasets")
    globs = [re.compile(translate(glob)) for name in members for glob in definition.get(name) or ()]
    named = definition.pop("id", None) or id
    return Fault(named, definition, begins, ends, _globs=globs)


def _check_names(definition: JsonObject, contract: Contract) -> None:
    """Refuse names that stand for nothing: a fault that can never fire is a mistake."""
    problem = definition.get("problem")
    if problem is not None and all(entry.id != problem for entry in contract.problems):
        raise FaultError(f"problem: no error catalogue has an entry {problem}")
    for service in definition.get("services") or ():
        if service not in contract.services:
            raise FaultError(f"services: {service} is not one of {', '.join(contract.services)}")
    for glob in definition.get("operations") or ():
        pattern = re.compile(translate(glob))
        if not any(pattern.match(operation) for operation in contract.operations):
            raise FaultError(f"operations: no operation is called {glob}")


def read_definition(word: str) -> Json:
    """Return the definition that a word stands for: a status, a kind, or an error's id.

    JSON stands for itself.
    """
    word = word.strip()
    if word.startswith("{"):
        try:
            return loads(word)
        except ValueError as error:
            raise FaultError(f"not JSON: {error}") from error
    if word in STATUSES:
        return {"kind": "error", "status": int(word)}
    if word in _PLAIN:
        return {"kind": word}
    if "." in word:
        return {"kind": "error", "problem": word}
    known = ", ".join((*STATUSES, *_PLAIN))
    raise FaultError(f"{word!r} is not one of {known}, nor the id of an error, nor JSON")
