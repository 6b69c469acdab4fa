"""docs/tutorials/first-steps.md: commands answer as shown, the test fails and passes as told."""

from __future__ import annotations

import re
import shutil
import sys
from itertools import pairwise
from types import ModuleType

import pytest

from emulator.testing import Aep
from tests.journeys.shown import ADDRESS, blocks, is_said, run

BLOCKS = blocks("tutorials/first-steps.md")


def test_the_commands_answer_as_shown(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    compared = 0
    for (language, block), (following, shown) in pairwise(BLOCKS):
        if language != "sh":
            continue
        said = run(block.replace(ADDRESS, address), capsys)
        if following == "text":
            assert is_said(shown, said), said
            compared += 1
    assert compared == 4


def test_the_test_fails_and_passes_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, test, right = (block for language, block in BLOCKS if language == "python")
    (failure,) = (block for _, block in BLOCKS if "AssertionError" in block)
    with pytest.raises(AssertionError) as raised:
        play(wrong, test, monkeypatch)
    shown = "".join(
        re.sub(r"^E\s+(AssertionError: )?", "", line) for line in failure.splitlines(True)
    )
    assert is_said(shown, str(raised.value))
    play(right, test, monkeypatch)


def play(client: str, test: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("client")
    exec(client, vars(module))
    monkeypatch.setitem(sys.modules, "client", module)
    names: dict[str, object] = {}
    exec(test, names)
    function = names["test_a_flow_is_renamed"]
    assert callable(function)
    (mark,) = vars(function)["pytestmark"]
    with Aep(scenario=mark.kwargs["scenario"]) as aep:
        function(aep)
