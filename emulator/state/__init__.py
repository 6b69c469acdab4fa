"""The state of a whole emulator: taken, restored, and written as a file."""

from emulator.state.snapshot import State, restore, restore_part, take, take_settled

__all__ = ["State", "restore", "restore_part", "take", "take_settled"]
