"""The image, run as it should be: no capability, no new privileges, a root that is read-only.

`make test-image` runs this with Docker or Podman (`DOCKER`) and an image that has been built
(`IMAGE`); elsewhere it is skipped. `RUN_FLAGS` has further flags for `run`.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from emulator import __version__
from emulator.testing.client import AepClient
from tests.bodies import HEADERS, make_world
from tests.databases import free_port
from tests.emulators import new_emulator
from tests.journeys.conftest import by_requests

ENGINE = shlex.split(os.environ.get("DOCKER", ""))
IMAGE = os.environ.get("IMAGE", "aep-emulator:dev")
FLAGS = shlex.split(os.environ.get("RUN_FLAGS", ""))
CONFINED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
HEALTH_CHECK = ("aep-emulator", "health", "--of-process", "1")
OPEN = "/data/foundation"

pytestmark = pytest.mark.skipif(not ENGINE, reason="make test-image says which engine to use")


def engine(*words: str) -> str:
    done = subprocess.run([*ENGINE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Container:
    id: str
    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def inside(self, *words: str) -> str:
        return engine("exec", self.id, *words)

    def wait(self) -> None:
        for _ in range(100):
            asked = [*ENGINE, "exec", self.id, *HEALTH_CHECK]
            if not subprocess.run(asked, capture_output=True, check=False).returncode:
                return
            time.sleep(0.2)
        raise AssertionError(engine("logs", self.id))


def run(*flags: str, command: tuple[str, ...] = (), scheme: str = "http") -> Container:
    """Run the image on a free port, which is also the one inside."""
    port = free_port()
    network = () if "--network" in FLAGS else ("--publish", f"{port}:{port}")
    words = [arg.format(port=port) for arg in (*flags, IMAGE, *command)]
    made = Container(engine("run", "--detach", *CONFINED, *network, *FLAGS, *words), port, scheme)
    made.wait()
    return made


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    made = run("--env", "AEP_EMULATOR_PORT={port}")
    try:
        yield made
    finally:
        engine("rm", "--force", made.id)


@pytest.fixture
def client(container: Container) -> AepClient:
    send = by_requests(container.url, requests.Session())
    return AepClient(send, new_emulator().contract, dict(HEADERS))


def test_it_serves_without_capabilities_and_writes_nowhere(
    container: Container, client: AepClient
) -> None:
    status = container.inside("cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert (fields["NoNewPrivs"], fields["Uid"].split()[0]) == ("1", "10001")
    make_world(client, "Leads without capabilities")
    touched = [*ENGINE, "exec", container.id, "touch", "/opt/aep-emulator/x"]
    denied = subprocess.run(touched, capture_output=True, check=False)
    assert b"Read-only file system" in denied.stderr


def test_it_reads_parquet(client: AepClient) -> None:
    world = make_world(client, "Leads in Parquet")
    asked = {"datasetId": world.dataset, "inputFormat": {"format": "parquet"}}
    batch = client.ok("POST", f"{OPEN}/import/batches", asked)["id"]
    file = io.BytesIO()
    row = {"_id": "1", "person": {"name": {"firstName": "Ada", "lastName": "Lovelace"}}}
    pq.write_table(pa.Table.from_pylist([row]), file)
    path = f"{OPEN}/import/batches/{batch}/datasets/{world.dataset}/files/leads.parquet"
    headers = {**client.headers, "Content-Type": "application/octet-stream"}
    assert client.exchange("PUT", path, headers, file.getvalue()).status == 200
    client.ok("POST", f"{OPEN}/import/batches/{batch}?action=COMPLETE")
    read = client.ok("GET", f"{OPEN}/catalog/batches/{batch}")[batch]
    assert (read["status"], read["metrics"]["recordsWritten"]) == ("success", 1), read


def test_it_answers_with_figures_and_has_the_drivers_of_stores(container: Container) -> None:
    figures = requests.get(f"{container.url}/_emulator/metrics", timeout=10)
    assert (figures.status_code, b"# HELP" in figures.content) == (200, True)
    container.inside(
        "python", "-c", "import psycopg, sqlalchemy, s3fs; s3fs.S3FileSystem(anon=True).s3"
    )


def test_another_container_reports_on_it(container: Container) -> None:
    assert requests.get(f"{container.url}{OPEN}/flowservice/flows", timeout=10).status_code == 403
    network = () if "--network" in FLAGS else ("--network", f"container:{container.id}")
    said = engine(
        "run", "--rm", *CONFINED, *network, *FLAGS, IMAGE, "report", "--url", container.url
    )
    assert "platform.gate.api_key_is_sent" in said


def test_flags_of_serve_say_where_the_health_check_asks(tmp_path: Path) -> None:
    """HTTPS on another port; the authority is written to the one place that can be."""
    flags = ("serve", "--port", "{port}", "--tls", "self-signed", "--tls-ca", "/tmp/ca.pem")
    made = run("--tmpfs", "/tmp", command=flags, scheme="https")
    try:
        trusted = tmp_path / "ca.pem"
        trusted.write_text(made.inside("cat", "/tmp/ca.pem"), "ascii")
        health = f"{made.url}/_emulator/health"
        assert requests.get(health, verify=str(trusted), timeout=10).json()["status"] == "ok"
    finally:
        engine("rm", "--force", made.id)


def test_its_labels_say_what_it_is() -> None:
    found = engine("inspect", "--type", "image", "--format", "{{json .Config.Labels}}", IMAGE)
    prefix = "org.opencontainers.image."
    labels = {
        name.removeprefix(prefix): value
        for name, value in json.loads(found).items()
        if name.startswith(prefix)
    }
    assert set(labels) == {
        "created", "description", "licenses", "revision", "source", "title", "version"
    }  # fmt: skip
    assert (labels["title"], labels["licenses"]) == ("aep-emulator", "Apache-2.0")
    assert labels["version"] in ("", __version__)


def test_it_ends_when_it_is_told(container: Container) -> None:
    began = time.monotonic()
    engine("stop", "--time", "5", container.id)
    assert time.monotonic() - began < 4
    assert engine("inspect", "--format", "{{.State.ExitCode}}", container.id) == "0"
