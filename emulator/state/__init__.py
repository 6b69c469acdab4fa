"""The state of a whole emulator: taken, restored, and written as a file."""

from emulator.state.snapshot import State, restore, take

__all__ = ["State", "restore", "take"]
