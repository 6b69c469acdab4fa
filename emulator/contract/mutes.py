"""Rules that an organization has taken out of force: which findings are muted, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.contract.model import Mute, Rule

if TYPE_CHECKING:
    from emulator.contract.lookup import Finding


def mark(findings: list[Finding], mutes: Sequence[Mute], operation: str, now: int) -> list[Finding]:
    """Return the findings, those that are muted with their mute.

    Args:
        operation: The operation that was called, which is not the rule's for those of the gate.
        now: Milliseconds since 1970-01-01 UTC.
    """
    if not findings or not mutes:
        return findings
    return [replace(found, mute=mute_of(found, mutes, operation, now)) for found in findings]


def mute_of(finding: Finding, mutes: Sequence[Mute], operation: str, now: int) -> Mute | None:
    """Return the mute that holds for a finding, the first of several."""
    return next(_holding(finding.rule, mutes, operation, now), None)


def is_muted(rule: Rule, mutes: Sequence[Mute], operation: str, now: int) -> bool:
    """Tell whether a rule is muted where an operation is called."""
    return next(_holding(rule, mutes, operation, now), None) is not None


def _holding(rule: Rule, mutes: Sequence[Mute], operation: str, now: int) -> Iterator[Mute]:
    for mute in mutes:
        if mute.rule == rule.id and mute.operation in ("", operation) and holds(mute, now):
            yield mute


def holds(mute: Mute, now: int) -> bool:
    """Tell whether a mute has not ended; `now` is in milliseconds since 1970-01-01 UTC."""
    if not mute.until:
        return True
    return datetime.fromtimestamp(now / 1000, UTC).date().isoformat() <= mute.until
