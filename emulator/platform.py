"""The platform of one emulator: what its services share, and the services by name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Generic, TypeVar

from emulator.clock import Clock
from emulator.documents import DocumentModel, DocumentModels
from emulator.fixtures.library import FixtureLibrary
from emulator.ids import Ids
from emulator.scope import PlatformBase
from emulator.services.interfaces import Domain, Services
from emulator.settings import Settings
from emulator.store import Blobs, Store

_D_co = TypeVar("_D_co", bound=Domain, covariant=True)


@dataclass(frozen=True, slots=True)
class Service(Generic[_D_co]):
    """One emulated service.

    Args:
        name: Its name in the contract, and among the platform's `services`.
        build: Makes the domain object.
        modules: Where its views are, marked with `@operation`, and its facts, marked with `@fact`.
        documents: What the documents look like that it keeps; a state is held against it.
    """

    name: str
    build: Callable[[Platform], _D_co]
    modules: tuple[ModuleType, ...]
    documents: tuple[DocumentModel, ...] = ()


class Platform(PlatformBase):
    """What the services of one emulator share, and the services themselves.

    The services are loaded when they are first needed, so that a start waits for none of them.
    """

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        clock: Clock,
        ids: Ids,
        fixtures: FixtureLibrary,
        settings: Settings,
        load: Callable[[Platform], None],
    ) -> None:
        """Remember the parts. `load` adds the services; it runs when one is first needed."""
        super().__init__(store, blobs, clock, ids, fixtures, settings)
        self._services = Services()
        self._documents = DocumentModels()
        self._load: Callable[[Platform], None] | None = load
        self._loading = threading.RLock()

    @property
    def services(self) -> Services:
        """The services, each under its name."""
        self.load()
        return self._services

    @property
    def documents(self) -> DocumentModels:
        """What the documents of all services look like."""
        self.load()
        return self._documents

    def load(self) -> None:
        """Build the services, unless they are there."""
        if self._load is not None:
            with self._loading:
                if self._load is not None:
                    self._load(self)
                    self._load = None

    def add(self, service: Service[Domain]) -> Domain:
        """Build a service, make its resources and facts known, and return its domain object."""
        domain = service.build(self)
        vars(self._services)[service.name] = domain
        self._documents.add(service.documents)
        self.finders.update(domain.finders())
        self.listers.update(domain.listers())
        for module in service.modules:
            for name, item in vars(module).items():
                if callable(item) and "fact" in (marks := getattr(item, "__dict__", {})):
                    self.facts[f"{service.name}.{name}"] = partial(item, domain)
                    if marks["fact"]["stateless"]:
                        self.stateless_facts.add(f"{service.name}.{name}")
        return domain
