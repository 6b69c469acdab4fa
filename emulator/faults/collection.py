"""The faults of one emulator: set, listed, cleared, and applied to the requests that they hit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.faults.data import DataFaults
from emulator.faults.fault import OF_DATA, STATUSES, Fault, FaultError, make_fault, read_definition
from emulator.faults.tokens import Tokens
from emulator.faults.visibility import Visibility
from emulator.json_types import Json, loads
from emulator.problem import Problem
from emulator.web.call import Reply
from emulator.web.exchange import Exchange
from emulator.web.transport_fault import TransportFault

if TYPE_CHECKING:
    from emulator.web.engine import Engine

HEADER = "x-emulator-fault"
"""On a request: a fault for this call alone. On its answer: the ids of the faults that hit it."""

ONE_CALL = "header"
"""The id of a fault that came with a request, unless it has one."""

ENGINE_HEADERS = ("x-request-id", "x-emulator-operation")
"""Headers that every reply has."""

REFUSING = ("error", "reset", "expiredToken")
"""Kinds that answer in place of the emulator; of several the first one does."""


NOT_BEFORE = ("notVisible", *OF_DATA)
"""Kinds that do nothing before a call is carried out."""


class Faults:
    """Faults in the order in which they were set.

    Delays add up; of several faults that refuse a call the first one does, and counts it.
    """

    def __init__(self, engine: Engine) -> None:
        """Watch the requests of an engine."""
        self._engine = engine
        self._faults: dict[str, Fault] = {}
        self._numbered = 0
        self._tokens = Tokens()
        self._visibility = Visibility(engine.contract)
        self._data = DataFaults(engine.platform, self.all)
        engine.before.insert(0, self.before)
        engine.after.insert(0, self.after)
        engine.platform.on_erase += [self._visibility.erased, self._data.erased]
        engine.platform.run_hooks.append(self._data.of_run)
        engine.platform.batch_hooks.append(self._data.of_batch)
        engine.platform.completion_hooks.append(self._data)

    def add(self, definition: Json) -> Fault:
        """Set a fault: a definition as JSON has it, or a word such as 429 or an error's id.

        One of the same id is replaced.

        Raises:
            FaultError: The definition cannot be used.
        """
        fault = self._make(definition, f"fault-{self._numbered + 1}")
        if fault.id == f"fault-{self._numbered + 1}":
            self._numbered += 1
        self.remove(fault.id)
        self._faults[fault.id] = fault
        return fault

    def add_all(self, definitions: list[Json]) -> list[Fault]:
        """Set several faults, or none if one cannot be used.

        Raises:
            FaultError: A definition cannot be used; the message says which.
        """
        for number, definition in enumerate(definitions):
            try:
                self._make(definition, "fault")
            except FaultError as error:
                raise FaultError(f"{number}: {error}") from error
        return [self.add(definition) for definition in definitions]

    def restart(self) -> None:
        """Set the faults of the setting, and no others.

        Raises:
            FaultError: The file that the setting names cannot be used.
        """
        self.clear()
        if self._engine.platform.settings.faults:
            self.add_file(self._engine.platform.settings.faults)

    def add_file(self, path: Path) -> list[Fault]:
        """Set the faults of a file: one definition, a list of them, or a list under `faults`.

        Raises:
            FaultError: The file cannot be read, or a definition cannot be used.
        """
        try:
            read = loads(path.read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FaultError(f"{path}: {reason}") from error
        if isinstance(read, dict):
            read = read["faults"] if set(read) == {"faults"} else [read]
        if not isinstance(read, list):
            raise FaultError(f"{path}: expected a list of definitions")
        try:
            return self.add_all(read)
        except FaultError as error:
            raise FaultError(f"{path}: {error}") from error

    def _make(self, definition: Json, id: str) -> Fault:
        if isinstance(definition, str | int):
            definition = read_definition(str(definition))
        return make_fault(definition, self._engine.contract, id)

    def all(self) -> list[Fault]:
        """Return the faults that are set."""
        return list(self._faults.values())

    def remove(self, id: str) -> bool:
        """Take a fault away, with what it has hidden or let expire; tell whether it was set."""
        self._tokens.forget(id)
        self._visibility.forget(id)
        self._data.forget(id)
        return self._faults.pop(id, None) is not None

    def clear(self) -> None:
        """Take all faults away; the next one is numbered 1 again."""
        self._faults.clear()
        self._tokens.forget()
        self._visibility.forget()
        self._data.forget()
        self._numbered = 0

    def before(self, exchange: Exchange) -> Reply | None:
        """Refuse a call if a fault says so, and note the other faults that hit it.

        Raises:
            Problem: The refusal.
        """
        sent = exchange.incoming.headers.get(HEADER)
        if not self._faults and sent is None:
            return None
        self._data.begin()
        refusing = None
        for fault in self._faults_for(exchange):
            if fault.kind in NOT_BEFORE or (fault.kind in REFUSING and refusing is not None):
                continue
            if self._hits(fault, exchange):
                exchange.faults[fault.id] = fault
                refusing = fault if fault.kind in REFUSING else refusing
        if refusing is not None:
            raise _problem(refusing, exchange)
        return None

    def _faults_for(self, exchange: Exchange) -> list[Fault]:
        """Return the fault that came with a call, if any, and those that are set."""
        sent = exchange.incoming.headers.get(HEADER)
        if sent is None:
            return self.all()
        try:
            asked = self._make(sent, ONE_CALL)
        except FaultError as error:
            raise Problem("platform.unusable_fault", reason=str(error)) from error
        if asked.kind in OF_DATA:
            reason = f"{asked.kind} is about what happens later, not about this call"
            raise Problem("platform.unusable_fault", reason=reason)
        if not _is_in(asked, exchange):
            reason = f"the edition {exchange.edition.name} has no error {_problem_id(asked)}"
            raise Problem("platform.unusable_fault", reason=reason)
        return [asked, *self.all()]

    def _hits(self, fault: Fault, exchange: Exchange) -> bool:
        ids = self._engine.platform.ids
        if not fault.concerns(exchange, self._engine.platform.settings.default_sandbox):
            return False
        if fault.kind == "expiredToken" and not self._tokens.has_expired(fault, exchange):
            return False
        if not _is_in(fault, exchange):
            return False
        return fault.hits(ids)

    def after(self, exchange: Exchange) -> None:
        """Hide what is not visible yet, and say what goes wrong with the reply in transport."""
        if not (self._faults or self._visibility or HEADER in exchange.incoming.headers):
            return
        exchange.faults |= self._data.fired()
        if exchange.reply.status < 300:
            self._hide(exchange)
        if exchange.faults:
            faults = list(exchange.faults.values())
            exchange.reply.fault = self._transport_fault(faults)
            exchange.reply.headers[HEADER] = ", ".join(exchange.faults)
            for fault in faults:
                if fault.get("retryAfter") is not None:
                    exchange.reply.headers["Retry-After"] = str(fault.get("retryAfter"))

    def _hide(self, exchange: Exchange) -> None:
        if self._visibility.created(exchange):
            for fault in self._faults_for(exchange):
                if fault.kind == "notVisible" and self._hits(fault, exchange):
                    exchange.faults[fault.id] = fault
                    self._visibility.hide(fault, exchange)
        elif self._visibility and not exchange.incoming.operation.writes:
            faults, problem = self._visibility.missed(exchange)
            exchange.faults.update((fault.id, fault) for fault in faults)
            if problem is not None:
                own = {name: exchange.reply.headers[name] for name in ENGINE_HEADERS}
                exchange.reply = self._engine.refuse(problem, exchange)
                exchange.reply.headers.update(own)

    def _transport_fault(self, faults: list[Fault]) -> TransportFault | None:
        ids = self._engine.platform.ids
        made = TransportFault()
        for fault in faults:
            if fault.kind == "delay":
                jitter = (fault.get("jitter") or 0.0) * fault.chance(ids, "jitter")
                made = replace(made, delay=made.delay + (fault.get("seconds") or 0.0) + jitter)
            elif fault.kind in ("reset", "lostReply"):
                made = replace(made, reset=True)
            elif fault.kind == "truncate":
                made = replace(made, truncated=True, keep=fault.get("bytes"))
        return None if made == TransportFault() else made

    def wait(self, fault: TransportFault, sleep: Callable[[float], object] = time.sleep) -> None:
        """Wait for a delay where there is no socket; a manual clock is advanced instead."""
        clock = self._engine.platform.clock
        if isinstance(clock, ManualClock):
            clock.advance(fault.delay)
        elif fault.delay:
            sleep(fault.delay)


def _problem(fault: Fault, exchange: Exchange) -> Problem:
    """Return the refusal of a fault; a reset has one too, for transports without a connection."""
    if fault.kind == "expiredToken":
        return Problem("platform.token_invalid")
    if fault.kind == "reset":
        return Problem("platform.service_unavailable")
    path = exchange.incoming.path
    id = next(iter(path.values()), "")
    known = {"reason": f"the fault {fault.id} asks for this error", "id": id, "value": id}
    known |= {"method": exchange.incoming.method, **path}
    return Problem(_problem_id(fault), **(known | (fault.get("values") or {})))


def _is_in(fault: Fault, exchange: Exchange) -> bool:
    """Tell whether the edition of a call has the error that a fault is, if it is one."""
    return fault.kind != "error" or _problem_id(fault) in exchange.edition.problems


def _problem_id(fault: Fault) -> str:
    return str(fault.get("problem") or STATUSES[str(fault.get("status"))])
