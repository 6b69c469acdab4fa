"""Numbers with their nouns, in texts for people."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun; the plural has an `s` at its end if none is given."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
