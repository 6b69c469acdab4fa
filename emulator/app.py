"""The composition root: the one place where an emulator's parts are made and joined."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from emulator.clock import Clock, MovableClock, make_clock
from emulator.contract import Contract, ContractError, load_contract
from emulator.coverage.live import LiveCoverage
from emulator.emulator import Emulator
from emulator.faults import Faults
from emulator.fixtures.library import FixtureLibrary
from emulator.ids import Ids
from emulator.journal.journal import Journal
from emulator.package_data import data_folder
from emulator.platform import Platform, Service
from emulator.services.interfaces import Domain
from emulator.settings import SettingError, Settings
from emulator.shared import share, share_clock, share_isolated
from emulator.storage import Endpoints, read_endpoints
from emulator.store import (
    MEMORY,
    Blobs,
    MemoryStores,
    Store,
    Stores,
    StoreUnusable,
    open_stores,
)
from emulator.web.call import View, views_of
from emulator.web.engine import Engine
from emulator.web.isolation import IsolatedEmulators
from emulator.web.self_check import SelfCheck

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Blueprint, Flask


def create_emulator(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    blobs: Blobs | None = None,
    like: Emulator | None = None,
    services: tuple[Service[Domain], ...] = (),
) -> Emulator:
    """Build an emulator. Nothing is shared with others in the same process.

    Unless `like` names one with the same overlays: then its contract and fixtures, which nobody
    changes, are taken over rather than read and compiled again. `services` are further ones, for
    the operations that an overlay of the contract brings.

    Raises:
        SettingError: The settings name an edition or a folder that is not there, or a store or a
            file of storages that cannot be used.
        ContractError: A contract file cannot be used.
        FixtureError: A file of the fixtures overlay cannot be used.
        FaultError: The file of faults cannot be used.
        SeedError: The scenario cannot be loaded.
    """
    settings = settings or Settings()
    contract, fixtures = _known(settings, like)
    if store is not None or blobs is not None:
        stores: Stores = MemoryStores(settings.max_stored, store, blobs)
    else:
        stores = _open_stores(settings)
    endpoints = _endpoints(settings)
    emulator = _compose(settings, contract, fixtures, stores, clock, services=services)
    emulator.platform.endpoints = endpoints
    if settings.contracts and (like is None or like.contract is not contract):
        _check_names(emulator)
    emulator.isolated.make_with(partial(_make_isolated, emulator))
    if settings.scenario:
        _begin_with_scenario(emulator)
    if stores.processes.number:
        share(emulator)
    return emulator


def _open_stores(settings: Settings) -> Stores:
    try:
        return open_stores(settings.store, settings.blobs, settings.max_stored)
    except StoreUnusable as error:
        raise SettingError(str(error)) from error


def _endpoints(settings: Settings) -> Endpoints:
    if settings.files and not settings.files.is_dir():
        raise SettingError(f"files: {str(settings.files)!r} is not a folder")
    if settings.storage is None:
        return Endpoints()
    from emulator.data_plane.real_tables import require_drivers

    endpoints = read_endpoints(settings.storage)
    require_drivers(endpoints)
    return endpoints


def _begin_with_scenario(emulator: Emulator) -> None:
    """Load the scenario of the settings, unless there is something from before."""
    clock = emulator.platform.clock
    scratch = _make_scratch(emulator, clock.copy() if isinstance(clock, MovableClock) else clock)
    scratch.load_scenario(emulator.settings.scenario)
    emulator.starts_with(scratch.snapshot())


def _check_names(emulator: Emulator) -> None:
    # An overlay has brought it in already.
    from emulator.contract.checkup import refuse, unknown_names

    platform = emulator.platform
    platform.load()
    refuse(unknown_names(emulator.contract, platform.facts, platform.finders))


def _make_isolated(base: Emulator, name: str) -> Emulator:
    """Return an isolated emulator: as `base` was at first, in all but what is read-only.

    A clock that can be moved starts at the time that it is at `base`, and then is its own. Its
    `isolated` are those of `base`, so that its control API can name and drop them.
    """
    clock = base.platform.clock
    own = clock.copy() if isinstance(clock, MovableClock) else clock
    made = _compose(
        base.settings,
        base.contract,
        base.platform.fixtures,
        base.stores,
        own,
        base=base,
        world=name,
        services=base.services,
    )
    made.isolated, made.is_isolated = base.isolated, True
    if base.start is not None:
        made.starts_with(replace(base.start, clock=None))
    if base.stores.processes.number:
        share_isolated(base, made)
    return made


def _make_scratch(emulator: Emulator, clock: Clock) -> Emulator:
    settings = replace(
        emulator.settings,
        journal=0,
        faults=None,
        self_check=False,
        scenario="",
        store=MEMORY,
        blobs="",
        files=None,
        storage=None,
    )
    return create_emulator(settings, clock=clock, like=emulator, services=emulator.services)


def _control_blueprint(emulator: Emulator) -> Blueprint:
    from emulator.admin.control import make_blueprint  # brings Flask, which the start does without

    return make_blueprint(emulator)


def _page_blueprint(emulator: Emulator) -> Blueprint:
    from emulator.page.blueprint import make_page  # nobody needs it but people with a browser

    return make_page(emulator)


def _storage_blueprint(emulator: Emulator) -> Blueprint:
    # It brings a service, which a health check does without.
    from emulator.services.connectors.landing_zone_routes import make_storage

    return make_storage(emulator.engine)


def _compose(
    settings: Settings,
    contract: Contract,
    fixtures: FixtureLibrary,
    stores: Stores,
    clock: Clock | None = None,
    base: Emulator | None = None,
    world: str = "",
    services: tuple[Service[Domain], ...] = (),
) -> Emulator:
    views: dict[str, View] = {}
    platform = Platform(
        stores.store(world),
        stores.blobs(world),
        clock or make_clock(settings.clock),
        Ids(settings.seed),
        fixtures,
        settings,
        partial(_add_services, contract, views, services),
    )
    platform.processes = stores.processes
    if base is not None:
        platform.on_due_change = base.platform.on_due_change
        platform.endpoints = base.platform.endpoints
    engine = Engine(contract, platform, views, stores.values(world), stores.processes.number)
    share_clock(engine, is_isolated=base is not None)
    faults, journal, coverage = _observe(engine, base, stores)
    made = Emulator(
        settings,
        contract,
        platform,
        engine,
        isolated=IsolatedEmulators(
            settings.max_worlds,
            by_organization=settings.world_by == "organization",
            elsewhere=stores.worlds if stores.processes.number else None,
        ),
        stores=stores,
        faults=faults,
        make_scratch=_make_scratch,
        control_blueprint=_control_blueprint,
        page_blueprint=_page_blueprint,
        storage_blueprint=_storage_blueprint,
        journal=journal,
        coverage=coverage,
        services=services,
    )
    made.on_reset.append(faults.restart)
    return made


def _observe(
    engine: Engine, base: Emulator | None, stores: Stores
) -> tuple[Faults, Journal | None, LiveCoverage | None]:
    """Add what observes or changes exchanges to an engine; `base` shares its journal."""
    # First, because the others report which faults there were.
    faults = Faults(engine)
    faults.start()
    if engine.platform.settings.self_check:
        engine.after.append(SelfCheck(engine.contract))
    journal, coverage = _journal(engine, stores) if base is None else (base.journal, base.coverage)
    if journal is not None:
        engine.after.append(journal.add)
    if base is not None:
        engine.after.extend(base.observers)
    return faults, journal, coverage


def _journal(engine: Engine, stores: Stores) -> tuple[Journal | None, LiveCoverage | None]:
    """Return a journal and its coverage: of this process, or of all that share a store."""
    contract, most = engine.contract, engine.platform.settings.journal
    if not most:
        return None, None
    calls = stores.calls()
    if calls is None:
        journal = Journal(most)
        return journal, LiveCoverage(contract, journal)
    # Stores in memory do without.
    from emulator.coverage.lasting import LastingCoverage
    from emulator.journal.lasting import LastingJournal

    lasting = LastingJournal(calls, contract.operations, most)
    # Where it is served, the first call need not wait for it.
    stores.processes.on_tick.append(lasting.begin)
    return lasting, LastingCoverage(contract, lasting, calls)


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
    if settings.fixtures:
        check_fixtures(settings.fixtures, fixtures)
    return contract, fixtures


def check_fixtures(overlay: Path, fixtures: FixtureLibrary) -> None:
    """Examine every file of an overlay of fixtures, so that a broken one ends the start.

    Raises:
        FixtureError: With one line for each thing that is wrong.
    """
    # These bring pydantic, which only overlays need.
    from emulator.fixtures.overlay import check
    from emulator.seeding.scenario_files import FOLDER, complaints

    check(overlay, fixtures.edition(""), {FOLDER: complaints})


def _overlays(settings: Settings) -> tuple[object, object]:
    return settings.contracts, settings.fixtures


def _contract(settings: Settings) -> Contract:
    for name, folder in (("contracts", settings.contracts), ("fixtures", settings.fixtures)):
        if folder and not folder.is_dir():
            raise SettingError(f"{name}: {str(folder)!r} is not a folder")
    if settings.contracts:
        # It brings pydantic, which only overlays need.
        from emulator.contract.checkup import check_contract, refuse
        from emulator.contract.files import check_files

        refuse(check_files(settings.contracts))
        contract = load_contract(data_folder("contracts"), settings.contracts)
        refuse(check_contract(contract))
    else:
        contract = load_contract(data_folder("contracts"))
    _check_edition(settings, contract)
    return contract


def _check_edition(settings: Settings, contract: Contract) -> None:
    if settings.edition and settings.edition not in contract.entries:
        known = ", ".join(contract.entries)
        raise SettingError(f"edition: {settings.edition!r} is not one of {known}")


def _add_services(
    contract: Contract,
    views: dict[str, View],
    further: tuple[Service[Domain], ...],
    platform: Platform,
) -> None:
    """Build the services on a platform and collect the views that they mark, by operation."""
    # The start answers health checks without them; the first call of the APIs brings them in.
    from emulator.services.registry import SERVICES

    for service in (*SERVICES, *further):
        domain = platform.add(service)
        for module in service.modules:
            for id, view in views_of(module, domain):
                if id not in contract.operations:
                    raise ContractError(f"{service.name}: a view for the unknown operation {id}")
                views[id] = view
