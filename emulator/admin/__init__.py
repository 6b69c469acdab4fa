"""The control API below `/_emulator/`: what the emulator tells about itself, and can be told."""
