from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.served import ServedEmulator, serving


@pytest.fixture(scope="module")
def served() -> Iterator[ServedEmulator]:
    """An emulator in a process of its own, for all tests of a module."""
    with serving() as emulator:
        yield emulator
