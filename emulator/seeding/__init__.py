"""Starting states: random data made from a seed, and scenarios."""

from __future__ import annotations


class SeedError(ValueError):
    """The data cannot be made as asked for; the message says why. Nothing has changed."""
