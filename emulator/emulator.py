"""The record of one emulator: its parts, and what can be done with all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from emulator.clock import Clock, MovableClock
from emulator.contract import Contract
from emulator.coverage.live import LiveCoverage
from emulator.faults import Faults
from emulator.journal.journal import Journal
from emulator.json_types import Json
from emulator.platform import Platform, Service
from emulator.sandbox import Sandbox
from emulator.services.interfaces import Domain
from emulator.settings import Settings
from emulator.state import State, restore, take
from emulator.store import Stores
from emulator.web.application import Application
from emulator.web.engine import Engine
from emulator.web.exchange import After
from emulator.web.isolation import IsolatedEmulators
from emulator.web.message import Handler
from emulator.web.wsgi import WsgiHandler

if TYPE_CHECKING:
    from flask import Blueprint, Flask


@dataclass(eq=False)
class Emulator:
    """One emulator: its settings, contract and state, and the WSGI application that serves it.

    `emulator.app.create_emulator` makes one. An isolated emulator is one too: its `isolated` holds
    the ones that it is among. What keeps state beside the store adds a function to `on_reset`.
    """

    settings: Settings
    contract: Contract
    platform: Platform
    engine: Engine
    isolated: IsolatedEmulators
    stores: Stores
    """Where it keeps what it holds; isolated emulators share it."""
    faults: Faults
    make_scratch: Callable[[Emulator, Clock], Emulator]
    """Returns an empty emulator of the same settings that nothing observes or disturbs."""
    control_blueprint: Callable[[Emulator], Blueprint]
    """Returns the control API of an emulator."""
    page_blueprint: Callable[[Emulator], Blueprint]
    """Returns the page of an emulator."""
    storage_blueprint: Callable[[Emulator], Blueprint]
    """Returns the storage of an emulator's landing zones."""
    journal: Journal | None = None
    """The latest calls; None with the setting `journal` at 0. Isolated emulators share it."""
    coverage: LiveCoverage | None = None
    """What the calls of the journal cover; None without a journal."""
    services: tuple[Service[Domain], ...] = ()
    """Services beside the shipped ones, for operations that an overlay of the contract brings."""
    is_isolated: bool = False
    on_reset: list[Callable[[], object]] = field(default_factory=list)
    observers: list[After] = field(default_factory=list)
    """What `observe` has added."""
    start: State | None = None
    """What it begins with and a reset goes back to: the scenario of the settings."""

    @cached_property
    def application(self) -> Application:
        """What answers requests of every kind, those for isolated emulators too."""
        return Application(self, self.isolated, is_remote=self.stores.is_remote)

    @cached_property
    def wsgi_app(self) -> Flask:
        """The application for WSGI servers."""
        from emulator.web.flask_app import EmulatorFlask

        return EmulatorFlask(self.application)

    @cached_property
    def control(self) -> Handler:
        """What answers calls of the control API."""
        from emulator.web.flask_app import MountedFlask

        return WsgiHandler(MountedFlask(self.control_blueprint(self)))

    @cached_property
    def page(self) -> Handler:
        """What answers a browser: the page for people."""
        from emulator.web.flask_app import MountedFlask

        return WsgiHandler(MountedFlask(self.page_blueprint(self)))

    @cached_property
    def storage(self) -> Handler:
        """What answers calls of the landing zone's storage."""
        from emulator.web.flask_app import MountedFlask

        return WsgiHandler(MountedFlask(self.storage_blueprint(self)))

    def reset(self) -> None:
        """Become as new: the next calls get the ids, times and answers that the first ones got.

        A clock that was moved goes back to where it started; the machine's own goes on. The journal
        stays: it is about the client.
        """
        if not self.is_isolated:
            self.isolated.drop_all()
        with self.platform.store.alone():
            self.platform.erase()
            self.engine.reset()
            clock = self.platform.clock
            if isinstance(clock, MovableClock):
                clock.reset()
            for forget in self.on_reset:
                forget()

    def observe(self, observer: After) -> None:
        """Call a function after each exchange, also of isolated emulators that are made later."""
        self.observers.append(observer)
        self.engine.after.append(observer)

    def stop_observing(self, observer: After) -> None:
        """Call it no longer after exchanges of this emulator itself."""
        self.observers.remove(observer)
        self.engine.after.remove(observer)

    def starts_with(self, state: State) -> None:
        """Begin with a state after each reset, and now unless there is something from before."""
        self.start = state
        with self.platform.store.alone():
            if self.platform.store.is_empty():
                self.restore(state)
        self.on_reset.append(lambda: self.restore(state))

    def snapshot(self) -> State:
        """Return all that the emulator knows now, for `restore`."""
        return take(self.engine)

    def restore(self, state: State) -> None:
        """Replace all that the emulator knows by what a snapshot holds."""
        restore(self.engine, state)

    def seed(self, organization: str = "", sandbox: str = "", **spec: object) -> dict[str, int]:
        """Add random data to a sandbox; return how many resources of each kind were created.

        Args:
            organization: Whose sandbox; by default that of the demo.
            sandbox: Its name; by default that of the demo.
            spec: How many resources of each kind: the members of `seeding.model.SeedSpec`.

        Raises:
            SeedError: It cannot be made as it is asked for; nothing was added.
        """
        return self.seed_as(spec, organization, sandbox)

    def seed_as(self, spec: Json, organization: str = "", sandbox: str = "") -> dict[str, int]:
        """Add random data, specified in JSON, to a sandbox; see `seed`."""
        from emulator.seeding.seed import read_seed_spec, seed

        where = _place(organization, sandbox)
        return seed(self.engine, self._scratch_engine, where, read_seed_spec(spec))

    def load_scenario(self, name: str, organization: str = "", sandbox: str = "") -> None:
        """Put a scenario in place of what is there.

        With an organization, it is built there and replaces only what that organization holds.

        Raises:
            SeedError: There is none of the name, or it cannot be built; nothing has changed.
        """
        from emulator.seeding.scenario_files import read_scenario
        from emulator.seeding.scenarios import load_scenario

        where = _place(organization, sandbox) if organization else None
        scenario = read_scenario(name, self.settings.fixtures)
        load_scenario(self.engine, self._scratch_engine, scenario, where)

    def _scratch_engine(self, clock: Clock) -> Engine:
        return self.make_scratch(self, clock).engine

    def close(self) -> None:
        """Release what is held; what is stored outlives it."""
        self.platform.ongoing.end()
        if not self.is_isolated:
            self.stores.end_soon()
            self.isolated.close()
            if self.journal is not None:
                self.journal.close()
        self.platform.store.close()
        self.platform.blobs.close()
        if not self.is_isolated:
            self.stores.close()

    def erase(self) -> None:
        """Forget all documents, files and values."""
        with self.platform.store.alone():
            self.platform.erase()
            self.engine.values.forget()


def _place(organization: str, sandbox: str) -> Sandbox:
    """Return a sandbox; what is not named is that of the demo and the tutorials' journeys."""
    from emulator.fixtures.journey import GIVEN

    return Sandbox(organization or GIVEN["organization"], sandbox or GIVEN["sandbox"])
