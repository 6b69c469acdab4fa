"""The scope of a call: whose platform, edition, sandbox and API key whatever happens belongs to.

A `Scope` is what domain functions, facts and rules take instead of these four. It is cheap enough
to be made for every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from emulator.clock import Clock
from emulator.derived_ids import DerivedIds
from emulator.etag import make_etag
from emulator.facts import Fact
from emulator.fixtures.library import FixtureLibrary, Fixtures
from emulator.hooks import BatchHook, CompletionHook, EraseHook, RunHook
from emulator.ids import Ids
from emulator.json_types import Json, JsonObject
from emulator.ongoing import Interrupted, Ongoing
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.storage import Endpoints
from emulator.store import (
    ALL,
    Alone,
    Blobs,
    Change,
    Hint,
    Processes,
    Room,
    Store,
    Stored,
)

if TYPE_CHECKING:
    from emulator.contract.judge import Edition


CLAIM = "claim"
"""The kind of documents that say which process has begun what; see `emulator/claims.py`."""


class Scope:
    """One platform in one edition, one sandbox of it, and the API key of the caller.

    `client` is empty for what no caller asked for, such as a scheduled run.
    """

    __slots__ = ("client", "edition", "platform", "sandbox")

    def __init__(
        self, platform: PlatformBase, edition: Edition, sandbox: Sandbox, client: str = ""
    ) -> None:
        self.platform = platform
        self.edition = edition
        self.sandbox = sandbox
        self.client = client

    @property
    def fixtures(self) -> Fixtures:
        """The platform's own read-only resources, as this edition's documents print them."""
        return self.platform.fixtures_of(self.edition)

    @property
    def organization(self) -> str:
        """The id of the organization."""
        return self.sandbox.organization

    @property
    def tenant_id(self) -> str:
        """The organization's tenant id, without the underscore of its namespace."""
        return self.platform.derived.tenant_id(self.organization)

    @property
    def user_id(self) -> str:
        """The technical account that the caller's API key acts as."""
        return self.platform.derived.user_id(self.client)

    @property
    def sandbox_id(self) -> str:
        """The UUID under which services know the sandbox."""
        return self.platform.derived.sandbox_id(self.sandbox)

    def of_organization(self) -> Scope:
        """Return the same scope for what belongs to the organization and none of its sandboxes."""
        return Scope(self.platform, self.edition, Sandbox(self.organization, ""), self.client)

    def for_client(self, client: str) -> Scope:
        """Return the same scope for another API key."""
        return Scope(self.platform, self.edition, self.sandbox, client)

    def find(self, kind: str, key: str) -> JsonObject | None:
        """Return one resource of any service, or None."""
        return self.platform.finders[kind](self, key)

    def all(self, kind: str, hint: Hint = ALL) -> list[JsonObject]:
        """Return every resource of a kind, the oldest first; a hint says which are needed."""
        return self.platform.listers[kind](self, hint)

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what a fact is, by its name `service.function`; see `emulator/facts.py`."""
        return self.platform.facts[fact](self, *arguments)

    def read(self, kind: str, key: str) -> JsonObject | None:
        """Return the body of one document of the store, or None."""
        stored = self.platform.store.read(self.sandbox, kind, key)
        return stored.body if stored else None

    def existing(self, kind: str, key: str) -> JsonObject:
        """Return the body of a document that a rule has found before.

        Raises:
            LookupError: No rule looked for it, and it is not there.
        """
        body = self.read(kind, key)
        if body is None:
            raise LookupError(f"{kind} {key}")
        return body

    def stored(self, kind: str, key: str) -> Stored | None:
        """Return one document of the store with its version, or None."""
        return self.platform.store.read(self.sandbox, kind, key)

    def read_many(self, kind: str, keys: Iterable[str]) -> list[JsonObject]:
        """Return the bodies of the documents with these keys, in their order, that are there."""
        found = self.platform.store.read_many(self.sandbox, kind, keys)
        return [stored.body for stored in found]

    def scan(self, kind: str, after: int = 0, hint: Hint = ALL) -> Iterator[Stored]:
        """Yield the documents of a kind behind an ordinal, in order of creation."""
        return self.platform.store.scan(self.sandbox, kind, after, hint)

    def recent(self, kind: str, before: int = 0, hint: Hint = ALL) -> Iterator[Stored]:
        """Yield the documents of a kind from the last one on, or from below an ordinal."""
        return self.platform.store.recent(self.sandbox, kind, before, hint)

    def ordered(
        self,
        kind: str,
        path: str,
        *,
        descending: bool = False,
        ties: bool = False,
        start: int | None = None,
        hint: Hint = ALL,
    ) -> Iterator[Stored] | None:
        """Yield documents in order of a whole number, if the store can; see `Store.ordered`."""
        return self.platform.store.ordered(
            self.sandbox, kind, path, descending=descending, ties=ties, start=start, hint=hint
        )

    def count(self, kind: str) -> int:
        """Return how many documents of a kind there are."""
        return self.platform.store.count(self.sandbox, kind)

    def bodies(self, kind: str, hint: Hint = ALL) -> list[JsonObject]:
        """Return the bodies of all documents of a kind that are needed, in order of creation."""
        return [stored.body for stored in self.scan(kind, hint=hint)]

    def change(
        self,
        kind: str,
        key: str,
        body: JsonObject | None,
        expected: int | None = None,
        moves: bool = False,
    ) -> Change:
        """Return a change of one document for `write`: without a body it removes the document.

        `expected` is the version that the document has to have, 0 for one that must not exist;
        `moves` puts it at the end of its kind.
        """
        return Change(self.sandbox, kind, key, body, expected, moves)

    def write(self, *changes: Change) -> None:
        """Carry out changes of the store, all or none."""
        self.platform.store.write(*changes)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let nobody else write in the sandbox: what is read in the block is still true at its end.

        Raises:
            Interrupted: This thread works on what has been erased meanwhile, or ended by others.
        """
        with self.platform.store.exclusive(self.sandbox):
            self.platform.check_place()
            yield

    def new_uuid(self, kind: str) -> str:
        """Return the next dashed id of a kind."""
        counter = self.platform.store.next(self.sandbox, kind)
        return self._given_id() or self.platform.ids.uuid(self.sandbox, kind, counter)

    def new_hex(self, kind: str, length: int = 32) -> str:
        """Return the next id of a kind in hexadecimal digits."""
        counter = self.platform.store.next(self.sandbox, kind)
        return self._given_id() or self.platform.ids.hex(self.sandbox, kind, counter, length)

    def _given_id(self) -> str:
        """Return the id that a scenario wants for what is made now, if it wants one."""
        if given := self.platform.next_id:
            self.platform.next_id = ""
        return given

    def etag(self, entity: str, version: int, now: int) -> str:
        """Return the entity tag of an entity that was written so often, and last at that time."""
        return make_etag(self.platform.ids.seed, entity, version, now)

    def now(self) -> int:
        """Return the time in milliseconds since 1970-01-01 UTC."""
        return self.platform.clock.now()


Finder = Callable[[Scope, str], JsonObject | None]
"""Finds a resource of one kind by its key."""

Lister = Callable[[Scope, Hint], list[JsonObject]]
"""Returns every resource of one kind that a hint does not rule out, the oldest first."""


def stored_finder(kind: str) -> Finder:
    """Return the finder of a kind whose resources are documents of the store as they are."""
    return lambda scope, key: scope.read(kind, key)


def stored_lister(kind: str) -> Lister:
    """Return the lister of such a kind."""
    return lambda scope, hint: scope.bodies(kind, hint)


Conform = Callable[[JsonObject, list[Any]], JsonObject]
"""Returns a row as it lands in a data set, and appends what is wrong with it to the list."""


class PlatformBase:
    """What the services of one emulator share: all of a platform but the services themselves."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        clock: Clock,
        ids: Ids,
        fixtures: FixtureLibrary,
        settings: Settings,
    ) -> None:
        self.store = store
        self.room: Room = store.room
        """How much may be kept; isolated emulators share it."""
        self.blobs = blobs
        self.clock = clock
        self.ids = ids
        self.derived = DerivedIds(ids, settings)
        self.next_id = ""
        """The id of the next resource, where a scenario that is being built wants a certain one."""
        self.fixtures = fixtures
        self.settings = settings
        self.endpoints = Endpoints()
        """The real storages and databases that connections may lead to."""
        self.run_hooks: list[RunHook] = []
        self.batch_hooks: list[BatchHook] = []
        self.ongoing = Ongoing()
        self.processes: Processes = Alone()
        """Those that share the store."""
        self.claim_numbers = count(1)
        self.broken_claims: list[tuple[Sandbox, str, JsonObject]] = []
        """What this process has claimed, and could not end because of an error."""
        self.completion_hooks: list[CompletionHook] = []
        self.on_erase: list[EraseHook] = []
        self.on_due_change: list[Callable[[], object]] = []
        """Called when something becomes due earlier than all else, or all may have changed.

        Isolated emulators share it.
        """
        self.conformers: dict[
            tuple[Sandbox, str | None, bool], tuple[JsonObject, Conform, int]
        ] = {}
        """What holds rows against a schema, compiled, by sandbox, schema and strictness.

        With the schema that it was compiled of, and how many fields that has.
        """

        self.finders: dict[str, Finder] = {}
        self.listers: dict[str, Lister] = {}
        self.facts: dict[str, Fact] = {}
        self.stateless_facts: set[str] = set()

    def fixtures_of(self, edition: Edition) -> Fixtures:
        """Return the read-only resources that an edition's documents print."""
        return self.fixtures.edition(edition.entry.fixtures)

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        """Forget everything, or what one organization or one of its sandboxes holds."""
        with self.replacing(organization, name):
            self.store.erase(organization, name)
            self.blobs.erase(organization, name)
            self.erased(organization, name)

    @contextmanager
    def replacing(self, organization: str | None = None, name: str | None = None) -> Iterator[None]:
        """Interrupt the work on what is erased or replaced in the block; nothing of it lands."""
        is_one = self.processes.number and organization is not None and name is not None
        # Who is in one section may enter another, but cannot wait until all others have left.
        alone = self.store.exclusive(Sandbox(organization or "", name or "")) if is_one else None
        with alone or self.store.alone(), ExitStack() as stack:
            for sandbox in self.ongoing.void(organization, name):
                stack.enter_context(self.store.exclusive(sandbox))
            yield

    def check_place(self) -> None:
        """Go on, unless what this thread works on has been erased, or has been ended by others.

        Raises:
            Interrupted: It has; nothing of it may be written.
        """
        self.ongoing.check_place()
        if not self.processes.number:
            return  # then what is erased has been told to whoever works on it
        for sandbox, (key, claim) in self.ongoing.claims():
            stored = self.store.read(sandbox, CLAIM, key)
            if stored is None or stored.body != claim:
                raise Interrupted

    def erased(self, organization: str | None = None, name: str | None = None) -> None:
        """Call `on_erase`: resources are gone, and their ids may come again."""
        for forget in self.on_erase:
            forget(organization, name)
        self.due_changed()

    def due_changed(self) -> None:
        """Call `on_due_change`: another run may be the next that is due."""
        for notify in self.on_due_change:
            self.store.after_commit(notify)
