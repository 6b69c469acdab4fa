"""How a transport is to fail in sending a reply: a fault says so, the transport does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransportFault:
    """What happens to one reply; by default nothing.

    Args:
        delay: Seconds that pass before anything is sent.
        reset: The connection is reset; of the reply the client sees nothing.
        truncated: The connection ends within the body.
        keep: How many bytes of a truncated body are sent; half of it if None.
    """

    delay: float = 0.0
    reset: bool = False
    truncated: bool = False
    keep: int | None = None

    def sent(self, length: int) -> int:
        """Return how many bytes of a body of `length` bytes reach the client."""
        if not self.truncated or length == 0:
            return length
        return min(length // 2 if self.keep is None else self.keep, length - 1)
