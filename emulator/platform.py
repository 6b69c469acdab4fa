"""What a service is to the rest: its name, its views, and how its domain object is built."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from emulator.clock import Clock
from emulator.fixtures.library import FixtureLibrary, Fixtures
from emulator.ids import Ids
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.store import Blobs, Store

if TYPE_CHECKING:
    from emulator.contract.judge import Edition

Finder = Callable[[Sandbox, Fixtures, str], JsonObject | None]
Lister = Callable[[Sandbox, Fixtures], list[JsonObject]]

RunHook = Callable[[Sandbox, JsonObject, JsonObject], JsonObject | None]
"""Asked with sandbox, flow and run before a run is carried out; None lets it.

What it returns instead becomes the run's `statusSummary`, and nothing is read: for example
`{"status": "failed", "errors": [{"code": …, "message": …}]}`. A run that has not ended then
(`inProgress`, `queued`, `scheduled`) is asked for again each time somebody looks at runs or flows.
"""

BatchHook = Callable[[Sandbox, JsonObject], JsonObject | None]
"""Asked with sandbox and data set before a batch is read; None lets it.

What it returns instead, `{"code": …, "message": …}`, is why the batch fails.
"""


EraseHook = Callable[[str | None, str | None], object]
"""Told which organization and sandbox have been erased, None for all: who remembers ids forgets."""


class Domain(Protocol):
    """A service's domain object."""

    def finders(self) -> Mapping[str, Finder]:
        """Return how rules and other services find one resource, by kind."""

    def listers(self) -> Mapping[str, Lister]:
        """Return how rules and other services see all resources of a kind."""


@dataclass(frozen=True, slots=True)
class Service:
    """One emulated service.

    `views` is the module whose functions are marked with `@operation`; `build` makes the domain
    object, which the others reach as an attribute of the platform under the service's name.
    """

    name: str
    views: ModuleType
    build: Callable[[Platform], Domain]


class Platform:
    """What the services of one emulator share, and the services themselves by name."""

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
        self.store = store
        self.blobs = blobs
        self.clock = clock
        self.ids = ids
        self.fixtures = fixtures
        self.settings = settings
        self.run_hooks: list[RunHook] = []
        self.batch_hooks: list[BatchHook] = []
        self.on_erase: list[EraseHook] = []
        self.conformers: dict[tuple[Sandbox, str | None, bool], tuple[JsonObject, Any]] = {}
        self._derived: dict[tuple[str, object], str] = {}
        self._domains: dict[str, Domain] = {}
        self._finders: dict[str, Finder] = {}
        self._listers: dict[str, Lister] = {}
        self._load: Callable[[Platform], None] | None = load
        self._loading = threading.RLock()

    def load(self) -> None:
        """Build the services, unless they are there."""
        if self._load is not None:
            with self._loading:
                if self._load is not None:
                    self._load(self)
                    self._load = None

    def add(self, name: str, domain: Domain) -> None:
        """Make a service's domain object known under its name."""
        self._domains[name] = domain
        self._finders.update(domain.finders())
        self._listers.update(domain.listers())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self.load()
        try:
            return self._domains[name]
        except KeyError:
            raise AttributeError(name) from None

    def fixtures_of(self, edition: Edition) -> Fixtures:
        """Return the read-only resources that an edition's documents print."""
        return self.fixtures.edition(edition.entry.fixtures)

    def find(self, sandbox: Sandbox, fixtures: Fixtures, kind: str, key: str) -> JsonObject | None:
        """Return one resource of any service, or None."""
        return self._finders[kind](sandbox, fixtures, key)

    def all(self, sandbox: Sandbox, fixtures: Fixtures, kind: str) -> list[JsonObject]:
        """Return every resource of a kind that a sandbox sees."""
        return self._listers[kind](sandbox, fixtures)

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        """Forget everything, or what one organization or one of its sandboxes holds."""
        self.store.erase(organization, name)
        self.blobs.erase(organization, name)
        self.erased(organization, name)

    def erased(self, organization: str | None = None, name: str | None = None) -> None:
        """Tell `on_erase` that resources are gone, and that their ids may come again."""
        for forget in self.on_erase:
            forget(organization, name)

    def new_uuid(self, sandbox: Sandbox, kind: str) -> str:
        """Return the next dashed id of a kind."""
        return self.ids.uuid(sandbox, kind, self.store.next(sandbox, kind))

    def new_hex(self, sandbox: Sandbox, kind: str, length: int = 32) -> str:
        """Return the next id of a kind in hexadecimal digits."""
        return self.ids.hex(sandbox, kind, self.store.next(sandbox, kind), length)

    def sandbox_id(self, sandbox: Sandbox) -> str:
        """Return the UUID under which services know a sandbox."""
        return self._remembered(("sandbox", sandbox), lambda: self._sandbox_id(sandbox))

    def tenant_id(self, organization: str) -> str:
        """Return an organization's tenant id, without the underscore of its namespace."""
        if self.settings.tenant:
            return self.settings.tenant.lstrip("_")
        return "t" + self.ids.hex(Sandbox(organization, ""), "tenant", 0, 8)

    def user_id(self, api_key: str) -> str:
        """Return the technical account that an API key acts as."""
        return self._remembered(("user", api_key), lambda: self._user_id(api_key))

    def _sandbox_id(self, sandbox: Sandbox) -> str:
        return self.ids.uuid(sandbox, "sandbox", 0)

    def _user_id(self, api_key: str) -> str:
        digits = self.ids.hex(Sandbox("", api_key), "user", 0, 24)
        return f"{digits.upper()}@techacct.adobe.com"

    def _remembered(self, key: tuple[str, object], make: Callable[[], str]) -> str:
        """Return a derived id without deriving it at every write."""
        if key not in self._derived:
            if len(self._derived) > 1024:
                self._derived.clear()
            self._derived[key] = make()
        return self._derived[key]
