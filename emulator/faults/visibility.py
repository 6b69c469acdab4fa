"""What has been created and cannot be read yet: left out of replies, while rules know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.faults.fault import Fault
from emulator.json_types import Json, JsonObject
from emulator.problem import Problem
from emulator.web.exchange import Exchange
from emulator.web.refusals import problem_of

if TYPE_CHECKING:
    from emulator.contract.resources import Resource, ResourceOperation


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

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
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

    def state(self) -> list[Json]:
        """Return all that is hidden, as JSON."""
        return [
            [*place, one.fault.id, one.fault.definition, sorted(one.ids), one.left, one.ends]
            for place, hidden in self._hidden.items()
            for one in hidden
        ]

    def load(self, state: list[Json], made: Callable[[str, JsonObject], Fault]) -> None:
        """Hide what a state says, and nothing else; `made` returns a fault."""
        self._hidden = {}
        for organization, sandbox, fault, definition, ids, left, ends in state:
            hidden = _Hidden(made(fault, definition), frozenset(ids), left, ends)
            self._hidden.setdefault((organization, sandbox), []).append(hidden)

    def _keep(self, place: tuple[str, str], hidden: list[_Hidden]) -> None:
        if hidden:
            self._hidden[place] = hidden
        else:
            self._hidden.pop(place, None)

    def created(self, exchange: Exchange) -> frozenset[str]:
        """Return the ids of what an exchange has created; none if it has created nothing."""
        known = self._by_operation.get(exchange.incoming.operation.id)
        if known is None or known[1].role != "create" or exchange.reply.status >= 300:
            return frozenset()
        from emulator.contract.replies import shown_in  # the start does without what resources are

        found = shown_in(*known, exchange.reply.body)
        return frozenset(id for shown in found for id in shown.ids)

    def hide(self, fault: Fault, exchange: Exchange) -> None:
        """Remember what an exchange has created, from now on hidden."""
        seconds, reads = fault.get("seconds"), fault.get("reads")
        ends = None if seconds is None else exchange.time + round(seconds * 1000)
        left = 1 if seconds is None and reads is None else reads
        hidden = _Hidden(fault, self.created(exchange), left, ends)
        self._hidden.setdefault(_place(exchange), []).append(hidden)

    def missed(self, exchange: Exchange) -> tuple[list[Fault], Problem | None]:
        """Take out of a reply what is hidden.

        Returns the faults that hid it, and a refusal if it is all that was asked for.
        """
        place = _place(exchange)
        asked = [item for item in self._hidden.get(place, []) if self._shows(exchange, item.ids)]
        missed = [item for item in asked if item.misses(exchange.time)]
        over = [item for item in asked if item not in missed]
        self._keep(place, [item for item in self._hidden.get(place, []) if item not in over])
        ids = frozenset[str]().union(*(item.ids for item in missed))
        faults = [item.fault for item in missed]
        if not ids.isdisjoint(exchange.incoming.path.values()):
            return faults, _not_found(exchange)
        if missed:
            exchange.reply.body = self._without(exchange, ids)
        return faults, None

    def _shows(self, exchange: Exchange, ids: frozenset[str]) -> bool:
        if not ids.isdisjoint(exchange.incoming.path.values()):
            return True
        return bool(self._without(exchange, ids) != exchange.reply.body)

    def _without(self, exchange: Exchange, ids: frozenset[str]) -> Json:
        """Return a list's body without some resources."""
        known = self._by_operation.get(exchange.incoming.operation.id)
        body = exchange.reply.body
        if known is None:
            return body
        from emulator.contract.replies import without

        return without(*known, body, ids)

    @property
    def _by_operation(self) -> Mapping[str, tuple[Resource, ResourceOperation]]:
        return self._contract.resources.by_operation


def _place(exchange: Exchange) -> tuple[str, str]:
    return exchange.sandbox.organization, exchange.sandbox.name


def _not_found(exchange: Exchange) -> Problem:
    """Return the refusal with which the operation answers an unknown id in its path."""
    # The start does without the checks behind these.
    from emulator.contract.cases import CaseLookup
    from emulator.contract.judge import JudgedRule

    nothing = CaseLookup({})  # so that the rule says in its own words what is missing
    for rule in exchange.edition.rules_of(exchange.incoming.operation.id):
        if rule.structural and rule.at.startswith("/path/"):
            findings = JudgedRule(rule).judge(exchange.request or {}, nothing)
            if findings:
                exchange.findings.append(findings[0])
                exchange.refused_by = findings[0]
                return problem_of(findings[0])
    return Problem("platform.unknown_path", path=exchange.incoming.target)
