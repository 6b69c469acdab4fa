"""For tests of clients: an emulator in this process or behind a socket, with assertions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.testing.aep import Aep, AepServer, Refused
    from emulator.testing.guard import RealHostError

__all__ = ["Aep", "AepServer", "RealHostError", "Refused"]


def __getattr__(name: str) -> object:
    # pytest imports the plugin, and this package with it, in every run of every project that has
    # the emulator installed; what a run does not use must not cost it anything.
    if name in ("Aep", "AepServer", "Refused"):
        from emulator.testing import aep

        return getattr(aep, name)
    if name == "RealHostError":
        from emulator.testing.guard import RealHostError

        return RealHostError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
