"""The gateway has no operations and no resources; its facts say who may call."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.platform import Platform
from emulator.scope import Finder, Lister


class Gateway:
    """What stands before every service."""

    def __init__(self, platform: Platform) -> None:
        """It keeps nothing."""

    def finders(self) -> Mapping[str, Finder]:
        return {}

    def listers(self) -> Mapping[str, Lister]:
        return {}
