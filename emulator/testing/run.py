"""What the run of pytest that is going on says to the emulators of its tests.

The plugin sets it; so nothing else is imported before a test uses an emulator.
"""

from __future__ import annotations

import os
from functools import cache

HAS_BROKEN = "aep_emulator_has_broken"
"""The member of a test's report that says that it broke rules that it did not expect."""

sessions = 0
"""How many runs there are now, one within another: they look at what tests have broken, and let go
of it then."""

clock = ""
"""Where clocks start of which no setting says so, in the words of the setting `clock`."""

is_clock_chosen = False
"""Whether the ini file or a flag says so, and not the time at which the run began."""


@cache
def began() -> str:
    """Return the second in which this process first asked for it, in ISO 8601."""
    from emulator.clock import SystemClock
    from emulator.moments import from_milliseconds

    moment = from_milliseconds(SystemClock().now() // 1000 * 1000)
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def start_of_clocks() -> str:
    """Return where clocks start of which no setting says so: in this run all at the same time.

    A client reads the machine's clock: what it schedules, signs or asks for is about now. At a
    fixed time its schedules would lie in a far future, its filters find nothing, its tokens have
    expired. So clocks stand still at the time when the run began, and a run can be repeated.
    """
    return clock or began()


def running_test() -> str:
    """Return the id of the test that pytest runs now, as it tells the process; or an empty text."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
