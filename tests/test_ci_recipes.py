"""The recipes for CI are played as far as a machine without Docker and runners can."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from emulator import __version__
from emulator.cli import make_parser
from emulator.settings import Settings, table

ROOT = Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
EXAMPLES = ROOT / "examples"
RECIPES = EXAMPLES / "ci"
TIMEOUT = 120
BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
SHELLCHECK = shutil.which("shellcheck", path=BESIDE)

CAREFUL = 'aep-emulator demo --url "$AEP_EMULATOR_URL"'
CARELESS = 'curl --silent --noproxy "*" "$AEP_EMULATOR_URL/data/foundation/flowservice/flows"'

DOCKER = """#!/usr/bin/env bash
# Stands for Docker: a "container" is a process that listens on the published port.
set -eu
here=$(dirname "$0")
printf '%s\\n' "$*" >>"$here/calls"
case "$1" in
  build) ;;
  run)
    shift
    while [ $# -gt 1 ]; do
      if [ "$1" = --publish ]; then port=${2#*:}; port=${port%:*}; fi
      shift
    done
    echo "$port" >"$here/port"
    env -u AEP_EMULATOR_CONTRACTS -u AEP_EMULATOR_FILES -u AEP_EMULATOR_FAULTS \\
      nohup aep-emulator serve --port "$port" >"$here/log" 2>&1 &
    echo $! >"$here/pid"
    echo 0123abcd ;;
  exec)
    shift
    if [ "$1" = --interactive ]; then shift; else exec </dev/null; fi
    [ "$1 $2" = "0123abcd aep-emulator" ]
    shift 2
    words=()
    for word in "$@"; do words+=("${word/:8080/:$(cat "$here/port")}"); done
    if [ "$1" = health ]; then words=(health --of-process "$(cat "$here/pid")"); fi
    exec aep-emulator "${words[@]}" ;;
  port) echo "127.0.0.1:$(cat "$here/port")" ;;
  inspect) if kill -0 "$(cat "$here/pid")"; then echo true; else echo false; fi ;;
  logs) cat "$here/log" ;;
  rm) kill "$(cat "$here/pid")" ;;
  *) exit 64 ;;
esac
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder for the path, with the command of this checkout."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "aep-emulator"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m emulator "$@"\n', "utf-8")
    command.chmod(0o755)
    (folder / "python3").symlink_to(sys.executable)
    return folder


def environment(commands: Path, **more: str) -> dict[str, str]:
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}


@dataclass
class Runner:
    """What runs a composite action: its steps by the conditions that action.yml has."""

    folder: Path
    commands: Path
    inputs: dict[str, str]
    outcomes: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    uploaded: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def play(self) -> None:
        defaults = {name: str(item.get("default", "")) for name, item in ACTION["inputs"].items()}
        self.inputs = {**defaults, **self.inputs}
        for step in ACTION["runs"]["steps"]:
            name = step.get("id", step["name"])
            if self._applies(step.get("if", "success()")):
                self.outcomes[name] = "success" if self._run(step) else "failure"
            else:
                self.outcomes[name] = "skipped"

    def _applies(self, condition: str) -> bool:
        works = "failure" not in self.outcomes.values()
        known = {
            "success()": works,
            "always()": True,
            "always() && inputs.artifact != 'none'": self.inputs["artifact"] != "none",
            "inputs.with == 'package'": works and self.inputs["with"] == "package",
            "always() && steps.start.outcome == 'success'": self.outcomes.get("start") == "success",
        }
        return known[condition]

    def _run(self, step: dict[str, Any]) -> bool:
        if "uses" in step:
            return self._use(step)
        assert step["shell"] == "bash"
        script, output = self.folder / "script.sh", self.folder / "output"
        script.write_text(step["run"], "utf-8")
        output.write_text("", "utf-8")
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / self._filled(step.get("working-directory", ".")),
            env=environment(
                self.commands,
                RUNNER_TEMP=str(self.folder),
                GITHUB_OUTPUT=str(output),
                GITHUB_STEP_SUMMARY=str(self.folder / "summary.md"),
                **{name: self._filled(value) for name, value in step.get("env", {}).items()},
            ),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        self.said += ran.stdout + ran.stderr
        if step.get("id") == "start":
            lines = output.read_text("utf-8").splitlines()
            pairs = (line.partition("=") for line in lines)
            self.outputs.update({f"start.outputs.{name}": value for name, _, value in pairs})
        return ran.returncode == 0

    def _use(self, step: dict[str, Any]) -> bool:
        """Do as the actions of others do that this one uses."""
        uses: str = step["uses"]
        name, _, version = uses.partition("@")
        assert version, "the action of somebody else has a version"
        given = {name: self._filled(str(value)) for name, value in step["with"].items()}
        if name == "actions/setup-python":
            assert given["update-environment"] == "False"
            self.outputs["python.outputs.python-path"] = sys.executable
        elif name == "actions/upload-artifact":
            folder = self.folder / given["path"]
            self.uploaded = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
        return name.startswith("actions/")

    def _filled(self, text: str) -> str:
        known = {f"inputs.{name}": value for name, value in self.inputs.items()}
        known["github.action_path"] = str(ROOT)
        known |= {f"steps.{name}": value for name, value in self.outputs.items()}
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: known.get(match[1], ""), text)


@pytest.fixture
def installed(tmp_path: Path, commands: Path) -> Path:
    """A runner's folder in which the emulator is installed already, so that nothing is fetched."""
    folder = tmp_path / "runner"
    (folder / "aep-emulator" / "bin").mkdir(parents=True)
    (folder / "aep-emulator" / "bin" / "aep-emulator").symlink_to(commands / "aep-emulator")
    return folder


def play(folder: Path, commands: Path, **inputs: str) -> Runner:
    runner = Runner(folder, commands, {name.replace("_", "-"): v for name, v in inputs.items()})
    runner.play()
    return runner


def process_is_gone(folder: Path) -> bool:
    return not (folder / "aep-emulator.pid").exists()


def test_the_action_reports_a_careful_client(installed: Path, commands: Path) -> None:
    runner = play(installed, commands, run=CAREFUL, port="0", edition="2020-09")
    assert set(runner.outcomes.values()) == {"success"}, runner.said
    forms = {f"report.{kind}" for kind in ("md", "html", "json", "xml", "sarif")}
    assert set(runner.uploaded) == {*forms, "emulator.log"}
    assert "edition 2020-09" in runner.uploaded["emulator.log"]
    assert "# " in (installed / "summary.md").read_text("utf-8")
    assert json.loads((installed / "aep-report" / "report.json").read_bytes())
    ET.parse(installed / "aep-report" / "report.xml")
    assert process_is_gone(installed)


def test_the_action_reports_a_command_that_fails_too(installed: Path, commands: Path) -> None:
    runner = play(installed, commands, run="false | cat", port="0", artifact="none")
    assert runner.outcomes["Run the command"] == "failure"
    assert runner.outcomes["Report"] == "success"
    assert runner.outcomes["Upload the reports and the log"] == "skipped"
    assert (installed / "summary.md").exists()
    assert process_is_gone(installed)


def test_the_action_counts_the_operations_that_are_listed(installed: Path, commands: Path) -> None:
    (installed / "operations.txt").write_text("flow_service.list_flows\n", "utf-8")
    inputs = {"run": CARELESS, "port": "0", "operations": "operations.txt", "fail-on": "nothing"}
    runner = play(installed, commands, **inputs, min_rule_coverage="0.01")
    assert runner.outcomes["Report"] == "failure"
    assert "1 of 1 operations" in runner.said
    assert "0 % of the rules covered, at least 1 % required" in runner.said
    assert "api_key_is_sent" in (installed / "summary.md").read_text("utf-8")
    assert process_is_gone(installed)


def test_the_action_says_why_the_emulator_does_not_start(installed: Path, commands: Path) -> None:
    runner = play(installed, commands, run=CAREFUL, port="0", edition="1999")
    assert runner.outcomes["start"] == "failure"
    assert "::error::" in runner.said
    assert "1999" in runner.said
    assert runner.outcomes["Run the command"] == runner.outcomes["Report"] == "skipped"
    assert "1999" in runner.uploaded["emulator.log"]


def test_the_action_with_a_container(
    tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker is not here; what stands for it is called as Docker would be."""
    docker = commands / "docker"
    docker.write_text(DOCKER, "utf-8")
    docker.chmod(0o755)
    folder = tmp_path / "runner"
    (folder / "house").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "faults.json").write_text("[]", "utf-8")
    (folder / "operations.txt").write_text("flow_service.list_flows\n", "utf-8")
    monkeypatch.setenv("AEP_EMULATOR_FAULTS", "faults.json")  # of the job
    monkeypatch.setenv("AEP_EMULATOR_SEED", "mine")
    inputs = {"with": "container", "port": str(free_port()), "contracts": "house", "files": "data"}
    runner = play(folder, commands, run=CARELESS, operations="operations.txt", **inputs)
    assert runner.outcomes["Install the emulator"] == runner.outcomes["python"] == "skipped"
    assert runner.outcomes["Run the command"] == "success", runner.said
    assert runner.outcomes["Report"] == "failure", runner.said
    assert "api_key_is_sent" in (folder / "summary.md").read_text("utf-8")
    assert "GET /data/foundation/flowservice/flows 403" in runner.uploaded["emulator.log"]
    calls = (commands / "calls").read_text("utf-8").splitlines()
    assert calls[0] == f"build --quiet --tag aep-emulator:action {ROOT}"
    words = shlex.split(calls[1])
    given = {(flag, value) for flag, value in pairwise(words) if flag.startswith("--")}
    assert ("--publish", f"127.0.0.1:{inputs['port']}:8080") in given
    assert {value for flag, value in given if flag == "--volume"} == {
        f"{folder}/house:/settings/CONTRACTS:ro",
        f"{folder}/data:/settings/FILES:ro",
        f"{folder}/faults.json:/settings/FAULTS:ro",
    }
    settings = {"CONTRACTS", "FILES", "FAULTS", "SEED"}
    assert {("--env", f"AEP_EMULATOR_{name}") for name in settings} <= given
    assert ("--env", "AEP_EMULATOR_PORT") not in given
    assert calls[-1] == "rm --force 0123abcd"


def test_the_action_mounts_every_setting_that_is_a_path_to_read() -> None:
    """All but those of HTTPS, of which the action knows nothing, and the state that is written."""
    paths = {item.name for item in fields(Settings) if item.type == "Path | None"}
    unknown = {"tls_cert", "tls_key", "tls_ca", "state"}
    (start,) = (step for step in ACTION["runs"]["steps"] if step.get("id") == "start")
    mounted = re.search(r"for name in ([A-Z ]+); do\n +variable=", start["run"])
    assert mounted is not None
    assert {name.lower() for name in mounted[1].split()} == paths - unknown
    assert paths - unknown <= set(ACTION["inputs"])


@pytest.mark.skipif(SHELLCHECK is None, reason="there is no shellcheck")
def test_the_steps_are_sound_shell() -> None:
    steps = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    for step in steps:
        command = [str(SHELLCHECK), "--shell", "bash", "-"]
        done = subprocess.run(command, input=step, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_action_names_what_it_reads() -> None:
    """Every input is used, every expression is known, and nothing is pasted into a script."""
    text = (ROOT / "action.yml").read_text("utf-8")
    used = set(re.findall(r"\binputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), (
            "an input that is pasted into a script can be a command"
        )


def test_the_workflow_fits_the_action() -> None:
    workflow = yaml.safe_load((RECIPES / "github.yml").read_text("utf-8"))
    steps = workflow["jobs"]["contract"]["steps"]
    (ours,) = (step for step in steps if "aep-emulator" in step.get("uses", ""))
    assert set(ours["with"]) <= set(ACTION["inputs"])
    required = {name for name, item in ACTION["inputs"].items() if item.get("required")}
    assert required <= set(ours["with"])
    assert "matrix.edition" in ours["with"]["artifact"], "a name for each job"


@pytest.mark.parametrize(("tests", "code"), [(CAREFUL, 0), (CARELESS, 1), ("false", 1)])
def test_the_gitlab_job(tmp_path: Path, commands: Path, tests: str, code: int) -> None:
    job = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text("utf-8"))["contract"]
    # Nothing is fetched here: the package is in this checkout.
    python = commands / "python"
    python.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    python.chmod(0o755)
    port = free_port()
    variables = {
        **job["variables"],
        "AEP_EMULATOR_PORT": str(port),
        "AEP_EMULATOR_URL": f"http://127.0.0.1:{port}",
        "TESTS": f"eval {tests}",
    }
    script = "\n".join([*job["script"][:-1], "kill %1 || true", job["script"][-1]])
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-m", "-c", script],
        cwd=tmp_path,
        env=environment(commands, **variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    ET.parse(tmp_path / job["artifacts"]["reports"]["junit"])
    assert (tmp_path / "aep-report" / "report.html").exists()
    assert {name for name in variables if name.startswith("AEP_EMULATOR_")} - {
        row.environment for row in table()
    } == {"AEP_EMULATOR_URL", "AEP_EMULATOR_PACKAGE"}


COMPOSED = ("ci", "shared", "with_docker_compose")


@pytest.mark.parametrize("folder", COMPOSED)
def test_a_compose_file_works_outside_of_this_repository(folder: str) -> None:
    """The image is built from a repository or a checkout; a release changes one line."""
    text = (EXAMPLES / folder / "compose.yaml").read_text("utf-8")
    aep = yaml.safe_load(text)["services"]["aep"]
    build = re.fullmatch(
        r"\$\{EMULATOR_SOURCE:-(https://github\.com/OWNER/.*\.git#main)\}", aep["build"]
    )
    assert build is not None
    note = "# Nothing is published yet. Once it is, this one line: image: OWNER/aep-emulator:"
    assert f"    {note}{__version__}\n    build: " in text
    assert "image" not in aep


def test_the_compose_recipe_is_a_file_of_a_clients_repository() -> None:
    path = RECIPES / "compose.yaml"
    services = yaml.safe_load(path.read_text("utf-8"))["services"]
    assert services["tests"]["depends_on"] == {"aep": {"condition": "service_healthy"}}
    assert services["tests"]["environment"]["AEP_EMULATOR_URL"] == "http://aep:8080"
    assert services["tests"]["volumes"] == [".:/client:ro"]
    head = path.read_text("utf-8").partition("services:")[0]
    commands = [shlex.split(line.lstrip("# ")) for line in head.splitlines() if "docker c" in line]
    assert [words[2] for words in commands] == ["up", "run", "exec", "exec", "down"]
    for words in commands:
        if words[2] == "exec":
            assert words[3:6] == ["-T", "aep", "aep-emulator"]
            asked = [word for word in words[6:] if not word.startswith(">")]
            parsed = make_parser("report").parse_args(asked)
            assert parsed.run
    assert parsed.fail_on == "violations", "the last one says whether the job fails"


def test_recipes_say_the_version_of_a_release() -> None:
    """And name what is installed today in one line, beside that of a release."""
    gitlab = (RECIPES / "gitlab-ci.yml").read_text("utf-8")
    github = (RECIPES / "github.yml").read_text("utf-8")
    assert (
        f"this one line: aep-emulator[parquet]=={__version__}\n    AEP_EMULATOR_PACKAGE: " in gitlab
    )
    assert f"this one line: OWNER/aep-emulator@v{__version__}\n      - uses: OWNER/" in github
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
    assert f"aep-emulator[parquet]=={__version__}" in page
    assert f"aep_emulator-{__version__}-py3-none-any.whl" in page
