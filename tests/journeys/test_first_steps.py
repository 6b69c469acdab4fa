"""docs/tutorials/first-steps.md: commands answer as shown, the test fails and passes as told."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from emulator.cli import main
from emulator.serving.server import Server
from emulator.testing import Aep

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "first-steps.md"
ADDRESS = "http://127.0.0.1:8080"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(script: str) -> list[str]:
    return [line for line in script.replace("\\\n", " ").splitlines() if line.strip()]


def is_said(shown: str, said: str) -> bool:
    """Tell whether a text has what a page shows of it, in that order; … stands for anything."""
    parts = [re.escape(line.strip()) for line in re.split(r"…|\n", shown) if line.strip()]
    return re.search(".*".join(parts), said, re.DOTALL) is not None


def test_the_commands_answer_as_shown(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    monkeypatch.chdir(tmp_path)
    address = f"http://127.0.0.1:{server.port}"
    monkeypatch.setenv("AEP_EMULATOR_URL", address)
    compared = 0
    for (language, block), (following, shown) in pairwise(BLOCKS):
        if language != "sh":
            continue
        said = run(block.replace(ADDRESS, address), capsys)
        if following == "text":
            assert is_said(shown, said), said
            compared += 1
    assert compared == 4


def run(script: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a block: commands of ours in this process, since starting them takes longer."""
    ours = [line for line in commands(script) if line.startswith("aep-emulator ")]
    others = [line for line in commands(script) if line not in ours]
    said = ""
    if others:
        done = subprocess.run(
            ["sh", "-euc", "\n".join(others)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout
    for line in ours:
        words = [first or second for first, second in re.findall(r"'([^']*)'|(\S+)", line)]
        assert main(words[1:]) == 0
        said += capsys.readouterr().out
    return said


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
