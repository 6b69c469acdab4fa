"""What a name that is not known might have meant: for messages that say so in one line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return what is wrong with a name: the nearest one that is known, or all that are."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
    return f"unknown {what} {name!r}; {hint}"
