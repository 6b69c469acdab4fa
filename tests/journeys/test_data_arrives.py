"""A file that is put where a connection reads arrives in a data set: over a socket, by clients."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.fixtures.journey import GIVEN, Answer, Request, journeys, play
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE
from tests.emulators import aep_for, new_emulator
from tests.files import put

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorials" / "see-data-arrive.md"
CUSTOMERS = b"FirstName,LastName,Phone,Email\nAda,Lovelace,1,ada@example.com\n"
ADA = '{"_id":"1","person":{"name":{"firstName":"Ada","lastName":"Lovelace"}}}'


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator())


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = "\n".join(["set -eu", *blocks])
    command = tmp_path / "aep-emulator"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m emulator "$@"\n', "utf-8")
    command.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "AEP_EMULATOR_URL": f"http://127.0.0.1:{server.port}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert '"path":"/leads/incoming/leads.tsv"' in said
    assert '"data":[{"Id":"1","FirstName":"Ada","LastName":"Lovelace"}' in said
    assert '"inputRecordCount":2,"outputRecordCount":2,"failedRecordCount":0' in said
    assert f'{{"data":[{ADA},' in said
    assert '"path":"dlz-user-container/leads.tsv"' in said


def test_the_older_tutorial_moves_its_file_too(api: AepClient) -> None:
    """It calls the format of a CSV file parquet_xdm, by what becomes of it."""

    def send(request: Request) -> Answer:
        sent = api.send(request.method, request.target, request.headers, request.body)
        return Answer(sent[0], sent[1], json.loads(sent[2]))

    edition = {"x-emulator-edition": "2020-03"}
    last = list(play(journeys()["2020-03"], send, headers=edition))[-1]
    assert last.accepted
    api.headers["x-gw-ims-org-id"] = GIVEN["organization"]
    put(api, last.kept["baseConnection"], "exports/customers.csv", CUSTOMERS)
    flow = {"flowId": last.kept["flow"]}
    id = api.ok("POST", f"{FLOW_SERVICE}/runs", flow, x_emulator_edition="2020-03")["id"]
    (run,) = api.ok("GET", f"{FLOW_SERVICE}/runs/{id}", x_emulator_edition="2020-03")["items"]
    assert run["state"] == "success", run["activities"]
    assert run["activities"][1]["id"] == "promotionActivity"
    path = f"/data/foundation/export/datasets/{last.kept['dataset']}/preview"
    (row,) = api.ok("GET", path)["data"]
    assert row["person"] == {"name": {"firstName": "Ada", "lastName": "Lovelace"}}
    assert row["personalEmail"] == {"address": "ada@example.com"}
