"""What becomes of documents by changes that are carried out one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emulator.store.base import Change, Conflict

Position = tuple[int, int]
"""The version and the ordinal of a document."""


def expect(change: Change, found: Position | None) -> None:
    """Check the version of a document that is to be changed.

    Raises:
        Conflict: It is at another one than is expected.
    """
    version = found[0] if found else 0
    if change.expected is not None and change.expected != version:
        raise Conflict(change, version)


def carried_out(
    changes: Sequence[Change], found: Mapping[str, Position]
) -> tuple[dict[str, Position | None], int]:
    """Return what documents become by changes, and how many new ordinals these take.

    The n-th of them stands there as -n, because it is not known yet.
    """
    now: dict[str, Position | None] = {}
    taken = 0
    for change in changes:
        row = now[change.key] if change.key in now else found.get(change.key)
        if change.body is None:
            now[change.key] = None
            continue
        version, ordinal = (row[0] + 1, row[1]) if row else (1, 0)
        if row is None or change.moves:
            taken += 1
            ordinal = -taken
        now[change.key] = (version, ordinal)
    return now, taken
