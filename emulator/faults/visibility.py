"""What has been created and cannot be read yet: left out of replies, while rules know it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.faults.fault import Fault
from emulator.json_types import Json, JsonObject
from emulator.problem import Problem
from emulator.web.engine import problem_of
from emulator.web.exchange import Exchange

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding

_CREATES = re.compile(r"\.(create|upload)_")
_IDS = ("$id", "meta:altId", "@id", "id")


@dataclass(slots=True, eq=False)
class _Hidden:
    """One created resource. `left` counts the reads that miss it; `ends` is in milliseconds."""

    fault: Fault
    ids: frozenset[str]
    left: int | None
    ends: int | None

    def misses(self, now: int) -> bool:
        """Count a read that would show the resource, and tell whether it misses it."""
        if self.ends is not None and now < self.ends:
            return True
        if self.left:
            self.left -= 1
            return True
        return False


class Visibility:
    """What reads still miss, by organization and sandbox."""

    def __init__(self) -> None:
        self._hidden: dict[tuple[str, str], list[_Hidden]] = {}

    def __bool__(self) -> bool:
        return bool(self._hidden)

    def forget(self, fault: str = "") -> None:
        """Let everything be seen, or what a fault has hidden."""
        for place, hidden in list(self._hidden.items()):
            self._keep(place, [item for item in hidden if fault not in ("", item.fault.id)])

    def erased(self, organization: str | None, name: str | None) -> None:
        """Forget what was hidden of an organization or a sandbox, None for all."""
        for place in list(self._hidden):
            if organization in (None, place[0]) and name in (None, place[1]):
                del self._hidden[place]

    def _keep(self, place: tuple[str, str], hidden: list[_Hidden]) -> None:
        if hidden:
            self._hidden[place] = hidden
        else:
            self._hidden.pop(place, None)

    def hide(self, fault: Fault, exchange: Exchange) -> None:
        """Remember what an exchange has created, from now on hidden."""
        ids = created(exchange.reply.body)
        seconds, reads = fault.get("seconds"), fault.get("reads")
        ends = None if seconds is None else exchange.time + round(seconds * 1000)
        left = 1 if seconds is None and reads is None else reads
        place = _place(exchange)
        self._hidden.setdefault(place, []).append(_Hidden(fault, ids, left, ends))

    def missed(self, exchange: Exchange) -> tuple[list[Fault], Problem | None]:
        """Take out of a reply what is hidden.

        Returns the faults that hid it, and a refusal if it is all that was asked for.
        """
        place = _place(exchange)
        shown = [item for item in self._hidden.get(place, []) if _shows(exchange, item.ids)]
        missed = [item for item in shown if item.misses(exchange.time)]
        over = [item for item in shown if item not in missed]
        self._keep(place, [item for item in self._hidden.get(place, []) if item not in over])
        hidden = frozenset[str]().union(*(item.ids for item in missed))
        if not hidden.isdisjoint(exchange.incoming.path.values()):
            return [item.fault for item in missed], _not_found(exchange)
        if missed:
            exchange.reply.body = _without(exchange.reply.body, hidden)
        return [item.fault for item in missed], None


def creates(exchange: Exchange) -> bool:
    """Tell whether an exchange has created something that has an id."""
    is_creation = _CREATES.search(exchange.incoming.operation.id) is not None
    return is_creation and exchange.reply.status < 300 and bool(created(exchange.reply.body))


def created(body: Json) -> frozenset[str]:
    """Return all ids of what a reply says it has created."""
    if isinstance(body, list):
        references = (item for item in body if isinstance(item, str))
        return frozenset(item.rpartition("/")[2] for item in references if item[:2] == "@/")
    if not isinstance(body, dict):
        return frozenset()
    ids = frozenset(str(body[name]) for name in _IDS if name in body)
    return ids or frozenset(str(body[name]) for name in ("name",) if name in body)


def _place(exchange: Exchange) -> tuple[str, str]:
    return exchange.sandbox.organization, exchange.sandbox.name


def _shows(exchange: Exchange, ids: frozenset[str]) -> bool:
    if not ids.isdisjoint(exchange.incoming.path.values()):
        return True
    body = exchange.reply.body
    return isinstance(body, dict | list) and _without(body, ids) != body


def _without(body: Any, ids: frozenset[str]) -> Any:
    """Return a list's body without some resources: rows of a list, or members keyed by id."""
    if isinstance(body, list):
        return [item for item in body if not _is_one(item, ids)]
    if not isinstance(body, dict):
        return body
    return {
        name: _without(value, ids) if isinstance(value, list) else value
        for name, value in body.items()
        if name not in ids
    }


def _is_one(item: Any, ids: frozenset[str]) -> bool:
    if not isinstance(item, dict):
        return False
    return any(item.get(name) in ids for name in (*_IDS, "name") if isinstance(item.get(name), str))


def _not_found(exchange: Exchange) -> Problem:
    """Return the refusal with which the operation answers an unknown id in its path."""
    from emulator.contract.judge import JudgedRule  # the start does without its checks

    for rule in exchange.edition.rules_of(exchange.incoming.operation.id):
        if rule.structural and rule.at.startswith("/path/"):
            findings = JudgedRule(rule).judge(exchange.request or {}, _Blind())
            if findings:
                exchange.findings.append(findings[0])
                exchange.refused_by = findings[0]
                return problem_of(findings[0])
    return Problem("platform.unknown_path", path=exchange.incoming.target)


class _Blind:
    """A lookup that finds nothing, so that a rule says in its own words what is missing."""

    request: JsonObject = {}  # noqa: RUF012 - the protocol's member; nobody writes to it

    def find(self, kind: str, key: str) -> JsonObject | None:
        return None

    def all(self, kind: str) -> list[JsonObject]:
        return []

    def ask(self, fact: str, *arguments: Json) -> Json:
        return None

    def judge(self, operation: str, request: JsonObject) -> list[Finding]:
        return []
