"""Which rules refuse: what the setting `enforce` means, said once."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.contract.model import Rule

REFUSING: Mapping[str, tuple[str, ...]] = {
    "documented": ("error",),
    "strict": ("error", "warning"),
    "observe": (),
}
"""The severities that refuse, by what is enforced."""


def refuses(rule: Rule, enforce: str) -> bool:
    """Tell whether a rule that is broken refuses the request."""
    return bool(rule.structural) or rule.severity in REFUSING[enforce]
