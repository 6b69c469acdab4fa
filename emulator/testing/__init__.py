"""For tests of clients: an emulator in this process or behind a socket, with assertions."""

from emulator.testing.aep import Aep, AepServer, Refused
from emulator.testing.guard import RealHostError

__all__ = ["Aep", "AepServer", "RealHostError", "Refused"]
