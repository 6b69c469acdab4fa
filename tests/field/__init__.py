"""What the platform does and the emulator once did not, by the kinds of issue 10."""
