"""How much is tried: little and always the same in `make test`, far more in `make fuzz`."""

from __future__ import annotations

import os

IS_LONG = "FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
"""So many requests of each kind, and so many times a handful of sequences."""
