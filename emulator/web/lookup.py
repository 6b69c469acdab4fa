"""What rules may see: the scope of one request, read-only, with answers remembered for the call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from emulator.contract.mutes import mark
from emulator.json_types import MISSING, Json, JsonObject, dumps
from emulator.scope import Scope
from emulator.store import Hint
from emulator.xdm.resolution import resolve

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding


class RememberingScope(Scope):
    """A scope that finds each resource once, as it was then: for what only reads."""

    __slots__ = ("_found",)

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.platform, scope.edition, scope.sandbox, scope.client)
        self._found: dict[tuple[str, str], JsonObject | None] = {}

    def find(self, kind: str, key: str) -> JsonObject | None:
        """Return one resource of any service as it was when it was first asked for, or None."""
        place = (kind, key)
        found: JsonObject | None = self._found.get(place, MISSING)
        if found is MISSING:
            found = self._found[place] = self.platform.finders[kind](self, key)
        return found


class BoundLookup:
    """Finds resources and asks facts of every service for the rules of one request."""

    __slots__ = ("_answers", "_judged", "_resolved", "request", "scope")

    def __init__(self, scope: Scope, request: JsonObject) -> None:
        self.scope = RememberingScope(scope)
        self.request = request
        self._answers: dict[tuple[str, bytes], Json] = {}
        self._resolved: dict[bytes, JsonObject] = {}
        self._judged: dict[tuple[str, bytes], list[Finding]] = {}

    def find(self, kind: str, key: str) -> JsonObject | None:
        return self.scope.find(kind, key)

    def all(self, kind: str, texts: tuple[str, ...] = ()) -> list[JsonObject]:
        return self.scope.all(kind, Hint(texts=texts))

    def ask(self, fact: str, *arguments: Json) -> Json:
        place = (fact, dumps(arguments))
        if place not in self._answers:
            self._answers[place] = self.scope.ask(fact, *arguments)
        return self._answers[place]

    def resolved(self, resource: JsonObject) -> JsonObject:
        # Several rules look at what a request makes of a schema; a patch is applied for each.
        place = dumps(resource)
        if place not in self._resolved:
            self._resolved[place] = resolve(resource, partial(self.find, "xdm_resource"))
        return self._resolved[place]

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        # Several rules ask of the same resource, before and after a patch, each for other rules.
        place = (operation, dumps(request))
        if place not in self._judged:
            self._judged[place] = self._judge(operation, request)
        return self._judged[place]

    def _judge(self, operation: str, request: JsonObject) -> list[Finding]:
        scope = self.scope
        within = BoundLookup(scope, request)
        within._resolved = self._resolved
        findings = scope.edition.judge(operation, request, within)
        marked = mark(findings, scope.edition.mutes, operation, scope.now())
        return [finding for finding in marked if finding.mute is None]
