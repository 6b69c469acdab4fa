"""The module for Testcontainers, without a container engine: none is there where these tests run.

What is tried is what the module would ask of one, and that the image's address and health fit it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core import container
from testcontainers.core.wait_strategies import HttpWaitStrategy

from emulator.settings import SettingError, read_settings
from emulator.testcontainers import HEALTH, IMAGE, PORT, AepEmulatorContainer
from emulator.testing import AepServer

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
    assert f"--tag {IMAGE}" in (ROOT / "Makefile").read_text("utf-8")
    assert list(made.ports) == [str(PORT)]
    assert f"EXPOSE {PORT}\n" in dockerfile
    assert re.search(rf"AEP_EMULATOR_PORT={PORT}$", dockerfile, re.MULTILINE)
    assert AepEmulatorContainer("registry/aep:1").image == "registry/aep:1"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"editon": "2020-09"}, "no setting 'editon'"),
        ({"port": 1}, "no setting 'port'"),
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
        server.session.get(made.world("a b/c") + "/data/foundation/flowservice/flows")
        assert server.session.get("/_emulator/worlds").json()["worlds"] == ["a b/c"]
