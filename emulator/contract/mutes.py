"""Rules that an organization has taken out of force: which findings are muted, and until when."""

from __future__ import annotations

from collections.abc import Sequence
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
    return [replace(found, mute=mute_of(found.rule, mutes, operation, now)) for found in findings]


def mute_of(rule: Rule, mutes: Sequence[Mute], operation: str, now: int) -> Mute | None:
    """Return the mute that holds for a rule where an operation is called, the first of several."""
    today = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    for mute in mutes:
        is_meant = mute.rule == rule.id and mute.operation in ("", operation)
        if is_meant and (not mute.until or today <= mute.until):
            return mute
    return None
