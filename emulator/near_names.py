"""What a name that is not known might have meant: for messages that say so in one line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 3
"""How many ids are named."""


def near_ids(wanted: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an id that is not known: those that it may have meant.

    They are the shortest that contain it, else the nearest ones; it is empty if there are none.
    """
    ids, word = list(known), wanted.lower()
    containing = sorted((id for id in ids if word and word in id.lower()), key=len)
    named = containing[:MOST] or get_close_matches(wanted, ids, MOST, cutoff=0.5)
    more = len(containing) - MOST
    others = f" {more} more contain {wanted!r}." if more > 0 else ""
    return f"; did you mean {' or '.join(named)}?{others}" if named else ""


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return what is wrong with a name: the nearest one that is known, or all that are."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
    return f"unknown {what} {name!r}; {hint}"
