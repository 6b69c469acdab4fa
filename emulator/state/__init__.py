"""All that an emulator knows, taken and put back: snapshots, state files, scenarios, seeding."""

from emulator.state.snapshot import State, put_back, take

__all__ = ["State", "put_back", "take"]
