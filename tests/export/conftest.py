"""The contract, read once."""

from __future__ import annotations

import pytest

from emulator.contract import Contract
from tests.emulators import shipped_contract


@pytest.fixture(scope="session")
def contract() -> Contract:
    return shipped_contract()
