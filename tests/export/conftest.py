"""The contract, read once."""

from __future__ import annotations

import pytest

from emulator.contract import Contract, load_contract
from emulator.package_data import data_folder


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract(data_folder("contracts"))
