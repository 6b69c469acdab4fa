"""What the run of pytest that is going on says to the emulators of its tests.

The plugin sets it; so nothing else is imported before a test uses an emulator.
"""

from __future__ import annotations

import os

sessions = 0
"""How many runs there are now, one within another: they look at what tests have broken, and let go
of it then."""


def running_test() -> str:
    """Return the id of the test that pytest runs now, as it tells the process; or an empty text."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
