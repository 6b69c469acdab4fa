"""For tests of clients: an emulator in this process, behind a socket, or in a container.

The pytest fixtures `aep`, `aep_async`, `aep_server` and `mock_aep` need no import; these names are
for type annotations, for other test frameworks, and for Testcontainers.
"""

from typing import TYPE_CHECKING

from emulator.clock import ClockError
from emulator.testing.aep import Aep, AepServer, Refused
from emulator.testing.async_aep import AsyncAep
from emulator.testing.client import AepClient, Response
from emulator.testing.clock import AepClock
from emulator.testing.guard import RealHostError

if TYPE_CHECKING:
    from emulator.testing.testcontainers import AepEmulatorContainer

__all__ = [
    "Aep",
    "AepClient",
    "AepClock",
    "AepEmulatorContainer",
    "AepServer",
    "AsyncAep",
    "ClockError",
    "RealHostError",
    "Refused",
    "Response",
]


def __getattr__(name: str) -> object:
    # It needs the extra `testcontainers`, which the others do without.
    if name == "AepEmulatorContainer":
        from emulator.testing.testcontainers import AepEmulatorContainer

        return AepEmulatorContainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
