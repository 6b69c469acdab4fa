"""The gateway has no operations of its own."""
