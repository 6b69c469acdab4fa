"""An emulator that holds what the tutorial makes, and a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.emulator import Emulator
from tests.emulators import new_emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = new_emulator(scenario="tutorial-complete")
    yield made
    made.close()
