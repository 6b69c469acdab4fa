"""Worlds made of what an emulator can be asked for: random ones from a seed, and scenarios."""
