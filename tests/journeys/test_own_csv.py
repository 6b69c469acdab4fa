"""docs/tutorials/own-csv.md: its programs and commands do what it shows, one after the other."""

from __future__ import annotations

import runpy
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from tests.journeys.shown import blocks, is_said, run


def test_the_page_does_what_it_says(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if shutil.which("sh") is None:
        pytest.skip("there is no sh on this machine")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "adobe", ModuleType("adobe"))  # is gone after the test
    monkeypatch.delitem(sys.modules, "adobe")
    compared = 0
    for (language, block), (following, shown) in pairwise(
        [*blocks("tutorials/own-csv.md"), ("", "")]
    ):
        text = block
        if language == "python":
            name = text.splitlines()[0].removeprefix("# ")
            (tmp_path / name).write_text(text, "utf-8")
            runpy.run_path(str(tmp_path / name))
            said = capsys.readouterr().out
        elif language == "sh":
            said = run(text, capsys)
        else:
            continue
        if following == "text":
            assert is_said(shown, said), said
            compared += 1
    assert compared == 7
