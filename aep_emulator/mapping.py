"""The mapping language of Data Prep by itself: parse expressions, and apply mapping sets to rows.

It knows neither HTTP nor an emulator; clock, seed and schema are handed in.
"""

from emulator.clock import Clock, ManualClock, SystemClock
from emulator.mapping import compile_mapping_set, validate

__all__ = ["Clock", "ManualClock", "SystemClock", "compile_mapping_set", "validate"]
