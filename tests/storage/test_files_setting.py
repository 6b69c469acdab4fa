"""`--files`: a folder whose folders are what connections reach, read as it is at the time."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlencode

import pytest

from emulator.app import create_emulator
from emulator.cli import main
from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.settings import SettingError, Settings
from emulator.testing.client import AepClient
from tests.bodies import BLOB, FLOW_SERVICE, HEADERS, World, base_connection, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import LEADS, put
from tests.storage.test_journeys import MORE, read

ORGANIZATION = HEADERS["x-gw-ims-org-id"]


@pytest.fixture
def api(tmp_path: Path) -> AepClient:
    return aep_for(new_emulator(files=tmp_path))


@pytest.fixture
def world(api: AepClient) -> World:
    return make_world(api)


def write(folder: Path, path: str, content: bytes = LEADS) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def paths(api: AepClient, container: str) -> list[str]:
    answer = api.exchange("GET", f"/_emulator/files/{container}", api.headers)
    return [file["path"] for file in answer.json["files"]]


def test_a_file_that_is_put_later_is_read_by_the_next_run(
    api: AepClient, world: World, tmp_path: Path
) -> None:
    schedule = {"startTime": "1900000000", "frequency": "once"}
    flow_id = api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))["id"]

    def run() -> int:
        id = api.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})["id"]
        return read(api.ok("GET", f"{FLOW_SERVICE}/runs/{id}")["items"][0])

    write(tmp_path, "azure-blob/leads/a.tsv")
    assert [run(), run()] == [2, 0]
    write(tmp_path, "azure-blob/leads/b.tsv", MORE)
    put(api, world.base, "leads/c.tsv", MORE)
    assert [run(), run()] == [2, 0]
    old = tmp_path / "old.tsv"
    old.write_bytes(MORE)
    os.utime(old, (1_000_000_000, 1_000_000_000))
    old.rename(tmp_path / "azure-blob" / "leads" / "d.tsv")
    assert [run(), run()] == [1, 0]


def test_the_most_exact_name_counts(api: AepClient, tmp_path: Path) -> None:
    id = api.ok("POST", f"{FLOW_SERVICE}/connections", base_connection(name="Mine"))["id"]
    for name in (BLOB, "azure-blob", "Mine", id):
        write(tmp_path, f"{name}/{name}.csv")
        assert paths(api, id) == [f"{name}.csv"]
    write(tmp_path, "landing-zone/a.csv")
    assert paths(api, "dlz-user-container") == ["a.csv"]


def test_what_is_put_by_the_control_api_lies_beside(
    api: AepClient, world: World, tmp_path: Path
) -> None:
    write(tmp_path, "azure-blob/a.csv", b"of the folder")
    write(tmp_path, "azure-blob/deep/b.csv")
    put(api, world.base, "a.csv", b"own")
    put(api, world.base, "c.csv", b"own")
    assert paths(api, world.base) == ["a.csv", "c.csv", "deep/b.csv"]
    area = f"/_emulator/files/{world.base}"
    assert api.exchange("GET", f"{area}/a.csv", api.headers).content == b"own"
    assert api.exchange("DELETE", f"{area}/a.csv", api.headers).status == 204
    assert api.exchange("GET", f"{area}/a.csv", api.headers).content == b"of the folder"
    assert api.exchange("DELETE", f"{area}/a.csv", api.headers).status == 404
    query = urlencode({"objectType": "root"})
    shown = api.ok("GET", f"{FLOW_SERVICE}/connections/{world.base}/explore?{query}")
    assert [item["path"] for item in shown] == ["/a.csv", "/c.csv", "/deep/"]


def test_nothing_leads_out_of_the_folder(api: AepClient, world: World, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name} outside"
    write(outside, "secret.csv")
    write(tmp_path, "azure-blob/a.csv")
    folder = tmp_path / "azure-blob"
    (folder / "link.csv").symlink_to(outside / "secret.csv")
    (folder / "linked").symlink_to(outside)
    (folder / "inside.csv").symlink_to(folder / "a.csv")
    assert paths(api, world.base) == ["a.csv", "inside.csv"]
    for path in ("link.csv", "linked/secret.csv", "../../secret.csv", "a/../../secret.csv"):
        area = f"/_emulator/files/{world.base}/{path}"
        assert api.exchange("GET", area, api.headers).status == 404
    (tmp_path / "Linked").symlink_to(outside)
    for name in ("..", "Linked", "azure-blob/../.."):
        body = base_connection(name=name)
        id = api.ok("POST", f"{FLOW_SERVICE}/connections", body)["id"]
        assert paths(api, id) == ["a.csv", "inside.csv"]


def test_a_folder_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is not a folder"):
        create_emulator(Settings(files=tmp_path / "nowhere"))


def test_the_command_lists_connections_and_files(
    emulator: Emulator, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{server.port}"
    api = aep_for(emulator)
    id = api.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    put(api, id, "leads/a.tsv")
    flags = ["--url", url, "--organization", ORGANIZATION]
    assert main(["files", *flags]) == 0
    said = capsys.readouterr().out.splitlines()
    blob = f"{id} Blob: 1 files, {len(LEADS)} bytes (the emulator's own)"
    assert said[0].split() == blob.split()
    assert said[1].split()[:4] == ["dlz-user-container", "dlz-user-container:", "0", "files,"]
    assert main(["files", "ls", id, *flags]) == 0
    assert capsys.readouterr().out.split() == [str(len(LEADS)), "leads/a.tsv"]
