"""What people see on a terminal: tables, colours, progress, and the shell's completion."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from emulator.cli import main
from emulator.commands import progress
from emulator.commands.progress import ProgressBar, waiting
from emulator.emulator import Emulator
from emulator.serving.server import Server
from tests.doors.test_cli import run

FLOWS = "/data/foundation/flowservice/flows"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(*words: str, **environment: str) -> str:
    """Return what a terminal of 200 columns gets from a command."""
    terminal = Terminal()
    usual = {"COLUMNS": "200", "TERM": "xterm-256color", "NO_COLOR": ""}
    with patch.dict(os.environ, usual | environment), redirect_stdout(terminal):
        assert main(words) == 0
    return terminal.getvalue()


@pytest.fixture
def calls(
    server: Server, emulator: Emulator, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is accepted, and one that is refused."""
    monkeypatch.setenv("AEP_EMULATOR_URL", f"http://127.0.0.1:{server.port}")
    client = emulator.wsgi_app.test_client()
    client.get(FLOWS, headers=headers)
    client.get(f"{FLOWS}?limit=\x1b[31m", headers=headers)
    client.get(f"{FLOWS}/%1B%5B2J", headers=headers)


@pytest.mark.usefixtures("calls")
def test_a_terminal_gets_tables_with_headings_and_colours() -> None:
    said = shown("calls")
    heading, *rows = said.splitlines()
    assert heading.replace("\x1b[1m", "").replace("\x1b[0m", "").split() == [
        "call",
        "time",
        "method",
        "path",
        "findings",
    ]
    assert "\x1b[32m200\x1b[0m" in rows[-1]
    assert "\x1b[1;31m4" in rows[0]
    assert "\x1b[2J" not in said
    assert "setting" in shown("settings").splitlines()[0]


@pytest.mark.usefixtures("calls")
def test_what_is_wrong_with_a_call_stands_out() -> None:
    said = shown("explain")
    assert said.startswith("\x1b[1;31m#")
    assert "^ " in said.partition("\x1b[1;31m    |")[2].splitlines()[0]
    assert run("explain").stdout == re.sub("\x1b\\[[0-9;]*m", "", said)


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_lines_are_plain_where_that_is_asked_for(environment: dict[str, str]) -> None:
    assert shown("calls", **environment) == run("calls").stdout
    assert "\x1b" not in run("calls").stdout


@pytest.mark.usefixtures("calls")
def test_what_is_no_terminal_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert run("calls").returncode == 0
    with pytest.raises(ImportError):
        shown("calls")


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", ""), ("TERM", "xterm"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("coloured")
def test_the_bar_is_drawn_on_a_terminal_and_taken_away() -> None:
    stream = Terminal()
    with ProgressBar(1_000_000, stream=stream) as bar:
        for _ in range(1000):
            bar.advance(1000)
    drawn = stream.getvalue()
    assert "100%" in drawn
    assert "1.0/1.0 MB" in drawn
    assert drawn.endswith("\x1b[2K")


@pytest.mark.usefixtures("coloured")
@pytest.mark.parametrize(
    ("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)], ids=["file", "quiet"]
)
def test_the_bar_is_not_drawn_where_nobody_wants_it(stream: io.StringIO, quiet: bool) -> None:
    with ProgressBar(1000, stream=stream, quiet=quiet) as bar:
        bar.advance(1000)
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("coloured")
def test_what_takes_long_says_so_and_what_does_not_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, written = Terminal(), threading.Event()
    with waiting("reset", stream=stream):
        pass
    assert stream.getvalue() == ""
    monkeypatch.setattr(progress, "DELAY", 0.0)

    def write(text: str) -> int:
        if "loading leads" in text:
            written.set()
        return io.StringIO.write(stream, text)

    monkeypatch.setattr(stream, "write", write)
    with waiting("loading leads", stream=stream):
        assert written.wait(10)
    assert stream.getvalue().endswith(("\x1b[2K", "\x1b[?25h"))
    with waiting("loading leads", stream=io.StringIO()) as nothing:
        assert nothing is None


def test_bash_completes_commands_flags_and_values(tmp_path: Path) -> None:
    script = tmp_path / "aep-emulator.bash"
    script.write_text(run("completion", "bash").stdout)
    asked = {
        "ca": "calls",
        "clock a": "advance",
        "calls --st": "--status",
        "serve --enforce ": "documented strict observe",
        "edition ": "2020-03 2020-09 latest",
        "scenarios load tutorial-h": "tutorial-half-way",
        "calls --operation ims.": "",
    }
    tries = "\n".join(f"complete_words aep-emulator {words!r}" for words in asked)
    program = f"""
        source {script}
        complete_words() {{
            read -ra COMP_WORDS <<<"$1 $2"
            [[ $2 == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_LINE="$1 $2" COMP_POINT=${{#COMP_LINE}}
            COMPREPLY=()
            "$(complete -p "$1" | sed "s/.*-F \\([^ ]*\\).*/\\1/")"
            echo "${{COMPREPLY[*]}}"
        }}
        {tries}
    """
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    found = dict(zip(asked, done.stdout.split("\n"), strict=False))
    assert "ims.token_v3" in found.pop("calls --operation ims.")
    del asked["calls --operation ims."]
    assert found == asked


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef aep-emulator"), ("fish", "#")])
def test_other_shells_have_scripts_too(shell: str, begins: str) -> None:
    said = run("completion", shell).stdout
    assert said.startswith(begins)
    assert "advance" in said
