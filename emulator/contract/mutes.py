"""Rules that an organization has taken out of force: which findings are muted, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.contract.model import Mute

if TYPE_CHECKING:
    from emulator.contract.judge import Finding


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
    for mute in mutes:
        if mute.rule == finding.rule.id and mute.operation in ("", operation) and holds(mute, now):
            return mute
    return None


def holds(mute: Mute, now: int) -> bool:
    """Tell whether a mute has not ended; `now` is in milliseconds since 1970-01-01 UTC."""
    if not mute.until:
        return True
    return datetime.fromtimestamp(now / 1000, UTC).date().isoformat() <= mute.until
