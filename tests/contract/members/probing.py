"""Sends requests with one member or parameter more, and tells what becomes of it.

Every probe starts from the same state, so two of them differ only by what they send.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from emulator.clock import ManualClock
from emulator.contract.model import Operation
from emulator.contract.reading import build
from emulator.contract.reply_cases import Step, filled
from emulator.contract.resources import Resource, ResourceOperation, member_pointer
from emulator.emulator import Emulator
from emulator.json_types import MISSING, Json, JsonObject, at, pointer_steps
from emulator.state import State
from emulator.testing.client import AepClient, Response
from emulator.web.exchange import Exchange
from tests.contract.members.prepared import NOW, filled_path, prepare
from tests.emulators import aep_for, shipped_contract

HERE = Path(__file__).parent
XED = "application/vnd.adobe.xed+json;version=1"
REPRESENTATIONS = (XED, "application/vnd.adobe.xed-full+json;version=1")
OF_NAMES = {
    "members_are_spelt_as_documented",
    "members_are_documented",
    "parameters_are_documented",
    "all_is_carried_out",
}
"""Rules that look at names, and not at what stands under them."""


class Remark(NamedTuple):
    """A rule that fired: its name without the operation, its place, and what it said."""

    rule: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call was answered, what rules said of it, and what later calls show.

    `reads` are of the resource itself, `looks` of what follows from it.
    """

    response: Response
    remarks: list[Remark]
    reads: list[Any] = field(default_factory=list)
    looks: list[Any] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return self.response.status < 300

    @property
    def shown(self) -> tuple[Any, ...]:
        """The reply and the reads."""
        return (self.response.status, self.response.content, *self.reads)

    def judged(self, pointer: str) -> bool:
        """Tell whether a rule spoke of a place, or of something in it."""
        place = pointer.replace("/*", "/0")
        return any(
            remark.at == place or remark.at.startswith(f"{place}/")
            for remark in self.remarks
            if remark.rule not in OF_NAMES
        )

    def passed_over(self, pointer: str) -> bool:
        """Tell whether it was said that what stands at a place has no effect."""
        place = pointer.replace("/*", "/0")
        return any(
            remark.rule == "all_is_carried_out" and remark.at.startswith(place)
            for remark in self.remarks
        )


class Laboratory:
    """An emulator in which there is one of everything, and the requests that are varied."""

    def __init__(self) -> None:
        self.contract = shipped_contract()
        self._seen: list[Exchange] = []
        self.requests: dict[str, JsonObject] = json.loads((HERE / "requests.json").read_text())

    @cached_property
    def _prepared(self) -> tuple[Emulator, dict[str, Any], State]:
        """The emulator, the names of what is in it, and the state; made by the first test."""
        emulator, known = prepare()
        emulator.engine.after.append(self._seen.append)
        return emulator, known, emulator.snapshot()

    @property
    def emulator(self) -> Emulator:
        return self._prepared[0]

    @property
    def known(self) -> dict[str, Any]:
        """What the resources are called, by names for placeholders."""
        return self._prepared[1]

    @cached_property
    def api(self) -> AepClient:
        return aep_for(self.emulator)

    def base(self, operation: str) -> Json:
        """Return the body that is varied."""
        return filled(self.requests[operation].get("body"), self.known)

    def probe(
        self,
        operation: str,
        body: Json = MISSING,
        query: Mapping[str, Any] | None = None,
        path: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        looks: Iterable[JsonObject] = (),
        **more: Any,
    ) -> Outcome:
        """Make a call from the same state as ever, and look at what it has done.

        Args:
            operation: Which call; the rest of it stands in `requests`.
            body: In place of the one that stands there.
            query: In place of the one that stands there.
            path: In place of the one that stands there.
            headers: Beside those that stand there; the looks have them too.
            looks: Calls that come after, each a `Step`; `${made}` is the id of what was written.
            more: Further names for placeholders of the looks.
        """
        self._rewind()
        known = {**self.known, **more}
        request = self.requests.get(operation, {})
        headers = {**request.get("headers", {}), **(headers or {})}
        path = request.get("path", {}) if path is None else path
        step = {"path": dict(path), "headers": headers}
        sent = request.get("body") if body is MISSING else body
        query = request.get("query", {}) if query is None else query
        reply = self._call(operation, {**step, "query": dict(query), "body": sent}, known)
        remarks = [
            Remark(finding.rule.id.rpartition(".")[2], finding.at, finding.reason)
            for finding in self._seen[-1].findings
        ]
        if reply.status >= 300:
            return Outcome(reply, remarks)
        named = filled(dict(path), known)
        known["made"] = self._made(operation, named, reply)
        reads = list(self._reads(operation, named, known["made"], headers))
        return Outcome(reply, remarks, reads, [self._look(look, headers, known) for look in looks])

    def _rewind(self) -> None:
        self.emulator.restore(self._prepared[2])
        assert isinstance(self.emulator.platform.clock, ManualClock)
        self.emulator.platform.clock.set(NOW * 1000)
        self._seen.clear()

    def _call(self, operation_id: str, raw: JsonObject, known: dict[str, Any]) -> Response:
        step = build(Step, {"operation": operation_id, **filled(raw, known)}, HERE)
        operation = self.contract.operations[operation_id]
        if step.wait:
            assert isinstance(self.emulator.platform.clock, ManualClock)
            self.emulator.platform.clock.advance(step.wait)
        query = urlencode(step.query, doseq=True)
        path = filled_path(operation.base_path + operation.path, step.path)
        return self.api.call(
            operation.method,
            path + (f"?{query}" if query else ""),
            step.body,
            content=step.text.encode("latin-1") if step.text else None,
            headers=step.headers,
        )

    def _look(self, look: JsonObject, headers: JsonObject, known: dict[str, Any]) -> Any:
        raw = {name: value for name, value in look.items() if name not in ("operation", "keep")}
        raw["headers"] = {
            **{name: value for name, value in headers.items() if name != "if-match"},
            **raw.get("headers", {}),
        }
        reply = self._call(look["operation"], raw, known)
        for name, pointer in look.get("keep", {}).items():
            value = at(reply.json, pointer) if reply.status < 300 else ""
            known[name] = value.rpartition("/")[2] if str(value).startswith("@/") else value
        return look["operation"], reply.status, reply.content, reply.warnings

    def _made(self, operation: str, path: JsonObject, reply: Response) -> str:
        """Return the id of what a call has written."""
        if operation not in self.contract.resources.by_operation:
            return ""
        resource, item = self.contract.resources.by_operation[operation]
        if item.role in ("list", "get", "ask", "search"):
            return ""
        if item.role == "act" and resource.parameter not in path:
            return ""
        if resource.parameter in path:
            return str(path[resource.parameter])
        body = reply.json if reply.content else None
        if isinstance(body, list) and body:
            return str(body[0]).rpartition("/")[2]
        names = (*resource.ids, "id")
        found = (body.get(name) for name in names) if isinstance(body, dict) else iter(())
        return next((str(id) for id in found if id), "")

    def _reads(
        self, operation: str, path: JsonObject, id: str, headers: JsonObject
    ) -> Iterable[tuple[int, bytes]]:
        if not id:
            return
        resource, _ = self.contract.resources.by_operation[operation]
        for item in resource.operations:
            read = self.contract.operations[item.id]
            if item.role != "get" or read.method != "GET":
                continue
            values = {**path, resource.parameter: id}
            accepted = REPRESENTATIONS if read.service == "schema_registry" else ("*/*",)
            for accept in accepted:
                raw = {"path": values, "headers": {**headers, "accept": accept}}
                raw["headers"].pop("if-match", None)
                reply = self._call(item.id, raw, {})
                yield reply.status, reply.content


LABORATORY = Laboratory()
"""One for all tests: each probe begins by going back."""


def places_of(operation: Operation, resource: Resource, item: ResourceOperation) -> dict[str, str]:
    """Return the documented members of an operation's body, each with its pointer."""
    if operation.body not in ("object", "any"):
        return {}
    return {member: member_pointer(member) for member in resource.members_of(item)}


def with_member(body: Json, pointer: str, value: Json) -> Json:
    """Return a body with a value at a pointer, in the first item of each list."""
    return _put(body, pointer_steps(pointer)[1:], value)


def _put(body: Json, steps: tuple[str, ...], value: Json) -> Json:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        items = list(body) if isinstance(body, list) and body else [{}]
        return [_put(items[0], rest, value), *items[1:]]
    members = dict(body) if isinstance(body, dict) else {}
    return {**members, step: _put(members.get(step), rest, value)}
