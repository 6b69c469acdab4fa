"""Every test has an emulator of its own, and fails if its calls break a rule of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aep_emulator.testing import Aep


@pytest.fixture(autouse=True)
def platform(mock_aep: Aep) -> Iterator[Aep]:
    """Answer for Adobe's hosts, so that the client needs no other settings.

    A test that expects a refusal says so: `with platform.expects_refusal(rule=…):`.
    """
    yield mock_aep
    mock_aep.assert_no_violations()
