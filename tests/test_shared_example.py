"""examples/shared: its settings exist and are what a served emulator takes, replicas are one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.settings import read_settings, table
from tests.bodies import FLOW_SERVICE, SCHEMA_REGISTRY, base_connection, make_world
from tests.files import put
from tests.processes.serving import Served, client_of, serve_all
from tests.storage.servers import free_port, s3, wait_for

SHARED = Path(__file__).resolve().parent.parent / "examples" / "shared"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
SECRETS = {"POSTGRES_PASSWORD", "MINIO_ROOT_PASSWORD", "AEP_EMULATOR_ADMIN_TOKEN"}


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        (SHARED / "compose.yaml").read_text(encoding="utf-8")
    )["services"]
    return found


def test_services_wait_for_those_that_they_need(services: dict[str, dict[str, Any]]) -> None:
    once = {"bucket"}
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            ends = "service_completed_successfully" if name in once else "service_healthy"
            assert how == {"condition": ends}
            # The emulator's image brings its own.
            assert name in once or "healthcheck" in services[name] or "build" in services[name]
    assert services["aep"]["deploy"]["replicas"] == 2


def test_secrets_come_from_outside_and_are_required(services: dict[str, dict[str, Any]]) -> None:
    text = (SHARED / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == {*SECRETS, "EMULATOR_SOURCE"}
    assert set(re.findall(r"\$\{(\w+):\?", text)) == SECRETS
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", name):
                assert value.startswith("${"), name


def test_the_settings_are_those_of_the_emulator(services: dict[str, dict[str, Any]]) -> None:
    sent = {
        name: re.sub(r"\$\{[^}]*\}", "secret", value)  # as compose puts them in
        for name, value in services["aep"]["environment"].items()
        if name.startswith("AEP_EMULATOR_")
    }
    assert set(sent) <= {row.environment for row in table()}
    settings = read_settings({}, sent)
    assert settings.store.startswith("postgresql+psycopg://aep:")
    assert settings.store.endswith("@postgres/aep")
    assert services["postgres"]["environment"]["POSTGRES_DB"] == "aep"
    bucket = settings.blobs.removeprefix("s3://").partition("/")[0]
    assert services["bucket"]["command"][-1] == f"here/{bucket}"


def test_the_balancer_leads_to_the_replicas(services: dict[str, dict[str, Any]]) -> None:
    balancer = services["balancer"]
    mounted, inside, mode = balancer["volumes"][0].split(":")
    assert (SHARED / mounted).is_file()
    assert (inside, mode) == ("/etc/nginx/nginx.conf", "ro")
    config = (SHARED / mounted).read_text(encoding="utf-8")
    assert "server aep:8080 resolve;" in config
    assert "proxy_pass http://emulators;" in config  # without a path: as it was asked for
    assert "non_idempotent" not in config
    assert config.count("{") == config.count("}")
    port = re.search(r"listen (\d+);", config)
    assert port is not None
    assert balancer["ports"] == [f"8080:{port[1]}"]


def test_two_replicas_keep_files_in_one_bucket(
    services: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the recipe has it, with a database of another kind and another S3."""
    environment = services["aep"]["environment"]
    store = f"sqlite:///{tmp_path}/state.db"
    with s3() as bucket:
        auth = bucket.auth["params"]
        sent = {
            "AWS_ENDPOINT_URL": bucket.entry["options"]["endpoint_url"],
            "AWS_ACCESS_KEY_ID": auth["s3AccessKey"],
            "AWS_SECRET_ACCESS_KEY": auth["s3SecretKey"],
            "AWS_DEFAULT_REGION": environment["AWS_DEFAULT_REGION"],
        }
        assert {name for name in environment if name.startswith("AWS_")} == set(sent)
        for name, value in sent.items():
            monkeypatch.setenv(name, value)
        blobs = environment["AEP_EMULATOR_BLOBS"].replace("aep-emulator", bucket.folder)
        with serve_all(*[("--store", store, "--blobs", blobs)] * 2) as (first, second):
            world = make_world(first.client())
            put(first.client(), world.base, "leads/a.tsv", b"one\ttwo\n")
            path = f"/_emulator/files/{world.base}/leads/a.tsv"
            other = second.client()
            answer = other.exchange("GET", path, other.headers, None)
            assert answer.content == b"one\ttwo\n"
            if shutil.which("nginx", path=PLACES) is None:
                pytest.skip("there is no nginx on this machine: no balancer has been tried")
            with balancer(tmp_path, first, second) as url:
                check_balanced(url, first, world.base)


PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
"""Debian has nginx where only root looks for programs."""

TEMPORARY = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi"))


@contextmanager
def balancer(folder: Path, *served: Served) -> Iterator[str]:
    """Run the example's nginx in front of replicas; yield its URL.

    It finds them by their ports, where that of the example asks Docker for their names.
    """
    port = free_port()
    config = (SHARED / "nginx.conf").read_text("utf-8")
    replicas = "".join(f"server {one.url.removeprefix('http://')};" for one in served)
    for line, here in (
        (
            "resolver 127.0.0.11 valid=5s;",
            f"{TEMPORARY} uwsgi_temp_path uwsgi; scgi_temp_path scgi;",
        ),
        ("server aep:8080 resolve;", replicas),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
    ):
        assert line in config
        config = config.replace(line, here)
    (folder / "nginx.conf").write_text(config, "utf-8")
    own = "daemon off; pid nginx.pid; error_log stderr;"
    command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-g", own]
    with subprocess.Popen(
        command, env={"PATH": PLACES}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=10)


def check_balanced(url: str, first: Served, connection: str) -> None:
    """Check that both replicas answer as one, also when one of them is gone."""
    aep = client_of(url)
    found = aep.ok("GET", f"{CONNECTIONS}/{connection}")["items"][0]
    patch = [{"op": "add", "path": "/name", "value": "ä/ b"}]
    headers = {"if-match": found["etag"]}
    path = f"{CONNECTIONS}/{connection}"
    assert aep.call("PATCH", path, patch, headers=headers).status == 200
    assert aep.call("PATCH", path, patch, headers=headers).status == 412
    odd = f"{SCHEMA_REGISTRY}/global/classes/https%3A%2F%2Fns.adobe.com%2Fxdm%2Fcontext%2Fprofile"
    xed = {"accept": "application/vnd.adobe.xed+json; version=1"}
    assert aep.call("GET", odd, headers=xed).json["title"] == "XDM Individual Profile"
    large = b"x" * 3_000_000  # more than nginx lets in unless it is told to
    put(aep, connection, "large.bin", large)
    named = aep.exchange("GET", f"/_emulator/files/{connection}/large.bin", aep.headers, None)
    assert named.content == large
    first.kill()
    made = {aep.ok("POST", CONNECTIONS, base_connection())["id"] for _ in range(4)}
    assert len(made) == 4
    listed = {item["id"] for item in aep.ok("GET", f"{CONNECTIONS}?limit=100")["items"]}
    assert listed == {connection, *made}
