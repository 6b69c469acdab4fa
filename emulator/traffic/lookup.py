"""What rules may see while they judge a recorded request: what the recording has shown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from emulator.contract.checks import check_of
from emulator.contract.checks.reason import is_memberwise
from emulator.contract.lookup import Undecided
from emulator.contract.mutes import mark
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.traffic.known_resources import KnownResources, Partial
from emulator.xdm.resolution import resolve

if TYPE_CHECKING:
    from emulator.contract import Rule
    from emulator.contract.lookup import Finding


class RecordedLookup:
    """The lookup of one recorded request. `rule` has to be the rule that asks."""

    rule: Rule

    def __init__(self, known: KnownResources, scope: Scope, request: JsonObject) -> None:
        """Look up what is `known`, and what the platform of the `scope` has in every sandbox."""
        self.request = request
        self._known = known
        self._scope = scope

    def find(self, kind: str, key: str) -> JsonObject | None:
        """Return a resource that the recording or the platform itself shows.

        Raises:
            Undecided: Neither does, or not enough of it for the rule that asks.
        """
        if kind in self._known.shipped and (found := self._scope.find(kind, key)) is not None:
            return found
        found = self._known.find(self._scope.sandbox, kind, key)
        if isinstance(found, Partial) and not self._asks_for_members:
            raise Undecided(f"{kind} {key} has been shown in part only")
        return found

    @property
    def _asks_for_members(self) -> bool:
        return any(is_memberwise(check_of(name)) for name in self.rule.check)

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what a fact is that the recording shows, or that needs nothing to be created.

        Raises:
            Undecided: It is neither.
        """
        if fact in self._scope.platform.stateless_facts:
            return self._scope.ask(fact, *arguments)
        return self._known.answer(self._scope.sandbox, fact)

    def all(self, kind: str, texts: tuple[str, ...] = ()) -> list[JsonObject]:
        """Return what yields the resources that have been shown, and then gives up.

        Raises:
            Undecided: While it is gone through, behind the last resource.
        """
        return cast("list[JsonObject]", self._shown(kind))

    def _shown(self, kind: str) -> Iterator[JsonObject]:
        yield from self._known.all(self._scope.sandbox, kind)
        raise Undecided(f"there may be more of the kind {kind}")

    def resolved(self, resource: JsonObject) -> JsonObject:
        """Return the resolved form of an XDM resource.

        Raises:
            Undecided: It refers to what `find` cannot tell of.
        """
        return resolve(resource, partial(self.find, "xdm_resource"))

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        """Return what the rules of another operation say of a request, muted ones left out."""
        within = RecordedLookup(self._known, self._scope, request)
        within.rule = self.rule
        edition = self._scope.edition
        findings = edition.judge(operation, request, within)
        marked = mark(findings, edition.mutes, operation, self._scope.now())
        return [finding for finding in marked if finding.mute is None]
