"""Commands: what they read may be anything, what they print commands no terminal, files stay."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import main
from emulator.output import plain, write_file
from tests.attacks.effort import size

ROOT = Path(__file__).resolve().parents[2]
LEVELS = size(3_000, 100_000)
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = "\x1b[31m\u202e\x07\r"
WRITERS = {"write_text", "write_bytes"}


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the names of functions that a module calls, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_one_function_writes_files_and_one_prints() -> None:
    for path in sorted((ROOT / "emulator").rglob("*.py")):
        place = path.relative_to(ROOT / "emulator").as_posix()
        for name, line in calls(path):
            last = name.rpartition(".")[2]
            # Bytes of an emulator, which stores look after, and files in folders of connections.
            is_blob = place.startswith("store/") or place == "storage/folder.py"
            assert is_blob or last not in WRITERS, f"{place}:{line}: write_file of output.py"
            if place not in ("commands/terminal.py", "commands/progress.py"):
                is_print = name == "print" or name.startswith(("sys.stdout.w", "sys.stderr.w"))
                assert not is_print, f"{place}:{line}: say of emulator/commands/terminal.py"


def test_what_commands_a_terminal_is_shown_instead() -> None:
    everything = "".join(map(chr, range(0x3000))) + "\ud800"
    shown = plain(everything)
    assert not RAW.search(shown)
    shown.encode()
    assert plain("a\tb\nä🦊") == "a\tb\nä🦊"
    text = json.dumps({"a": EVIL}, ensure_ascii=False)
    assert json.loads(plain(text)) == json.loads(text)


def entry(**changes: Any) -> dict[str, Any]:
    request = {
        "method": "GET",
        "url": "https://platform.adobe.io/data/foundation/catalog/dataSets?limit=1",
        "headers": [{"name": "x-api-key", "value": "k"}],
    }
    made: dict[str, Any] = {
        "startedDateTime": "2024-01-01T00:00:00Z",
        "request": request,
        "response": {"status": 200, "headers": [], "content": {"text": "{}"}},
    }
    for place, value in changes.items():
        *way, last = place.split("__")
        at = made
        for step in way:
            at = at[step]
        at[last] = value
    return made


NESTED, MEMBERS, INSIDE = "@nested@", "@members@", "@inside@"
ODD: dict[str, dict[str, Any]] = {
    "year 0": {"startedDateTime": "0001-01-01T00:00:00+14:00"},
    "year 10000": {"startedDateTime": "9999-12-31T23:59:59-23:59"},
    "no date": {"startedDateTime": 1e300},
    "huge status": {"response__status": 1e308},
    "long status": {"response__status": 10**400},
    "negative status": {"response__status": -5},
    "text for a size": {"response__content": {"size": "x"}},
    "long size": {"response__content": {"size": 10**4000}},
    "url of no host": {"request__url": "http://[::1"},
    "url with a huge port": {"request__url": "https://platform.adobe.io:99999999/x"},
    "evil url": {"request__url": f"https://platform.adobe.io/{EVIL}"},
    "evil query": {
        "request__url": f"https://platform.adobe.io/data/foundation/catalog/dataSets?{EVIL}=1"
    },
    "evil method": {"request__method": EVIL},
    "evil header": {"request__headers": [{"name": EVIL, "value": EVIL}]},
    "evil reply": {"response__headers": [{"name": "content-type", "value": EVIL}]},
    "long number": {"request__method": "POST", "request__postData": {"text": "9" * 5000}},
    "infinite number": {"response__content": {"text": '{"a":1e999}'}},
    "nested entry": {"_more": NESTED},
    "nested members": {"_more": MEMBERS},
    "nested url": {"request__url": NESTED},
    "nested header": {"request__headers": [{"name": NESTED, "value": 1}]},
    "nested status": {"response__status": NESTED},
    "nested body": {"request__method": "POST", "request__postData": {"text": INSIDE}},
    "nested reply": {"response__content": {"text": INSIDE}},
    "no base64": {"response__content": {"text": 5, "encoding": "base64"}},
}


def recording(changes: dict[str, Any]) -> str:
    text = json.dumps({"log": {"entries": [entry(), entry(**changes)]}})
    text = text.replace(f'"{NESTED}"', "[" * LEVELS + "]" * LEVELS)
    text = text.replace(f'"{MEMBERS}"', '{"a":' * LEVELS + "1" + "}" * LEVELS)
    return text.replace(INSIDE, "[" * LEVELS + "]" * LEVELS)


@pytest.mark.parametrize("name", ODD)
def test_verify_ends_on_any_recording(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.har"
    file.write_text(recording(ODD[name]), encoding="utf-8")
    forms = ("terminal", "markdown", "html", "junit", "sarif", "json")
    words = [word for form in forms for word in ("--format", form)]
    assert main(["verify", "--quiet", *words, str(file)]) in (0, 1, 2)
    out, err = capsys.readouterr()
    assert not RAW.search(out + err)


@pytest.mark.parametrize(
    "text", ['{"log":' * LEVELS, "[" * LEVELS, '{"log":{"entries":[{"a":1e99999']
)
def test_verify_refuses_what_is_no_recording(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{EVIL[:4]}.har"
    file.write_text(text, encoding="utf-8")
    assert main(["verify", "--quiet", str(file)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("aep-emulator: ")
    assert not RAW.search(err)


def test_arguments_are_quoted_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verify", f"--{EVIL}"])
    assert not RAW.search(capsys.readouterr().err)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*above, step)
            yield from places(child, (*above, step))


def test_a_damaged_coverage_file_is_reported_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    har, file = tmp_path / "a.har", tmp_path / "coverage.json"
    har.write_text(recording({}), encoding="utf-8")
    main(["verify", "--quiet", "--save", str(file), str(har)])
    saved = file.read_text(encoding="utf-8")
    chance, codes = random.Random(3), set()
    for _ in range(size(15, 2000)):
        spoilt = json.loads(saved)
        *way, last = chance.choice(list(places(spoilt)))
        at = spoilt
        for step in way:
            at = at[step]
        at[last] = chance.choice([None, -1, 2**70, 1.5, "", EVIL, [], {}, [[]], {"a": 1}])
        file.write_text(json.dumps(spoilt), encoding="utf-8")
        codes.add(main(["report", str(file)]))
    assert codes <= {0, 1, 2}
    assert len(codes) > 1
    out, err = capsys.readouterr()
    assert not RAW.search(out + err)


def test_a_file_is_replaced_whole_with_its_mode_and_through_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "real.txt", tmp_path / "link.txt"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, "new ä")
    assert (file.read_text(encoding="utf-8"), link.is_symlink()) == ("new ä", True)
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.txt", "real.txt"]
    with pytest.raises(OSError, match="No such file"):
        write_file(tmp_path / "nowhere" / "x", "")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write_file(pipe, "through")
        assert reader.communicate()[0] == b"through"
    assert pipe.is_fifo()


ENDLESS = """
import sys
from pathlib import Path
from emulator.output import write_file
print(flush=True)
while True:
    for letter in "ab":
        write_file(Path(sys.argv[1]), letter * 5_000_000)
"""


def unmeasured() -> dict[str, str]:
    """Return the environment without coverage, for what is killed or may write little.

    It would leave half a file of coverage data, and that can end the run that combines them.
    """
    return {name: said for name, said in os.environ.items() if not name.startswith("COVERAGE_")}


def test_a_kill_costs_no_file(tmp_path: Path) -> None:
    file, chance = tmp_path / "state.json", random.Random(5)
    write_file(file, "a" * 5_000_000)
    for _ in range(size(3, 100)):
        command = [sys.executable, "-c", ENDLESS, str(file)]
        environment = unmeasured()
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, env=environment
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.random() / 10)
            process.send_signal(signal.SIGKILL)
        found = file.read_bytes()
        assert (len(found), len(set(found))) == (5_000_000, 1)


FULL = """
import resource, sys
from emulator.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
sys.exit(main(["contracts", "openapi", "catalog", "--output", sys.argv[1]]))
"""


def test_a_full_disk_costs_no_file(tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text("old")
    # Python itself would leave bytecode behind that is cut, and that no later process can read.
    ended = subprocess.run(
        [sys.executable, "-B", "-c", FULL, str(file)],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "cannot write" in ended.stderr) == (2, True), ended
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.json"]
