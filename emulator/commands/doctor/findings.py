"""What the command doctor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: `ok`; `warning`, if it may be in the way; `error`, if it certainly is.
        about: What was looked at, in a word or two.
        says: What is the case.
        do: What to do about it; empty where nothing is to be done.
    """

    level: str
    about: str
    says: str
    do: str = ""


def ok(about: str, says: str) -> Finding:
    """Return that something is as it should be."""
    return Finding("ok", about, says)


def warning(about: str, says: str, do: str) -> Finding:
    """Return that something may be in the way."""
    return Finding("warning", about, says, do)


def error(about: str, says: str, do: str) -> Finding:
    """Return that something is in the way."""
    return Finding("error", about, says, do)
