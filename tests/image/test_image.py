"""The image, run as it should be: no capability, no new privileges, a root that is read-only.

`make test-image` runs this with Docker or Podman (`DOCKER`) and an image that has been built
(`IMAGE`); elsewhere it is skipped. `RUN_FLAGS` has further flags for `run`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Iterator

import pytest
import requests

from tests.bodies import FLOW_SERVICE, HEADERS, base_connection
from tests.databases import free_port

ENGINE = shlex.split(os.environ.get("DOCKER", ""))
IMAGE = os.environ.get("IMAGE", "aep-emulator:dev")
FLAGS = shlex.split(os.environ.get("RUN_FLAGS", ""))
CONFINED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")

pytestmark = pytest.mark.skipif(not ENGINE, reason="make test-image says which engine to use")


def engine(*words: str) -> str:
    done = subprocess.run([*ENGINE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container() -> Iterator[tuple[str, str]]:
    """Run the image; yield the container's id and its URL."""
    port = free_port()
    network = () if "--network" in FLAGS else ("-p", f"{port}:8080")
    told = ("-e", f"AEP_EMULATOR_PORT={port}") if "--network" in FLAGS else ()
    id = engine("run", "--detach", *CONFINED, *network, *told, *FLAGS, IMAGE)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                requests.get(f"{url}/_emulator/health", timeout=1).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield id, url
    finally:
        engine("rm", "--force", id)


def test_it_serves_without_capabilities_and_writes_nowhere(container: tuple[str, str]) -> None:
    id, url = container
    status = engine("exec", id, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert (fields["NoNewPrivs"], fields["Uid"].split()[0]) == ("1", "10001")
    made = requests.post(
        f"{url}{FLOW_SERVICE}/connections", json=base_connection(), headers=HEADERS, timeout=10
    )
    assert made.status_code == 201, made.text
    denied = subprocess.run(
        [*ENGINE, "exec", id, "touch", "/opt/aep-emulator/x"], capture_output=True, check=False
    )
    assert b"Read-only file system" in denied.stderr


def test_it_has_parquet_and_the_drivers_of_stores(container: tuple[str, str]) -> None:
    engine("exec", container[0], "python", "-c", "import fsspec, psycopg, pyarrow, sqlalchemy")


def test_it_ends_when_it_is_told(container: tuple[str, str]) -> None:
    id, _ = container
    engine("stop", "--time", "5", id)
    assert engine("inspect", "--format", "{{.State.ExitCode}}", id) == "0"
