"""What one call, file or emulator may cost at most, whatever comes in: every budget, in one place.

Budgets that somebody may have to raise are settings (`emulator/settings.py`); the others stand
here. `docs/security.md` lists both, with what happens beyond them; `make tables` writes its table.
The line below each budget says what it limits and, behind a semicolon, what happens beyond it.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

JOURNAL_BYTES = 64 * MIB
"""What the journal keeps of calls, in bytes that it really holds; the oldest calls go."""

BODY_VALUES = 250_000
"""Values in a JSON body, those within others included; the request is refused."""
