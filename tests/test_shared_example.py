"""examples/shared: its settings exist and are what a served emulator takes, replicas are one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.settings import read_settings, table
from tests.bodies import make_world
from tests.files import put
from tests.processes.serving import serving
from tests.storage.servers import s3

SHARED = Path(__file__).resolve().parent.parent / "examples" / "shared"
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
    assert (SHARED / services["aep"]["build"] / "Dockerfile").resolve().is_file()


def test_secrets_come_from_outside_and_are_required(services: dict[str, dict[str, Any]]) -> None:
    text = (SHARED / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == SECRETS
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
        with serving(store, "--blobs", blobs) as first, serving(store, "--blobs", blobs) as second:
            world = make_world(first.client())
            put(first.client(), world.base, "leads/a.tsv", b"one\ttwo\n")
            path = f"/_emulator/files/{world.base}/leads/a.tsv"
            other = second.client()
            answer = other.exchange("GET", path, other.headers, None)
            assert answer.content == b"one\ttwo\n"
