"""What the replies of a recording have shown of the platform's resources so far."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from emulator.contract import Operation
from emulator.contract.lookup import Undecided
from emulator.contract.replies import Shown, shown_in
from emulator.contract.resources import Resource, ResourceOperation, Resources
from emulator.json_types import Json, JsonObject
from emulator.sandbox import Sandbox

MAX_KNOWN = 20_000
"""How many resources are remembered; those that were shown longest ago are forgotten."""

SANDBOX = "sandbox"
"""The kind under which calls name a sandbox; `sandbox_management.sandbox` is its entry."""

ANSWERS = {"meta:tenantNamespace": "schema_registry.namespace"}
"""Facts that hold for an organization, by the member of replies that tells them."""


class Partial(JsonObject):
    """A resource of which only some members have been shown; asking for others is undecided."""

    def _unknown(self, name: object) -> NoReturn:
        raise Undecided(f"its {name} has not been shown")

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._unknown(name)

    def __missing__(self, name: str) -> NoReturn:
        self._unknown(name)

    def get(self, name: str, default: Json = None) -> Json:
        """Return a member that has been shown."""
        return self[name]


class Place(NamedTuple):
    """Under what a resource is remembered: the sandbox that it belongs to, its kind and its id."""

    sandbox: Sandbox
    kind: str
    id: str


class KnownResources:
    """Resources by sandbox, kind and id; None for one that is known not to be there."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.shipped = _shipped_kinds(resources)
        """Kinds of which the platform has some of its own, in every sandbox."""

        self._of_organization = {SANDBOX} | _kinds_of_organizations(resources)
        self._answers: dict[tuple[str, str], Json] = {}
        self._known: OrderedDict[Place, JsonObject | None] = OrderedDict()
        self._ids: defaultdict[tuple[Sandbox, str], dict[str, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[JsonObject | None]:
        return iter(self._known.values())

    def find(self, sandbox: Sandbox, kind: str, id: str) -> JsonObject | None:
        """Return a resource, or None if it is known not to be there.

        Raises:
            Undecided: Nothing has been shown of it.
        """
        try:
            return self._known[self._place(sandbox, kind, id)]
        except KeyError:
            raise Undecided(f"{kind} {id} has not been shown") from None

    def answer(self, sandbox: Sandbox, fact: str) -> Json:
        """Return what a fact without arguments is.

        Raises:
            Undecided: It has not been shown.
        """
        try:
            return self._answers[sandbox.organization, fact]
        except KeyError:
            raise Undecided(f"whether {fact} holds has not been shown") from None

    def all(self, sandbox: Sandbox, kind: str) -> Iterator[JsonObject]:
        """Yield the resources of a kind that have been shown."""
        for id in list(self._ids[sandbox, kind]):
            if (resource := self._known[Place(sandbox, kind, id)]) is not None:
                yield resource

    def learn_sandbox(self, sandbox: Sandbox) -> None:
        """Remember that a call in a sandbox was accepted."""
        if sandbox.name:
            self._put(sandbox, (SANDBOX,), sandbox.name, Partial(name=sandbox.name))

    def learn(
        self, operation: Operation, sandbox: Sandbox, request: JsonObject, status: int, body: Json
    ) -> None:
        """Remember what a call shows, makes, changes or deletes.

        Args:
            operation: What was called.
            sandbox: Where it was called.
            request: The request document.
            status: The reply's status.
            body: The reply's body, None where there is none, or it is not JSON.
        """
        if status < 300:
            self.learn_sandbox(sandbox)
        resource, role = self._resources.by_operation.get(operation.id, (None, None))
        if resource is None or role is None:
            return
        id = request["path"].get(resource.parameter_of(role), "")
        if (
            status == 404
            and id
            and not operation.writes
            and role.role == "get"
            and not request["query"]
        ):
            self._put(sandbox, resource.kinds_of(role), id, None)
        elif status < 300:
            self._learn_success(resource, role, sandbox, request, body)

    def _learn_success(
        self,
        resource: Resource,
        role: ResourceOperation,
        sandbox: Sandbox,
        request: JsonObject,
        body: Json,
    ) -> None:
        kinds = resource.kinds_of(role)
        id = request["path"].get(resource.parameter_of(role), "")
        if role.role == "delete":
            self._put(sandbox, kinds, id, None)
        elif id and _changes(role):
            # It is there; what was known of it before need not be so any more.
            self._put(sandbox, kinds, id, Partial())
        for shown in shown_in(resource, role, body):
            members = _members(resource, role, shown, request)
            for shown_id in shown.ids:
                self._put(sandbox, kinds, shown_id, members)
        self._learn_whole(resource, role, sandbox, request)
        for member, fact in ANSWERS.items() if isinstance(body, dict) else ():
            if body.get(member):
                self._answers[sandbox.organization, fact] = body[member]

    def _learn_whole(
        self, resource: Resource, role: ResourceOperation, sandbox: Sandbox, request: JsonObject
    ) -> None:
        """Forget what was known of the resource of which a changed one is a part."""
        whole = self._resources.by_id.get(resource.part_of)
        if whole is not None and (role.role in ("create", "delete") or _changes(role)):
            self._put(sandbox, whole.kinds, request["path"].get(whole.parameter, ""), Partial())

    def _put(
        self, sandbox: Sandbox, kinds: tuple[str, ...], id: str, resource: JsonObject | None
    ) -> None:
        for kind in kinds:
            place = self._place(sandbox, kind, id)
            self._known[place] = resource
            self._known.move_to_end(place)
            self._ids[place.sandbox, kind][id] = None
        while len(self._known) > MAX_KNOWN:
            oldest, _ = self._known.popitem(last=False)
            del self._ids[oldest.sandbox, oldest.kind][oldest.id]

    def _place(self, sandbox: Sandbox, kind: str, id: str) -> Place:
        if kind in self._of_organization:
            sandbox = Sandbox(sandbox.organization, "")
        return Place(sandbox, kind, id)


def _changes(role: ResourceOperation) -> bool:
    return role.role in ("replace", "update") or (role.role == "act" and role.shows != "nothing")


def _members(
    resource: Resource, role: ResourceOperation, shown: Shown, request: JsonObject
) -> JsonObject:
    """Return what a call has shown of a resource: all that there is, or a part."""
    members = shown.members
    if role.shows == "whole" and request["query"].keys().isdisjoint(role.partial_with):
        return members
    sent = request.get("body")
    if role.role == "create" and role.shows in ("id", "reference") and isinstance(sent, dict):
        # Such a reply names what the request describes.
        members = {**sent, resource.ids[0]: shown.ids[0], **members}
    if resource.lasting:
        members = {name: members[name] for name in resource.lasting if name in members}
    return Partial(members)


def _kinds_of_organizations(resources: Resources) -> set[str]:
    """Return the kinds of which no sandbox has resources of its own."""
    known = resources.by_id.values()
    of_sandboxes = (set(resource.kinds) for resource in known if resource.scope == "sandbox")
    return {kind for resource in known for kind in resource.kinds}.difference(*of_sandboxes)


def _shipped_kinds(resources: Resources) -> set[str]:
    shipped = (resource for resource in resources.by_id.values() if resource.shipped)
    return {kind for resource in shipped for kind in (*resource.kinds, *resource.derived)}
