"""The module for Testcontainers, without a container engine: none is there where these tests run.

What is tried is what the module would ask of one, and that the image's address and health fit it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core import container
from testcontainers.core.wait_strategies import HttpWaitStrategy

from emulator.settings import SettingError, read_settings
from emulator.testing import AepServer
from emulator.testing.testcontainers import HEALTH, IMAGE, PORT, AepEmulatorContainer

ROOT = Path(__file__).resolve().parent.parent.parent


class NoEngine:
    """Stands for a connection to an engine."""

    def __init__(self, **given: Any) -> None:
        """Connect to nothing."""


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "DockerClient", NoEngine)


def test_settings_become_the_environment_of_the_image() -> None:
    made = AepEmulatorContainer(
        edition="2020-09", sandboxes=["prod", "dev", "staging"], max_worlds=5, seed="mine"
    )
    assert made.env == {
        "AEP_EMULATOR_EDITION": "2020-09",
        "AEP_EMULATOR_SANDBOXES": "prod,dev,staging",
        "AEP_EMULATOR_MAX_WORLDS": "5",
        "AEP_EMULATOR_SEED": "mine",
    }
    settings = read_settings({}, made.env)
    assert settings.sandboxes == ("prod", "dev", "staging")
    assert settings.max_worlds == 5


def test_folders_are_mounted_where_the_environment_says(tmp_path: Path) -> None:
    made = AepEmulatorContainer(contracts=str(tmp_path), fixtures=tmp_path)
    assert {mount["bind"] for mount in made.volumes.values()} <= set(made.env.values())
    assert made.env["AEP_EMULATOR_FIXTURES"] == f"/settings/fixtures/{tmp_path.name}"


def test_the_image_and_its_port_are_those_of_the_project() -> None:
    made = AepEmulatorContainer()
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert made.image == IMAGE
    assert f"\nIMAGE ?= {IMAGE}\n" in (ROOT / "Makefile").read_text("utf-8")
    assert list(made.ports) == [str(PORT)]
    assert f"EXPOSE {PORT}\n" in dockerfile
    assert re.search(rf"AEP_EMULATOR_PORT={PORT}$", dockerfile, re.MULTILINE)
    assert AepEmulatorContainer("registry/aep:1").image == "registry/aep:1"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"editon": "2020-09"}, "unknown setting 'editon'"),
        ({"port": 1}, "unknown setting 'port'"),
        ({"enforce": "never"}, "'never' is not one of"),
    ],
)
def test_settings_that_there_are_not_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        AepEmulatorContainer(**settings)


def test_it_waits_for_health_and_its_addresses_lead_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = AepEmulatorContainer()
    assert isinstance(made._wait_strategy, HttpWaitStrategy)
    with AepServer() as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        monkeypatch.setattr(made, "get_container_host_ip", lambda: host)
        monkeypatch.setattr(made, "get_exposed_port", lambda inner: int(port))
        made._wait_strategy.wait_until_ready(made)
        assert made.token_url == server.token_url
        assert server.session.get(made.url + HEALTH).status_code == 200
        server.session.get(made.isolated("a b/c") + "/data/foundation/flowservice/flows")
        assert server.session.get("/_emulator/worlds").json()["worlds"] == ["a b/c"]


BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = (
    (ROOT / "docs" / "how-to" / "testing.md").read_text("utf-8").partition("## In a container")[2]
)
SHOWN = dict(BLOCK.findall(PAGE))


def test_the_python_of_the_page_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(AepEmulatorContainer, "start", lambda self: self)
    monkeypatch.setattr(AepEmulatorContainer, "stop", lambda self: None)
    monkeypatch.setattr(AepEmulatorContainer, "get_container_host_ip", lambda self: "docker")
    monkeypatch.setattr(AepEmulatorContainer, "get_exposed_port", lambda self, port: 1)
    exec(SHOWN["python"], {})
    assert capsys.readouterr().out.split() == [
        "http://docker:1",
        "http://docker:1/ims/token/v3",
        "http://docker:1/t/one-of-many-tests",
    ]


@pytest.mark.parametrize("language", ["java", "javascript"])
def test_the_recipes_name_what_the_image_has(language: str) -> None:
    text = SHOWN[language]
    assert {f'"{IMAGE}"', f'"{HEALTH}"'} <= set(re.findall(r'"[^"]*"', text))
    assert {int(port) for port in re.findall(r"\b\d{4}\b(?!-)", text)} == {PORT}
    names = re.findall(r"AEP_EMULATOR_\w+", text)
    assert names
    assert read_settings({}, dict.fromkeys(names, "2020-09")).edition == "2020-09"


STAND_INS = {
    "org/testcontainers/containers/GenericContainer.java": """
        package org.testcontainers.containers;
        public class GenericContainer<SELF> {
            public GenericContainer(org.testcontainers.utility.DockerImageName name) {}
            public void withExposedPorts(Integer... ports) { System.out.println(ports[0]); }
            public void withEnv(String name, String value) { System.out.println(name); }
            public void waitingFor(org.testcontainers.containers.wait.strategy.Wait wait) {}
            public String getHost() { return "docker"; }
            public Integer getMappedPort(int port) { return port + 1; }
        }
    """,
    "org/testcontainers/containers/wait/strategy/Wait.java": """
        package org.testcontainers.containers.wait.strategy;
        public class Wait {
            public static Wait forHttp(String path) { System.out.println(path); return new Wait(); }
            public Wait forStatusCode(int code) { return this; }
        }
    """,
    "org/testcontainers/utility/DockerImageName.java": """
        package org.testcontainers.utility;
        public class DockerImageName {
            public static DockerImageName parse(String name) {
                System.out.println(name);
                return new DockerImageName();
            }
        }
    """,
    "Play.java": """
        public class Play {
            public static void main(String[] given) {
                System.out.println(new AepEmulator().url("one"));
            }
        }
    """,
}


def run(folder: Path, *command: str) -> list[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


EXPECTED = [IMAGE, str(PORT), "AEP_EMULATOR_EDITION", HEALTH]


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no Java on this machine")
def test_the_java_of_the_page_compiles_and_runs(tmp_path: Path) -> None:
    for name, text in {**STAND_INS, "AepEmulator.java": SHOWN["java"]}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    run(tmp_path, "javac", "-d", ".", *STAND_INS, "AepEmulator.java")
    said = run(tmp_path, "java", "-cp", ".", "Play")
    assert said == [*EXPECTED, f"http://docker:{PORT + 1}/t/one"]


NODE_STAND_IN = """
class GenericContainer {
    constructor(image) { console.log(image); }
    withExposedPorts(port) { console.log(port); return this; }
    withEnvironment(values) { console.log(Object.keys(values)[0]); return this; }
    withWaitStrategy() { return this; }
    async start() { return { getHost: () => "docker", getMappedPort: (port) => port + 1 }; }
}
const wait = { forStatusCode: () => wait };
const Wait = { forHttp: (path) => { console.log(path); return wait; } };
module.exports = { GenericContainer, Wait };
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node on this machine")
def test_the_node_of_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "testcontainers.js").write_text(NODE_STAND_IN, "utf-8")
    play = "startEmulator().then((found) => console.log(found.url('one')));"
    (tmp_path / "play.js").write_text(SHOWN["javascript"] + play, "utf-8")
    said = run(tmp_path, "node", "play.js")
    assert said == [*EXPECTED, f"http://docker:{PORT + 1}/t/one"]
