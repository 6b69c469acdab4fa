"""docs/tutorials/own-csv.md: its programs and commands do what it shows, one after the other."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from emulator.serving.server import Server
from tests.journeys.test_first_steps import ADDRESS, is_said, run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "own-csv.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_does_what_it_says(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if shutil.which("sh") is None:
        pytest.skip("there is no sh on this machine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "adobe", ModuleType("adobe"))  # is gone after the test
    monkeypatch.delitem(sys.modules, "adobe")
    address = f"http://127.0.0.1:{server.port}"
    monkeypatch.setenv("AEP_EMULATOR_URL", address)
    compared = 0
    for (language, block), (following, shown) in pairwise([*BLOCKS, ("", "")]):
        text = block.replace(ADDRESS, address)
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
    assert compared == 6
