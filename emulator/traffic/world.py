"""What a recording has shown of the world so far, and a lookup that says when it cannot tell."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, cast

from emulator.contract.lookup import Undecided
from emulator.contract.mutes import mark
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.traffic.lessons import LESSONS, Lesson, resources

if TYPE_CHECKING:
    from emulator.contract import Rule
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding

MOST_LEARNED = 20_000
"""So many resources are remembered; the ones that were shown longest ago are forgotten."""

READ_FIELDS = {
    "agrees",
    "every_listed",
    "field_is_one_of",
    "fits_spec",
    "named_in",
    "refers_to",
    "spec_requires",
    "state_allows",
    "unique",
    "version_matches",
}
"""Checks that take a resource's existence or single members; others need to see all of it."""

SHIPPED = {
    "behavior",
    "class",
    "connection_spec",
    "data_type",
    "field_group",
    "flow_spec",
    "global_behavior",
    "global_class",
    "global_data_type",
    "global_field_group",
    "global_schema",
    "resolved_schema",
    "resolved_xdm",
    "schema",
    "xdm_resource",
}
"""Kinds of which the platform has some of its own, in every sandbox; the fixtures hold them."""


class Partial(dict[str, Any]):
    """A resource of which only some members have been shown; asking for others is undecided."""

    def _unknown(self, name: object) -> NoReturn:
        raise Undecided(f"its {name} has not been shown")

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._unknown(name)

    def __missing__(self, name: str) -> NoReturn:
        self._unknown(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member that has been shown."""
        return self[name]


OF_ORGANIZATION = {"sandbox", "sandbox_entry", "tenant"}
"""Kinds that an organization has beside its sandboxes."""

Place = tuple[Sandbox, str, str]


def _home(sandbox: Sandbox, kind: str) -> Sandbox:
    return Sandbox(sandbox.organization, "") if kind in OF_ORGANIZATION else sandbox


class World:
    """What is known by sandbox, kind and key: a resource, or None for what is known to be gone."""

    def __init__(self) -> None:
        self._known: OrderedDict[Place, JsonObject | None] = OrderedDict()
        self._keys: defaultdict[tuple[Sandbox, str], dict[str, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._known)

    def learn(
        self,
        operation: str,
        sandbox: Sandbox,
        request: JsonObject,
        status: int,
        reply: Json,
        *,
        is_read: bool,
    ) -> None:
        """Take up what a call shows.

        Args:
            reply: The body, None where there is none, or no JSON.
            is_read: Whether the call changes nothing.
        """
        if status < 300:
            self.learn_sandbox(sandbox)
        lesson = LESSONS.get(operation)
        if lesson is None:
            return
        named = request["path"].get(lesson.parameter)
        if status == 404 and named and is_read and not request["query"]:
            self._remove(lesson, sandbox, named)
        elif status < 300:
            self._learn(lesson, sandbox, request, reply)

    def learn_sandbox(self, sandbox: Sandbox) -> None:
        """Take up that a call in a sandbox was accepted."""
        if sandbox.name:
            self._put(sandbox, "sandbox", sandbox.name, Partial(name=sandbox.name))

    def _learn(self, lesson: Lesson, sandbox: Sandbox, request: JsonObject, reply: Json) -> None:
        named = request["path"].get(lesson.parameter)
        if lesson.how == "removes":
            self._remove(lesson, sandbox, named)
            return
        if lesson.how == "changes" and named:
            # It is there; what was known of it before need not be so any more.
            for kind in lesson.kinds:
                self._put(sandbox, kind, named, Partial())
        whole = lesson.how == "shows" and not any(
            name in request["query"] for name in lesson.partial_with
        )
        sent = request.get("body") if lesson.how == "makes" else None
        for key, shown in resources(lesson, reply):
            item = {**sent, "id": key, **shown} if isinstance(sent, dict) else shown
            for kind in lesson.kinds:
                self._put(sandbox, kind, key, item if whole else Partial(item))
        if isinstance(reply, dict) and (tenant := reply.get("meta:tenantNamespace")):
            self._put(sandbox, "tenant", "", {"namespace": tenant})

    def _put(self, sandbox: Sandbox, kind: str, key: str, resource: JsonObject | None) -> None:
        place = (_home(sandbox, kind), kind, key)
        self._known[place] = resource
        self._known.move_to_end(place)
        self._keys[place[0], kind][key] = None
        if len(self._known) > MOST_LEARNED:
            (within, of, name), _ = self._known.popitem(last=False)
            del self._keys[within, of][name]

    def _remove(self, lesson: Lesson, sandbox: Sandbox, key: str) -> None:
        for kind in lesson.kinds:
            self._put(sandbox, kind, key, None)

    def find(self, sandbox: Sandbox, kind: str, key: str) -> JsonObject | None:
        """Return a resource, or None if it is known not to be there.

        Raises:
            Undecided: Nothing has been shown of it.
        """
        try:
            return self._known[_home(sandbox, kind), kind, key]
        except KeyError:
            raise Undecided(f"{kind} {key} has not been shown") from None

    def everything(self) -> Iterator[JsonObject | None]:
        """Yield whatever is known."""
        yield from self._known.values()

    def all(self, sandbox: Sandbox, kind: str) -> Iterator[JsonObject]:
        """Yield the resources of a kind that have been shown."""
        for key in list(self._keys[sandbox, kind]):
            if (resource := self._known[sandbox, kind, key]) is not None:
                yield resource


class LearningLookup:
    """The lookup of one recorded request. It is told which rule asks, in `rule`."""

    rule: Rule

    def __init__(
        self,
        world: World,
        platform: Platform,
        edition: Edition,
        sandbox: Sandbox,
        request: JsonObject,
    ) -> None:
        self.request = request
        self._world = world
        self._platform = platform
        self._edition = edition
        self._sandbox = sandbox
        self._scope = Scope(platform, edition, sandbox)

    def find(self, kind: str, key: str) -> JsonObject | None:
        """Return a resource that the recording or the platform itself shows.

        Raises:
            Undecided: Neither does, or not enough of it for the rule that asks.
        """
        if kind in SHIPPED and (found := self._scope.find(kind, key)) is not None:
            return found
        found = self._world.find(self._sandbox, kind, key)
        if isinstance(found, Partial) and READ_FIELDS.isdisjoint(self.rule.check):
            raise Undecided(f"{kind} {key} has been shown in part only")
        return found

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what a fact is that does not depend on what has been created.

        Raises:
            Undecided: It does.
        """
        if fact in self._platform.stateless_facts:
            return self._scope.ask(fact, *arguments)
        raise Undecided(f"whether {fact} holds has not been shown")

    def all(self, kind: str) -> list[JsonObject]:
        """Return what yields the resources that have been shown, and then gives up.

        Raises:
            Undecided: While it is gone through, behind the last resource.
        """
        return cast("list[JsonObject]", self._shown(kind))

    def _shown(self, kind: str) -> Iterator[JsonObject]:
        yield from self._world.all(self._sandbox, kind)
        raise Undecided(f"there may be more of the kind {kind}")

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        """Return what the rules of another operation say of a request, muted ones left out."""
        asking = self.rule
        within = LearningLookup(self._world, self._platform, self._edition, self._sandbox, request)
        within.rule = asking
        findings = self._edition.judge(operation, request, within)
        now = self._platform.clock.now()
        marked = mark(findings, self._edition.mutes, operation, now)
        return [finding for finding in marked if finding.mute is None]
