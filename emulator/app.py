"""The composition root: the one place where an emulator's parts are made and joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.contract import Contract, ContractError, load_contract
from emulator.fixture_library import FixtureLibrary
from emulator.journal.journal import Journal
from emulator.package_data import data_folder
from emulator.runtime import Clock, Ids, Runtime, SystemClock
from emulator.services.base import Platform
from emulator.settings import SettingError, Settings
from emulator.state import State, put_back, take
from emulator.store import Blobs, MemoryBlobs, MemoryStore, Store
from emulator.web.call import View
from emulator.web.engine import Engine

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True, slots=True)
class Emulator:
    """One emulator: its settings, contract, state and the WSGI application that serves it."""

    settings: Settings
    contract: Contract
    platform: Platform
    engine: Engine
    wsgi_app: Flask
    journal: Journal | None = None
    """What was asked and answered; None with the setting `journal` at 0."""

    def snapshot(self) -> State:
        """Return all that the emulator knows now, for `restore`."""
        return take(self.engine)

    def restore(self, state: State) -> None:
        """Replace all that the emulator knows by what a snapshot holds."""
        put_back(self.engine, state)

    def close(self) -> None:
        """Release the state."""
        self.platform.store.close()
        self.platform.blobs.close()


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
    """
    from emulator.admin.control import make_blueprint
    from emulator.web.flask_app import make_flask_app

    settings = settings or Settings()
    contract, fixtures = _known(settings, like)
    runtime = Runtime(clock or SystemClock(), Ids(settings.seed))
    views: dict[str, View] = {}
    platform = Platform(
        store or MemoryStore(),
        blobs or MemoryBlobs(),
        runtime,
        fixtures,
        settings,
        partial(_add_services, contract, views),
    )
    engine = Engine(contract, platform, views)
    journal = Journal(contract, settings.journal) if settings.journal else None
    if journal is not None:
        engine.after.append(journal.add)
    flask_app = make_flask_app(engine)
    flask_app.register_blueprint(make_blueprint(engine, journal))
    return Emulator(settings, contract, platform, engine, flask_app, journal)


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
