"""Injected faults: errors, delays, lost connections, expiry, late visibility."""

from emulator.faults.collection import Faults
from emulator.faults.fault import Fault, FaultError

__all__ = ["Fault", "FaultError", "Faults"]
