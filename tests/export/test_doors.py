"""The exports over the control API and the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.cli import main
from emulator.contract import Contract, load_contract
from emulator.export.openapi import openapi
from emulator.export.requests import request_schema
from emulator.package_data import data_folder

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_the_index_leads_to_every_document(client: FlaskClient, contract: Contract) -> None:
    listed = client.get("/_emulator/openapi").get_json()
    assert [item["name"] for item in listed["services"]] == list(contract.services)
    for item in listed["services"]:
        made = client.get(item["href"]).get_json()
        assert made["openapi"] == "3.1.0"
        assert made["servers"] == [{"url": item["basePath"] or "/"}]


def test_the_document_is_that_of_the_edition(client: FlaskClient, contract: Contract) -> None:
    path = "/_emulator/openapi/flow_service.json"
    assert client.get(path).get_json()["info"]["version"] == "latest"
    then = client.get(f"{path}?edition=2020-03").get_json()
    wanted = openapi(contract, contract.edition("2020-03"), "flow_service")
    assert then == json.loads(json.dumps(wanted))
    client.put("/_emulator/edition", json={"edition": "2020-03"})
    assert client.get(path).get_json() == then


def test_the_schema_of_an_operation(client: FlaskClient, contract: Contract) -> None:
    listed = client.get("/_emulator/schemas").get_json()["operations"]
    assert [item["id"] for item in listed] == list(contract.operations)
    href = next(item["href"] for item in listed if item["id"] == "flow_service.create_flow")
    operation = contract.operations["flow_service.create_flow"]
    wanted = request_schema(contract.edition("2020-09"), operation)
    assert client.get(f"{href}?edition=2020-09").get_json() == json.loads(json.dumps(wanted))


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/_emulator/openapi/nothing.json", 404, "unknown service"),
        ("/_emulator/openapi/ims.json?edition=1999", 400, "unknown edition"),
        ("/_emulator/openapi?edition=1999", 400, "unknown edition"),
        ("/_emulator/schemas/ims.nothing.json", 404, "unknown operation"),
        ("/_emulator/schemas/flow_service.create_flow.json?edition=x", 400, "unknown edition"),
    ],
)
def test_what_is_unknown_is_said(client: FlaskClient, path: str, status: int, error: str) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    assert reply.get_json()["error"] == error


def test_openapi_on_the_command_line(
    contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contracts", "openapi", "ims"]) == 0
    printed: Any = json.loads(capsys.readouterr().out)
    assert printed["info"]["version"] == "latest"
    file = tmp_path / "new" / "ims.json"
    assert main(["contracts", "openapi", "ims", "--edition", "2020-09", "--output", str(file)]) == 0
    wanted = openapi(contract, contract.edition("2020-09"), "ims")
    assert json.loads(file.read_text("utf-8")) == json.loads(json.dumps(wanted))


@pytest.mark.parametrize(
    "words",
    [
        ["openapi", "imss"],
        ["openapi", "ims", "--edition", "1999"],
        ["openapi", "ims", "--output", "/dev/null/file.json"],
    ],
)
def test_misuse_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_house_rule_is_exported(tmp_path: Path) -> None:
    rules = tmp_path / "house" / "flow_service" / "rules"
    rules.mkdir(parents=True)
    rule = {
        "id": "flow_service.create_flow.house_name",
        "operation": "flow_service.create_flow",
        "topic": "house-name",
        "states": "A flow's name starts with team-.",
        "demands": {"aep-emulator": "Decisions"},
        "severity": "error",
        "at": "/body/name",
        "check": {"schema": {"pattern": "^team-"}},
        "problem": "flow_service.invalid_request",
        "cases": {"accepts": [{"body": {"name": "team-a"}}], "refuses": [{"body": {"name": "a"}}]},
    }
    (rules / "house.json").write_text(json.dumps([rule]), "utf-8")
    command = [sys.executable, "-m", "emulator", "contracts", "openapi", "flow_service"]
    command += ["--contracts", str(tmp_path / "house")]
    made = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    post = made["paths"]["/flows"]["post"]
    assert rule["id"] in [item["id"] for item in post["x-rules"]]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["name"] == {"type": "string", "pattern": "^team-"}


def test_a_muted_rule_leaves_the_schema_and_stays_named(tmp_path: Path) -> None:
    muted = "flow_service.create_flow.name_is_text"
    mute = {"rule": muted, "reason": "Our generator numbers its flows."}
    (tmp_path / "mutes.json").write_text(json.dumps([mute]), "utf-8")
    contract = load_contract(data_folder("contracts"), tmp_path)
    made = openapi(contract, contract.edition("latest"), "flow_service")
    post = made["paths"]["/flows"]["post"]
    assert [rule["id"] for rule in post["x-rules"] if "muted" in rule] == [muted]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert "type" not in body["properties"].get("name", {})


def test_the_schemas_are_written(contract: Contract, tmp_path: Path) -> None:
    assert main(["contracts", "request-schemas", str(tmp_path)]) == 0
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json")}
    assert written == {f"{id.replace('.', '/', 1)}.json" for id in contract.operations}
