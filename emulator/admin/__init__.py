"""The control API below `/_emulator/`: the state of the emulator, to be read and changed."""
