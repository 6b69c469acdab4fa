"""What the calls of a test broke, as text: for assertions, verdicts and reports of failed tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.journal.entry import Entry, EntryFinding
from emulator.journal.masked import MaskedEntry, masked
from emulator.testing.assertions import MAX_LISTED, explain, line

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.testing.remarked_calls import Broken, KeptCall, RemarkedCalls

OWN_FAILURE = "platform.internal_error"
"""The entry of the error catalogue that says that the emulator failed."""

Counts = Callable[["EntryFinding | Broken"], bool]
"""Tells whether a broken rule counts, by its severity and whether it refused the call."""


def is_violation(item: EntryFinding | Broken) -> bool:
    """Tell whether a broken rule is a violation, as in reports: an error, or what refused."""
    return item.severity == "error" or (item.severity == "warning" and item.refused)


def is_warning(item: EntryFinding | Broken) -> bool:
    """Tell whether a broken rule is a violation or a warning."""
    return item.severity in ("error", "warning")


def none_violated(remarked: RemarkedCalls, severities: Sequence[str]) -> None:
    """Assert that no rule was broken unexpectedly, and that all expectations were met.

    Raises:
        AssertionError: The message explains each rule.
    """
    __tracebackhide__ = True
    found = [
        *broken_lines(remarked, lambda item: item.severity in severities),
        *(f"  {refused}" for refused in remarked.heads),
        *unmet_lines(remarked),
    ]
    if found:
        raise AssertionError("\n".join(["expected no violations:", *found]))


def broken_lines(
    remarked: RemarkedCalls, counts: Counts, mark: int = 0, counted: Counter[Broken] | None = None
) -> Iterator[str]:
    """Yield what is to be said of the calls that broke rules unexpectedly.

    Args:
        remarked: The calls.
        counts: Which broken rules count.
        mark: The position from which on calls count.
        counted: What had been counted by then.
    """
    more = remarked.counted() - (counted or Counter())
    for broken, count in sorted(more.items()):
        if counts(broken):
            yield f"  {count} earlier calls broke {broken.rule} ({broken.severity})"
    for call in remarked.since(mark):
        yield from _broken_lines(remarked, call, counts)


def _broken_lines(remarked: RemarkedCalls, call: KeptCall, counts: Counts) -> Iterator[str]:
    entry = masked(call.entry)
    classes = entry.classifications()
    found = [item for item in entry.findings if counts(item) and classes[item.rule] == "unexpected"]
    has_failed = any(item.rule == OWN_FAILURE for item in entry.findings)
    if found or has_failed:
        yield f"  {_line(remarked, call, entry)}"
    yield from explain(remarked.contract, found)
    if has_failed:
        yield "    the emulator itself failed, so nobody knows whether the call was right"


def unmet_lines(remarked: RemarkedCalls, mark: int = 0) -> Iterator[str]:
    """Yield what was expected of calls from a position on, and did not come."""
    for call in remarked.since(mark):
        entry = masked(call.entry)
        for rule in entry.unmet_expectations:
            if not remarked.is_met(call, rule):
                yield f"  {_line(remarked, call, entry)}"
                yield f"    was expected to break {rule}, and did not"


def report(entries: Sequence[Entry], remarked: RemarkedCalls) -> str:
    """Return the latest calls of a test, and the latest before them that broke rules, explained.

    Args:
        entries: What the journal has of them.
        remarked: What is kept of those with findings.
    """
    latest = entries[-MAX_LISTED:]
    first = (remarked.resets, latest[0].number if latest else remarked.calls + 1)
    earlier = [call for call in remarked.since() if (call.resets, call.number) < first]
    lines = []
    for call in [call for call in earlier if call.packed.findings][-MAX_LISTED:]:
        entry = masked(call.entry)
        lines += _reported(remarked.contract, entry, _line(remarked, call, entry))
    left_out = remarked.calls - len(latest)
    if left_out and (lines or latest):
        lines.insert(
            0, f"… {left_out} earlier calls" + (", of which broke rules:" if lines else "")
        )
    for entry in map(masked, latest):
        lines += _reported(remarked.contract, entry, line(entry))
    return "\n".join([*lines, *remarked.heads])


def _reported(contract: Contract, entry: MaskedEntry, shown: str) -> list[str]:
    return [shown, *explain(contract, entry.findings)]


def _line(remarked: RemarkedCalls, call: KeptCall, entry: MaskedEntry) -> str:
    before = "before a reset: " if call.resets < remarked.resets else ""
    return before + line(entry)
