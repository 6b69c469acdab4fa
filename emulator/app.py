"""The composition root: the one place where an emulator's parts are made and joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from emulator.clock import Clock, ManualClock, SystemClock
from emulator.contract import Contract, ContractError, load_contract
from emulator.faults import Faults
from emulator.fixtures.journey import GIVEN
from emulator.fixtures.library import FixtureLibrary
from emulator.ids import Ids
from emulator.journal.journal import Journal
from emulator.package_data import data_folder
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.settings import SettingError, Settings
from emulator.state import State, put_back, take
from emulator.store import Blobs, MemoryBlobs, MemoryStore, Store
from emulator.web.call import View
from emulator.web.engine import Engine
from emulator.web.limits import body_limit
from emulator.web.self_check import SelfCheck
from emulator.web.worlds import Worlds

if TYPE_CHECKING:
    from flask import Flask


@dataclass(eq=False)
class Emulator:
    """One emulator: its settings, contract, state, worlds and the WSGI application that serves it.

    A world is an emulator too; the `worlds` that it knows are those that it is one of. Who keeps
    state of their own, beside the store, puts what forgets it into `on_reset`.
    """

    settings: Settings
    contract: Contract
    platform: Platform
    engine: Engine
    worlds: Worlds
    faults: Faults
    journal: Journal | None = None
    """What was asked and answered; None with the setting `journal` at 0. Worlds share it."""
    is_world: bool = False
    on_reset: list[Callable[[], object]] = field(default_factory=list)
    start: State | None = None
    """What it begins with and a reset goes back to: the scenario of the settings."""

    @cached_property
    def wsgi_app(self) -> Flask:
        """What serves the emulated APIs and the control API, of all its worlds."""
        from emulator.services.connectors.landing_zone_routes import make_storage
        from emulator.web.flask_app import make_flask_app

        app = make_flask_app(self.engine, self.worlds)
        app.register_blueprint(make_storage(self.engine))
        return self._with_control(app)

    @cached_property
    def control_app(self) -> Flask:
        """What serves the control API alone: that is all that a world needs of its own."""
        from emulator.web.flask_app import make_bare_app

        return self._with_control(make_bare_app(self.engine))

    def _with_control(self, app: Flask) -> Flask:
        from emulator.admin.control import make_blueprint

        app.register_blueprint(make_blueprint(self))
        return app

    def reset(self) -> None:
        """Become as new: the next calls get the ids, times and answers that the first ones got.

        A manual clock goes back to where it started; the machine's own goes on. The journal stays:
        it is about the client.
        """
        self._drop_worlds()
        self.platform.erase()
        self.engine.reset()
        clock = self.platform.clock
        if isinstance(clock, ManualClock):
            clock.reset()
        for forget in self.on_reset:
            forget()

    def starts_with(self, state: State) -> None:
        """Begin with a state, now and after each reset."""
        self.start = state
        self.restore(state)
        self.on_reset.append(lambda: self.restore(state))

    @property
    def body_limit(self) -> Callable[[Mapping[str, Any]], int]:
        """How many bytes of a request's body a server should read, by its WSGI environment."""
        return body_limit(self.contract, self.settings)

    def snapshot(self) -> State:
        """Return all that the emulator knows now, for `restore`."""
        return take(self.engine)

    def restore(self, state: State) -> None:
        """Replace all that the emulator knows by what a snapshot holds."""
        put_back(self.engine, state)

    def seed(
        self,
        organization: str = GIVEN["organization"],
        sandbox: str = GIVEN["sandbox"],
        **wish: Any,
    ) -> dict[str, int]:
        """Add a random world to a sandbox; return how much of what was made.

        Args:
            organization: Whose sandbox.
            sandbox: Its name.
            wish: How much of what: the members of `seeding.model.Wish`.

        Raises:
            SeedError: It cannot be made as it is asked for; nothing was added.
        """
        return self.seed_as(wish, organization, sandbox)

    def seed_as(self, wish: Any, organization: str, sandbox: str) -> dict[str, int]:
        """Add a random world, wished for in JSON, to a sandbox; see `seed`."""
        from emulator.seeding.seed import read_wish, seed

        return seed(self, self.scratch, Sandbox(organization, sandbox), read_wish(wish))

    def load_scenario(self, name: str, organization: str = "", sandbox: str = "") -> None:
        """Put a scenario in place of what is there.

        With an organization, it is built there and replaces only what that organization holds.

        Raises:
            SeedError: There is none of the name, or it cannot be built; nothing has changed.
        """
        from emulator.seeding.scenario_files import read_scenario
        from emulator.seeding.scenarios import load

        where = Sandbox(organization, sandbox or GIVEN["sandbox"]) if organization else None
        load(self, self.scratch, read_scenario(name, self.settings.fixtures), where)

    def scratch(self, clock: Clock) -> Emulator:
        """Return an empty emulator of the same settings, whom nobody watches or disturbs."""
        settings = replace(self.settings, journal=0, faults=None, self_check=False, scenario="")
        return create_emulator(settings, clock=clock, like=self)

    def close(self) -> None:
        """Release the state."""
        self._drop_worlds()
        self.platform.store.close()
        self.platform.blobs.close()

    def _drop_worlds(self) -> None:
        if not self.is_world:
            self.worlds.close()


def create_emulator(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    blobs: Blobs | None = None,
    like: Emulator | None = None,
) -> Emulator:
    """Build an emulator. Nothing is shared with others in the same process.

    Unless `like` names one with the same overlays: then its contract and fixtures, which nobody
    changes, are taken over rather than read and compiled again.

    Raises:
        SettingError: The settings name an edition or a folder that is not there.
        ContractError: A contract file cannot be used.
        FixtureError: A file of the fixtures overlay cannot be used.
        FaultError: The file of faults cannot be used.
        SeedError: The scenario cannot be loaded.
    """
    settings = settings or Settings()
    contract, fixtures = _known(settings, like)
    emulator = _compose(settings, contract, fixtures, clock, store, blobs)
    emulator.worlds.make_with(partial(_make_world, emulator))
    if settings.scenario:
        emulator.load_scenario(settings.scenario)
        emulator.starts_with(emulator.snapshot())
    return emulator


def _make_world(base: Emulator) -> Emulator:
    """Return an emulator for a world: as `base` was at first, in all but what is read-only.

    A manual clock starts at the time that it is at `base`, and then is the world's own. The worlds
    that it knows are those of `base`, so that its control API can name and drop them.
    """
    clock = base.platform.clock
    own = ManualClock(clock.now()) if isinstance(clock, ManualClock) else clock
    world = _compose(
        base.settings, base.contract, base.platform.fixtures, own, journal=base.journal
    )
    world.worlds, world.is_world = base.worlds, True
    if base.start is not None:
        world.starts_with(replace(base.start, clock=None))
    return world


def _compose(
    settings: Settings,
    contract: Contract,
    fixtures: FixtureLibrary,
    clock: Clock | None = None,
    store: Store | None = None,
    blobs: Blobs | None = None,
    journal: Journal | None = None,
) -> Emulator:
    views: dict[str, View] = {}
    platform = Platform(
        store or MemoryStore(),
        blobs or MemoryBlobs(),
        clock or SystemClock(),
        Ids(settings.seed),
        fixtures,
        settings,
        partial(_add_services, contract, views),
    )
    engine = Engine(contract, platform, views)
    # First, because the others tell what has gone wrong on purpose.
    faults = Faults(engine)
    faults.restart()
    if settings.self_check:
        engine.after.append(SelfCheck(contract))
    if journal is None and settings.journal:
        journal = Journal(contract, settings.journal)
    if journal is not None:
        engine.after.append(journal.add)
    worlds = Worlds(settings.max_worlds)
    made = Emulator(settings, contract, platform, engine, worlds, faults, journal)
    made.on_reset.append(faults.restart)
    return made


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application of a new emulator, for servers that want one."""
    return create_emulator(settings).wsgi_app


def _known(settings: Settings, like: Emulator | None) -> tuple[Contract, FixtureLibrary]:
    """Return what is read-only: the contract and the fixtures, from another emulator if it can."""
    if like is not None and _overlays(settings) == _overlays(like.settings):
        _check_edition(settings, like.contract)
        return like.contract, like.platform.fixtures
    contract = _contract(settings)
    fixtures = FixtureLibrary(data_folder("fixtures"), settings.fixtures)
    fixtures.check_overlay()
    return contract, fixtures


def _overlays(settings: Settings) -> tuple[object, object]:
    return settings.contracts, settings.fixtures


def _contract(settings: Settings) -> Contract:
    for name, folder in (("contracts", settings.contracts), ("fixtures", settings.fixtures)):
        if folder and not folder.is_dir():
            raise SettingError(f"{name}: {str(folder)!r} is not a folder")
    if settings.contracts:
        # It brings pydantic, which only overlays need.
        from emulator.contract.checkup import check_overlaid, check_overlay

        check_overlay(settings.contracts)
        contract = load_contract(data_folder("contracts"), settings.contracts)
        check_overlaid(contract)
    else:
        contract = load_contract(data_folder("contracts"))
    _check_edition(settings, contract)
    return contract


def _check_edition(settings: Settings, contract: Contract) -> None:
    if settings.edition and settings.edition not in contract.entries:
        known = ", ".join(contract.entries)
        raise SettingError(f"edition: {settings.edition!r} is not one of {known}")


def _add_services(contract: Contract, views: dict[str, View], platform: Platform) -> None:
    """Build the services on a platform and collect the views that they mark, by operation."""
    # The start answers health checks without them; the first call of the APIs brings them in.
    from emulator.services.registry import SERVICES

    for service in SERVICES:
        platform.add(service.name, service.build(platform))
        for item in vars(service.views).values():
            for id in _marks(item):
                if id not in contract.operations:
                    raise ContractError(f"{service.name}: a view for the unknown operation {id}")
                views[id] = item


def _marks(item: Callable[..., Any] | object) -> list[str]:
    return getattr(item, "operation_ids", []) if callable(item) else []
