"""What a view gets and gives: a Call, and a Reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from emulator.contract import Contract, Operation
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.services.interfaces import CatchingUp
from emulator.web.lookup import BoundLookup
from emulator.web.transport_fault import TransportFault

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding
    from emulator.contract.resources import Resource


@dataclass(frozen=True, slots=True)
class Part:
    """A request that another one contains: its path is below the base path of the whole."""

    method: str
    resource: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Call:
    """One accepted request, as a view sees it.

    `perform` answers a request that this one contains as if it had come by itself, in the same
    sandbox and edition; it never raises a refusal.
    """

    operation: Operation
    contract: Contract
    scope: Scope
    lookup: BoundLookup
    path: dict[str, str]
    query: JsonObject
    headers: dict[str, str]
    body: Json
    base_url: str
    perform: Callable[[Part], Reply]
    content: bytes = b""
    """The body as it was sent, where the operation takes bytes."""

    findings: list[Finding] = field(default_factory=list)
    """What is found about the call; a view may add what is wrong with what it has done."""

    @property
    def edition(self) -> Edition:
        """The edition that the call is answered in."""
        return self.scope.edition

    @property
    def resource(self) -> Resource:
        """What the operation is about, by the contract."""
        return self.contract.resources.by_operation[self.operation.id][0]

    def find(self, kind: str, key: str) -> JsonObject:
        """Return a resource that a rule has already found.

        Raises:
            LookupError: No rule looked for it, and it is not there.
        """
        resource = self.lookup.find(kind, key)
        if resource is None:
            raise LookupError(f"{kind} {key}")
        return resource

    @property
    def reading_scope(self) -> Scope:
        """The scope with what rules have found in it: for what reads before anything is written."""
        return self.lookup.scope

    def remark_as(self, operation: str, path: dict[str, str], at: str) -> None:
        """Remark on what the call has done as on reading it by an operation.

        Args:
            operation: One that reads what there is now.
            path: The parameters of its path.
            at: Where this call says what has been done, as a pointer.
        """
        request = {"headers": {}, "query": {}, "path": path, "content": {}}
        found = self.lookup.judge(operation, request)
        self.findings.extend(replace(finding, at=at) for finding in found)

    def ask(self, fact: str, *arguments: Json) -> Json:
        """Return what a fact is, as a rule may have asked before."""
        return self.lookup.ask(fact, *arguments)


@dataclass(slots=True)
class Reply:
    """What goes back: a JSON value, or bytes as they are, or nothing.

    `fault` says how the transport is to fail in sending it.
    """

    status: int = 200
    body: Json | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    fault: TransportFault | None = None

    def remark(self, findings: list[Finding]) -> None:
        """Name the rules that an accepted request broke: in one header, or in another if muted."""
        for header, muted in (("x-emulator-warning", False), ("x-emulator-muted", True)):
            ids = (found.rule.id for found in findings if (found.mute is not None) is muted)
            if names := dict.fromkeys(ids):
                self.headers[header] = ", ".join(names)


Rest = Callable[[], Reply]
"""What is left of a call when others may write in the sandbox again: it returns the reply."""

Answer = Reply | Rest


class View(NamedTuple):
    """How an operation is answered.

    Args:
        answer: Returns the reply, or what is left to do for it.
        catches_up: The service, if what is due in it is carried out first.
        is_long: Whether it may take longer than others should wait for it.
    """

    answer: Callable[[Call], Answer]
    catches_up: CatchingUp | None = None
    is_long: bool = False

    @property
    def waits(self) -> bool:
        """Whether it may wait for what others do."""
        return self.is_long or self.catches_up is not None


_V = TypeVar("_V", bound=Callable[..., Answer])


def operation(id: str, *, catches_up: bool = False, is_long: bool = False) -> Callable[[_V], _V]:
    """Mark a function (service, call) as the view of an operation; see `View` and `views_of`."""

    def mark(view: _V) -> _V:
        vars(view).setdefault("operations", []).append((id, catches_up, is_long))
        return view

    return mark


def views_of(module: ModuleType, service: Any) -> Iterator[tuple[str, View]]:
    """Yield the views that a module marks, by operation, each bound to its service."""
    for item in vars(module).values():
        for id, catches_up, is_long in getattr(item, "__dict__", {}).get("operations", ()):
            yield id, View(partial(item, service), service if catches_up else None, is_long)


def read_query(query_string: str, repeatable: tuple[str, ...]) -> JsonObject:
    """Return query parameters by name: the last value, or all of a repeatable one as a list.

    Empty values count as not sent: generated clients send `property=&orderby=` in lists.
    """
    query: JsonObject = {}
    if not query_string:
        return query
    for name, value in parse_qsl(query_string, errors="replace"):
        if name in repeatable:
            query.setdefault(name, []).append(value)
        else:
            query[name] = value
    return query
