"""The gateway has no operations and no resources; its facts say who may call."""

from __future__ import annotations

from emulator.platform import Platform
from emulator.services.interfaces import Domain


class Gateway(Domain):
    """What stands before every service."""

    def __init__(self, platform: Platform) -> None:
        """It keeps nothing."""
