"""The gateway has no operations and no resources; its facts say who may call."""

from __future__ import annotations

from emulator.services.interfaces import Domain


class Gateway(Domain):
    """What stands before every service; it keeps nothing."""
