"""How large the attacks are: small in `make test`, as large as they were found by `make attack`."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("AEP_ATTACK") == "full"


def size(small: int, full: int) -> int:
    """Return how large an attack is to be in this run."""
    return full if IS_FULL else small
