"""The faults of one emulator: set, listed, cleared, and applied to the requests that they hit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.faults.data import DataFaults
from emulator.faults.effects import is_in, problem_id, problem_of_fault, transport_fault
from emulator.faults.fault import OF_DATA, Fault, FaultError, make_fault, read_definition
from emulator.faults.files import digest, read_definitions
from emulator.faults.tokens import Tokens
from emulator.faults.visibility import Visibility
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.problem import Problem
from emulator.store.values import FAULTS, FAULTS_FILE
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

_MAX_REMADE = 1000
"""How many faults of other processes are kept examined."""

_NOTHING: JsonObject = {"numbered": 0, "faults": [], "tokens": [], "hidden": [], "stuck": []}


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
        self._data = DataFaults(engine.platform, self.all, self._knowing)
        self._is_shared = bool(engine.platform.processes.number)
        self._known = ""
        self._made: dict[tuple[str, bytes], Fault] = {}
        engine.before.insert(0, self.before)
        engine.after.insert(0, self.after)
        engine.platform.on_erase.append(self._erased)
        engine.platform.run_hooks.append(self._data.of_run)
        engine.platform.batch_hooks.append(self._data.of_batch)
        engine.platform.completion_hooks.append(self._data)

    @contextmanager
    def _knowing(self, *, sets: bool = False) -> Iterator[bool]:
        """Know in the block what all processes know, and tell them what changes in it.

        Yields whether there is anything, or may be as one `sets` it. An error undoes the changes.
        """
        values = self._engine.values
        if not self._is_shared or not (sets or values.all().get(FAULTS)):
            yield not self._is_shared
            return
        with values.exclusive():
            self._load(values.all().get(FAULTS, ""))
            yield True
            text = dumps(self._state()).decode() if self._is_something else ""
            if text != self._known:
                values.set(FAULTS, text)
                self._known = text

    @property
    def _is_something(self) -> bool:
        return bool(self._faults or self._visibility)

    def _state(self) -> JsonObject:
        return {
            "numbered": self._numbered,
            "faults": [[f.id, f.definition, f.seen, f.fired] for f in self._faults.values()],
            "tokens": self._tokens.state(),
            "hidden": self._visibility.state(),
            "stuck": self._data.state(),
        }

    def _load(self, text: str) -> None:
        if text == self._known:
            return
        state = loads(text) if text else _NOTHING
        self._numbered = state["numbered"]
        self._faults = {}
        for id, definition, seen, fired in state["faults"]:
            self._faults[id] = fault = self._remade(id, definition)
            fault.seen, fault.fired = seen, fired
        self._tokens.load(state["tokens"])
        self._visibility.load(state["hidden"], self._remade)
        self._data.load(state["stuck"])
        self._known = text

    def _remade(self, id: str, definition: JsonObject) -> Fault:
        """Return a fault of which another process knows; to examine it once is enough."""
        key = (id, dumps(definition))
        if key not in self._made:
            if len(self._made) > _MAX_REMADE:
                self._made.clear()
            self._made[key] = make_fault({**definition, "id": id}, self._engine.contract, id)
        return self._made[key]

    def _erased(self, organization: str | None, name: str | None) -> None:
        with self._knowing() as is_any:
            if is_any:
                self._visibility.erased(organization, name)
                self._data.erased(organization, name)

    def listed(self) -> list[JsonObject]:
        """Return the faults that are set, as JSON with their counters."""
        with self._knowing() as is_any:
            return [fault.to_json() for fault in self.all()] if is_any else []

    def add(self, definition: Json) -> Fault:
        """Set a fault: a definition as JSON has it, or a word such as 429 or an error's id.

        One of the same id is replaced.

        Raises:
            FaultError: The definition cannot be used.
        """
        with self._knowing(sets=True):
            return self._add(definition)

    def _add(self, definition: Json) -> Fault:
        fault = self._make(definition, f"fault-{self._numbered + 1}")
        if fault.id == f"fault-{self._numbered + 1}":
            self._numbered += 1
        self._remove(fault.id)
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
        with self._knowing(sets=True):
            return [self._add(definition) for definition in definitions]

    def restart(self) -> None:
        """Set the faults of the setting, and no others.

        Raises:
            FaultError: The file that the setting names cannot be used.
        """
        path = self._engine.platform.settings.faults
        with self._engine.values.exclusive():
            self.clear()
            if path:
                self._add_file(path)
                if self._is_shared:
                    self._engine.values.set(FAULTS_FILE, digest(path))

    def start(self) -> None:
        """Set the faults of the setting, unless a process has set them that shares them.

        Raises:
            FaultError: The file that the setting names cannot be used.
        """
        path, values = self._engine.platform.settings.faults, self._engine.values
        if not self._is_shared:
            self.restart()
        elif path:
            with values.exclusive():
                if values.all().get(FAULTS_FILE) != digest(path):
                    self.restart()

    def _add_file(self, path: Path) -> None:
        definitions = read_definitions(path)
        try:
            self.add_all(definitions)
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
        with self._knowing() as is_any:
            return self._remove(id) if is_any else False

    def _remove(self, id: str) -> bool:
        self._tokens.forget(id)
        self._visibility.forget(id)
        self._data.forget(id)
        return self._faults.pop(id, None) is not None

    def clear(self) -> None:
        """Take all faults away; the next one is numbered 1 again."""
        with self._knowing(sets=True):
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
        is_any = FAULTS in exchange.values if self._is_shared else bool(self._faults)
        if not is_any and sent is None:
            return None
        self._data.begin()
        with self._knowing(sets=sent is not None):
            refusing = self._hit(exchange)
        if refusing is not None:
            exchange.is_faulted = True
            raise problem_of_fault(refusing, exchange)
        return None

    def _hit(self, exchange: Exchange) -> Fault | None:
        """Note the faults that hit a call; return the one that refuses it."""
        refusing = None
        for fault in self._faults_for(exchange):
            if fault.kind in NOT_BEFORE or (fault.kind in REFUSING and refusing is not None):
                continue
            if self._hits(fault, exchange):
                exchange.faults[fault.id] = fault
                refusing = fault if fault.kind in REFUSING else refusing
        return refusing

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
        if not is_in(asked, exchange):
            reason = f"the edition {exchange.edition.name} has no error {problem_id(asked)}"
            raise Problem("platform.unusable_fault", reason=reason)
        return [asked, *self.all()]

    def _hits(self, fault: Fault, exchange: Exchange) -> bool:
        ids = self._engine.platform.ids
        if not fault.concerns(exchange, self._engine.platform.settings.default_sandbox):
            return False
        if fault.kind == "expiredToken" and not self._tokens.has_expired(fault, exchange):
            return False
        if not is_in(fault, exchange):
            return False
        return fault.hits(ids)

    def after(self, exchange: Exchange) -> None:
        """Hide what is not visible yet, and say what goes wrong with the reply in transport."""
        is_any = FAULTS in exchange.values if self._is_shared else self._is_something
        if not (is_any or HEADER in exchange.incoming.headers):
            return
        exchange.faults |= self._data.fired()
        if exchange.reply.status < 300:
            with self._knowing(sets=HEADER in exchange.incoming.headers):
                self._hide(exchange)
        if exchange.faults:
            faults = list(exchange.faults.values())
            exchange.reply.fault = transport_fault(faults, self._engine.platform.ids)
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
                exchange.is_faulted = True
                own = {name: exchange.reply.headers[name] for name in ENGINE_HEADERS}
                exchange.reply = self._engine.refuse(problem, exchange)
                exchange.reply.headers.update(own)

    def wait(self, fault: TransportFault, sleep: Callable[[float], object] = time.sleep) -> None:
        """Wait for a delay where there is no socket; a manual clock is advanced instead."""
        clock = self._engine.platform.clock
        if isinstance(clock, ManualClock):
            clock.advance(fault.delay)
        elif fault.delay:
            sleep(fault.delay)
