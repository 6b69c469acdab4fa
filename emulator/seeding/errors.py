"""What can go wrong when a world is made."""

from __future__ import annotations


class SeedError(ValueError):
    """A world cannot be made as it is asked for; the message says why. Nothing has changed."""
