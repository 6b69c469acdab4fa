"""Assertions about calls, with messages that explain a failure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from emulator.journal.entry import Entry, EntryFinding
from emulator.journal.entry_json import fault_text, target
from emulator.journal.explanation import fix_of, states_of
from emulator.journal.masked import MaskedEntry, masked, without_secrets_of
from emulator.json_types import Json, loads, pointer_steps
from emulator.plurals import counted

if TYPE_CHECKING:
    from emulator.contract import Contract

MAX_LISTED = 20
"""How many calls a message lists."""

MAX_READ = 3
"""Of how many rules a message says where to read more."""

VIOLATIONS = ("error", "warning")
"""The severities of rules that a correct client does not break."""


def known_operation(contract: Contract, id: str) -> str:
    """Return an operation's id.

    Raises:
        ValueError: It is unknown; the message has similar ids.
    """
    return _known(id, contract.operations, "operation")


def known_rule(contract: Contract, id: str) -> str:
    """Return the id of a rule, or of an entry of an error catalogue.

    Raises:
        ValueError: It is unknown; the message has similar ids.
    """
    return _known(id, {*contract.rules, *(item.id for item in contract.problems)}, "rule")


def _known(id: str, known: Collection[str], word: str) -> str:
    if id in known:
        return id
    near = get_close_matches(id, known, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(f"unknown {word} {id!r}{hint}")


def line(entry: MaskedEntry) -> str:
    """Return a call in one line: number, method, path, status, and what refused it."""
    refusal = entry.refusal
    by = f"  refused by {refusal.rule}" if refusal else ""
    warned = "" if refusal else "".join(f"  breaks {item.rule}" for item in entry.findings)
    fault = f"  {said}" if (said := fault_text(entry).partition(":")[0]) else ""
    return f"#{entry.number} {entry.method} {target(entry)} -> {entry.status}{by}{warned}{fault}"


def listing(entries: Sequence[Entry]) -> str:
    """Return calls, one in each line; of many the latest."""
    if not entries:
        return "  no calls"
    left_out = len(entries) - MAX_LISTED
    head = [f"  … {left_out} earlier calls"] if left_out > 0 else []
    return "\n".join(head + [f"  {line(entry)}" for entry in map(masked, entries[-MAX_LISTED:])])


def describe_rule(contract: Contract, rule: str) -> str:
    """Return what a rule states, and the documents that state it."""
    found = contract.rules.get(rule)
    if found is None:
        return states_of(contract, rule) or f"{rule} is an entry of the error catalogue, not a rule"
    titles = [contract.documents[id].title for id in found.documents if id in contract.documents]
    return f"{found.states} ({'; '.join(titles)})"


def explain(contract: Contract, findings: Iterable[EntryFinding]) -> Iterator[str]:
    """Yield the lines that explain findings: their places, and of each rule what it states.

    Rules that documents state come first, after the one that refused the call: the response tells
    of that.
    """
    by_rule: dict[str, list[EntryFinding]] = {}
    for item in dict.fromkeys(findings):
        by_rule.setdefault(item.rule, []).append(item)
    for rule in sorted(by_rule, key=lambda id: _is_assumed(contract, id, by_rule[id])):
        for item in by_rule[rule]:
            place = f" at {'.'.join(pointer_steps(item.at))}" if item.at else ""
            reason = item.reason.replace("\n", "\n      ")
            yield f"    {rule} ({item.severity}){place}: {reason}"
        yield from (f"      {text}" for text in _rule_lines(contract, rule))


def _is_assumed(contract: Contract, id: str, findings: list[EntryFinding]) -> bool:
    rule = contract.rules.get(id)
    is_refusing = any(item.refused for item in findings)
    return rule is not None and rule.evidence == "assumed" and not is_refusing


def _rule_lines(contract: Contract, id: str) -> Iterator[str]:
    yield describe_rule(contract, id)
    rule = contract.rules.get(id)
    if fix := fix_of(contract, id):
        yield f"fix: {fix}"
    if rule is None:
        return
    known = (contract.documents[id] for id in rule.documents if id in contract.documents)
    if address := next((document.address for document in known if document.address), ""):
        yield f"see: {address}"


def read_more(*rules: str) -> str:
    """Return the lines that say which commands tell more of rules, the first few of them."""
    commands = (f"aep-emulator contracts explain {rule}" for rule in rules[:MAX_READ])
    return "to read more: " + "\n          or: ".join(commands)


class CallPattern:
    """What a call has to match."""

    def __init__(
        self,
        operation: str,
        body_contains: Json = None,
        query: dict[str, object] | None = None,
        status: int | None = None,
    ) -> None:
        """Match calls of an operation; see `Aep.assert_called` for the other arguments."""
        self.operation = operation
        self._body_contains = body_contains
        self._query = query
        self._status = status

    def misses(self, entry: Entry) -> list[str]:
        """Return the reasons why a call of the operation does not match."""
        found = []
        if self._status is not None and entry.status != self._status:
            found.append(f"its status is {entry.status}")
        query = (entry.document or {}).get("query", {})
        for name, value in (self._query or {}).items():
            if query.get(name) not in (value, str(value)):
                found.append(f"its query has {name}={query.get(name)!r}")
        if self._body_contains is not None:
            found += _misses(self._body_contains, _body(entry), "its body")
        return found

    def __str__(self) -> str:
        asked = {"body_contains": self._body_contains, "query": self._query, "status": self._status}
        given = [f"{name}={value!r}" for name, value in asked.items() if value is not None]
        return f"{self.operation}" + (f" with {', '.join(given)}" if given else "")


def _body(entry: Entry) -> Json:
    try:
        return loads(entry.body)
    except ValueError:
        return entry.body.decode(errors="replace")


def _misses(wanted: Json, found: Json, place: str) -> list[str]:
    """Return where a value does not contain what is wanted."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        lacking = [f"{place} has no {name!r}" for name in wanted if name not in found]
        inside = [
            miss
            for name in wanted
            if name in found
            for miss in _misses(wanted[name], found[name], f"{place}.{name}")
        ]
        return lacking + inside
    if isinstance(wanted, list) and isinstance(found, list):
        return [
            f"{place} has no item like {item!r}"
            for item in wanted
            if all(_misses(item, other, place) for other in found)
        ]
    if isinstance(wanted, str) and place == "its body":
        text = found if isinstance(found, str) else str(found)
        return [] if wanted in text else [f"{place} does not contain {wanted!r}"]
    return [] if wanted == found else [f"{place} is {found!r}"]


def was_called(
    contract: Contract,
    entries: Sequence[Entry],
    called: CallPattern,
    times: int | None,
    gone: int = 0,
) -> list[Entry]:
    """Return the calls that match; the journal has let go of so many that are `gone`.

    Raises:
        AssertionError: Their number is not as asserted, or cannot be known; the message has calls
            that nearly match.
    """
    __tracebackhide__ = True
    same = [entry for entry in entries if entry.operation == called.operation]
    matching = [entry for entry in same if not called.misses(entry)]
    if times is None and matching:
        return matching
    if gone and (times is None or len(matching) <= times):
        said = f"it cannot be told how often {called} was made: the journal has let go of {gone}"
        raise AssertionError(f"{said} of {gone + len(entries)} calls; raise the setting journal")
    if len(matching) == times:
        return matching
    expected = "at least once" if times is None else counted(times, "time")
    raise AssertionError(_why_not(contract, entries, same, matching, called, expected))


def _why_not(
    contract: Contract,
    entries: Sequence[Entry],
    same: Sequence[Entry],
    matching: Sequence[Entry],
    called: CallPattern,
    expected: str,
) -> str:
    lines = [f"expected {expected}: {called}", f"found {len(matching)} of {len(same)} calls of it"]
    near = sorted(
        (entry for entry in same if entry not in matching),
        key=lambda entry: len(called.misses(entry)),
    )
    for entry in near[:3]:
        misses = without_secrets_of(entry, "; ".join(called.misses(entry)))
        lines.append(f"similar: {line(masked(entry))}: {misses}")
    for entry in [*near[:3], *matching[:3]]:
        if refusal := masked(entry).refusal:
            lines += [f"  #{entry.number} was refused:", *explain(contract, [refusal])]
    return "\n".join([*lines, "all calls:", listing(entries)])


def refused_by(entries: Sequence[Entry], rule: str, status: int | None) -> Entry | None:
    """Return the first call that a rule refused, with this status if one is given."""
    for entry in entries:
        refusal = entry.refusal
        if refusal and refusal.rule == rule and status in (None, entry.status):
            return entry
    return None


def fail_unrefused(
    contract: Contract, entries: Sequence[Entry], rule: str, status: int | None
) -> NoReturn:
    """Fail since a rule refused no call; the message has the calls.

    Raises:
        AssertionError: Always.
    """
    __tracebackhide__ = True
    lines = [f"expected a refusal by {rule}" + (f" with {status}" if status else "")]
    lines.append(f"  {describe_rule(contract, rule)}")
    lines += [
        f"#{entry.number} broke it and was answered with {entry.status}: {_instead(entry, rule)}"
        for entry in entries
        if any(item.rule == rule for item in entry.findings)
    ]
    lines += ["calls in the block:", listing(entries)]
    for entry in map(masked, entries):
        if entry.refusal:
            lines += explain(contract, [entry.refusal])
    raise AssertionError("\n".join(lines))


def _instead(entry: Entry, rule: str) -> str:
    """Say why a call that broke a rule was not refused by it, or not with the status expected."""
    if entry.refusal is None:
        return f"enforce is {entry.enforce}"
    if entry.refusal.rule == rule:
        return "the rule refused it with that"
    return f"{entry.refusal.rule} refused it before"


def fail_unbroken(contract: Contract, entries: Sequence[Entry], rule: str) -> NoReturn:
    """Fail since no call broke a rule; the message has the calls.

    Raises:
        AssertionError: Always.
    """
    __tracebackhide__ = True
    lines = [f"expected a call that breaks {rule}", f"  {describe_rule(contract, rule)}"]
    raise AssertionError("\n".join([*lines, "calls in the block:", listing(entries)]))
