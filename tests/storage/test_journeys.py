"""From a connection to rows in a data set, over storages that are really there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from emulator.clock import SystemClock
from emulator.json_types import JsonObject
from emulator.storage import Endpoint
from emulator.storage.base import Place
from emulator.storage.drivers import open_place
from emulator.storage.kept import KeptDrivers
from emulator.testing.client import AepClient, Response
from tests.bodies import (
    CONNECTORS,
    FLOW_SERVICE,
    World,
    base_connection,
    flow,
    make_world,
    source_connection,
)
from tests.emulators import aep_for, new_emulator
from tests.files import LEADS
from tests.services.test_landing_zone_storage import ZONE as LANDING_ZONE_SPEC
from tests.services.test_landing_zone_storage import Storage as Zone
from tests.storage.servers import AZURE_KEY, Reached, dead_entry

MORE = b"Id\tFirstName\tLastName\n3\tGrace\tHopper\n"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
ACCOUNT = {"account_name": "devstoreaccount1", "account_key": AZURE_KEY}


KEPT = KeptDrivers()
"""Of what the tests themselves put into storages."""


class Storage:
    """An emulator whose connections of one spec lead to a storage."""

    def __init__(self, reached: Reached, file: Path) -> None:
        entry = {"for": {"connectionSpec": reached.spec}, **reached.entry}
        file.write_text(json.dumps({"endpoints": [entry]}))
        self.emulator = new_emulator(SystemClock(), storage=file)
        self.api = aep_for(self.emulator)
        self.spec = self._spec_id(reached.spec)
        self.reached = reached
        self.place: Place = open_place(
            Endpoint("connectionSpec", reached.spec, entry["url"], entry["options"]),
            reached.auth.get("params", {}),
            drivers=KEPT,
        )

    def _spec_id(self, name: str) -> str:
        specs = self.emulator.platform.fixtures.edition("").all("connection_specs")
        return str(next(spec["id"] for spec in specs if spec["name"] == name))

    def put(self, name: str, content: bytes) -> None:
        self.place.put(self.below(name), content)

    def below(self, name: str) -> str:
        return f"{self.reached.folder}/journey/{name}".lstrip("/")

    def connection(self, auth: JsonObject) -> str:
        body = base_connection(auth=auth, connectionSpec={"id": self.spec, "version": "1.0"})
        return str(self.api.ok("POST", CONNECTIONS, body)["id"])

    def flow(self, auth: JsonObject, name: str = "*.tsv") -> str:
        """Return a flow that reads the files of a name."""
        world: World = make_world(self.api)
        source = source_connection(
            self.connection(auth),
            params={"path": f"/{self.below(name)}"},
            connectionSpec={"id": self.spec, "version": "1.0"},
        )
        world.source = self.api.ok("POST", f"{FLOW_SERVICE}/sourceConnections", source)["id"]
        schedule = {"startTime": str(2**31), "frequency": "once"}
        made = self.api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))
        self.dataset = world.dataset
        return str(made["id"])

    def run(self, flow_id: str) -> dict[str, Any]:
        id = self.api.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})["id"]
        (found,) = self.api.ok("GET", f"{FLOW_SERVICE}/runs/{id}")["items"]
        return dict(found)

    def names(self) -> set[str]:
        path = f"/data/foundation/export/datasets/{self.dataset}/preview"
        return {row["person"]["name"]["firstName"] for row in self.api.ok("GET", path)["data"]}

    def explore(self, connection: str, kind: str, path: str = "", **more: str) -> Any:
        query = urlencode({"objectType": kind, **({"object": path} if path else {}), **more})
        return self.api.call("GET", f"{CONNECTIONS}/{connection}/explore?{query}")


@pytest.fixture
def storage(reached: Reached, tmp_path: Path) -> Iterator[Storage]:
    if reached.entry["url"].startswith("memory:"):
        pytest.skip("a folder is enough of what needs no server")
    made = Storage(reached, tmp_path / "storage.json")
    for entry in made.place.below(made.below("").rstrip("/")):
        made.place.delete(entry.path)
    made.put("a.tsv", LEADS)
    yield made
    made.place.close()
    made.emulator.close()


def code(answer: Response) -> str:
    return str(answer.json["type"]).partition("FLOW-")[2]


def read(run: dict[str, Any]) -> int:
    return int(run["metrics"]["recordSummary"]["inputRecordCount"])


def test_rows_arrive_and_a_later_file_is_read_by_the_next_run(storage: Storage) -> None:
    flow_id = storage.flow(storage.reached.auth)
    first = storage.run(flow_id)
    assert first["state"] == "success", first["activities"]
    assert read(first) == 2
    assert storage.names() == {"Ada", "Alan"}
    assert read(storage.run(flow_id)) == 0
    storage.put("b.tsv", MORE)
    assert read(storage.run(flow_id)) == 1
    assert storage.names() == {"Ada", "Alan", "Grace"}
    assert read(storage.run(flow_id)) == 0


def test_it_is_explored(storage: Storage) -> None:
    connection = storage.connection(storage.reached.auth)
    folder = storage.explore(connection, "folder", f"/{storage.below('').rstrip('/')}")
    assert folder.json == [
        {
            "type": "file",
            "name": "a.tsv",
            "path": f"/{storage.below('a.tsv')}",
            "canPreview": True,
            "canFetchSchema": True,
        }
    ]
    asked = {"preview": "true", "determineProperties": "true"}
    shown = storage.explore(connection, "file", f"/{storage.below('a.tsv')}", **asked)
    assert [row["FirstName"] for row in shown.json["data"]] == ["Ada", "Alan"]
    missing = storage.explore(connection, "file", f"/{storage.below('none.tsv')}", **asked)
    assert (missing.status, code(missing)) == (404, "1101-404")
    root = storage.explore(connection, "root")
    assert root.status == 200
    assert root.json


def test_a_connection_is_tested_for_what_it_is(storage: Storage) -> None:
    connection = storage.connection(storage.reached.auth)
    assert storage.api.ok("GET", f"{CONNECTIONS}/{connection}/test") == {"result": True}


def test_a_wrong_secret_is_refused_everywhere_and_told_nowhere(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    if storage.reached.wrong is None:
        pytest.skip("it asks nobody for credentials")
    secret = _secret(storage.reached.wrong)
    caplog.set_level("DEBUG")
    flow_id = storage.flow(storage.reached.wrong)
    run = storage.run(flow_id)
    assert run["state"] == "failed"
    (error,) = run["metrics"]["statusSummary"]["errors"]
    assert error["code"] == "CONNECTOR-2001-500"
    assert "refuses the credentials" in error["message"]
    base = _base_of(storage, flow_id)
    assert storage.api.ok("GET", f"{CONNECTIONS}/{base}/test") == {"result": False}
    refused = storage.explore(base, "root")
    assert (refused.status, code(refused)) == (400, "1100-400")
    assert refused.rule.endswith("storage_answers")
    told = storage.api.exchange("GET", "/_emulator/journal", {}).content.decode()
    for text in (refused.content.decode(), json.dumps(run), caplog.text, told):
        assert secret not in text


def _secret(auth: JsonObject) -> str:
    params = auth["params"]
    return str(params.get("s3SecretKey") or params.get("password") or "d3Jvbmc=")


def test_a_failed_run_leaves_its_files_to_the_next(reached: Reached, storage: Storage) -> None:
    if reached.wrong is None:
        pytest.skip("it asks nobody for credentials")
    flow_id = storage.flow(reached.wrong)
    assert storage.run(flow_id)["state"] == "failed"
    base = _base_of(storage, flow_id)
    etag = storage.api.ok("GET", f"{CONNECTIONS}/{base}")["items"][0]["etag"]
    patch = [{"op": "replace", "path": "/auth/params", "value": reached.auth["params"]}]
    storage.api.ok("PATCH", f"{CONNECTIONS}/{base}", patch, If_Match=etag)
    assert read(storage.run(flow_id)) == 2


def _base_of(storage: Storage, flow_id: str) -> str:
    (made,) = storage.api.ok("GET", f"{FLOW_SERVICE}/flows/{flow_id}")["items"]
    (source,) = storage.api.ok(
        "GET", f"{FLOW_SERVICE}/sourceConnections/{made['sourceConnectionIds'][0]}"
    )["items"]
    return str(source["baseConnectionId"])


def test_a_bucket_that_is_not_there_fails_the_run(storage: Storage) -> None:
    if not storage.reached.folder:
        pytest.skip("it has no buckets")
    storage.reached = storage.reached._replace(folder="no-such-bucket")
    run = storage.run(storage.flow(storage.reached.auth))
    assert run["state"] == "failed"
    connection = storage.connection(storage.reached.auth)
    answer = storage.explore(connection, "folder", "/no-such-bucket")
    assert (answer.status, code(answer)) == (404, "1101-404")


def test_nobody_listens(tmp_path: Path) -> None:
    pytest.importorskip("s3fs", reason="needs the extra storage")
    auth = {"specName": "Access Key", "params": {"s3AccessKey": "a", "s3SecretKey": "b"}}
    storage = Storage(Reached("amazon-s3", dead_entry(), auth, None, ""), tmp_path / "s.json")
    connection = storage.connection(auth)
    assert storage.api.ok("GET", f"{CONNECTIONS}/{connection}/test") == {"result": False}
    answer = storage.explore(connection, "folder", "/data")
    assert (answer.status, code(answer)) == (400, "1100-400")
    assert storage.run(storage.flow(auth))["state"] == "failed"


def test_what_no_entry_names_has_the_emulator_s_own_files(tmp_path: Path) -> None:
    storage = Storage(
        Reached("ftp", {"url": "memory://", "options": {}}, {}, None, ""), tmp_path / "s"
    )
    api: AepClient = storage.api
    base = api.ok("POST", CONNECTIONS, base_connection())["id"]
    assert storage.explore(base, "root").json == []
    assert api.ok("GET", f"{CONNECTIONS}/{base}/test") == {"result": True}


class _Pages(SimpleHTTPRequestHandler):
    """A folder as pages with links. `tells` is the header that tells versions, if there is one."""

    tells = ""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_header(self, keyword: str, value: str) -> None:
        if keyword != "Last-Modified" or self.tells == keyword:
            super().send_header(keyword, value)

    def end_headers(self) -> None:
        place = Path(self.translate_path(self.path))
        if self.tells == "ETag" and place.is_file():
            self.send_header("ETag", f'"{hash(place.read_bytes())}"')
        super().end_headers()


@pytest.mark.parametrize("tells", ["ETag", "Last-Modified", "size"])
def test_a_file_that_is_replaced_on_a_page_is_read_again(tells: str, tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="needs the extra storage")
    folder = tmp_path / "served"
    (folder / "journey").mkdir(parents=True)
    handler = partial(type("Handler", (_Pages,), {"tells": tells}), directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        entry = {"url": f"http://127.0.0.1:{server.server_port}", "options": {}}
        auth = {"specName": "ConnectionString", "params": {"connectionString": "a"}}
        storage = Storage(Reached("azure-blob", entry, auth, None, ""), tmp_path / "storage.json")
        file = folder / "journey" / "a.tsv"
        file.write_bytes(LEADS)
        flow_id = storage.flow(auth)
        assert [read(storage.run(flow_id)) for _ in range(2)] == [2, 0]
        file.write_bytes(MORE if tells == "size" else LEADS.replace(b"Ada", b"Eve"))
        if tells == "Last-Modified":  # a copy keeps the time of its original
            os.utime(file, (1_000_000_000, 1_000_000_000))
        (folder / "journey" / "b.tsv").write_bytes(MORE)
        assert read(storage.run(flow_id)) == (2 if tells == "size" else 3)
        assert read(storage.run(flow_id)) == 0
        server.shutdown()
        storage.emulator.close()


def test_the_landing_zone_lies_in_a_container(reached: Reached, tmp_path: Path) -> None:
    if reached.spec != "azure-blob":
        pytest.skip("the landing zone is a container of Azure")
    url = reached.entry["url"].rstrip("/")
    url = f"{url}//{reached.folder}/zone" if url == "az:" else f"{url}/zone"
    options = dict(reached.entry["options"])
    if options:
        options |= ACCOUNT
    place = open_place(Endpoint("connectionSpec", "landing-zone", url, options), {})
    file = tmp_path / "storage.json"
    entry = {"for": {"connectionSpec": "landing-zone"}, "url": url, "options": options}
    file.write_text(json.dumps({"endpoints": [entry]}))
    emulator = new_emulator(SystemClock(), storage=file)
    api = aep_for(emulator)
    zone = Zone(api)
    assert zone.put("leads/a.tsv", LEADS)[0] == 201
    assert place.open("leads/a.tsv").read() == LEADS
    for block, part in (("MQ==", MORE[:20]), ("Mg==", MORE[20:])):
        assert zone("PUT", f"b.tsv?comp=block&blockid={block}", part)[0] == 201
    blocks = b"<BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>"
    assert zone("PUT", "b.tsv?comp=blocklist", blocks)[0] == 201
    assert zone("GET", "b.tsv")[2] == MORE
    assert zone("GET", "b.tsv", Range="bytes=0-1")[2] == MORE[:2]
    place.put("leads/c.tsv", MORE)
    listed = zone("GET", "?restype=container&comp=list")[2].decode()
    assert [name for name in ("b.tsv", "leads/a.tsv", "leads/c.tsv") if name in listed] == [
        "b.tsv",
        "leads/a.tsv",
        "leads/c.tsv",
    ]
    spec = f"{FLOW_SERVICE}/connectionSpecs/{LANDING_ZONE_SPEC}/explore?objectType=folder"
    shown = api.ok("GET", f"{spec}&object=dlz-user-container/leads")
    assert [item["name"] for item in shown] == ["a.tsv", "c.tsv"]
    world = make_world(api)
    source = source_connection(
        "", params={"path": "dlz-user-container/leads/*.tsv"}, connectionSpec=_spec_of_zone()
    )
    del source["baseConnectionId"]
    world.source = api.ok("POST", f"{FLOW_SERVICE}/sourceConnections", source)["id"]
    schedule = {"startTime": str(2**31), "frequency": "once"}
    made = api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))
    run = api.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": made["id"]})["id"]
    assert read(api.ok("GET", f"{FLOW_SERVICE}/runs/{run}")["items"][0]) == 3
    assert zone("DELETE", "b.tsv")[0] == 202
    assert place.find("b.tsv") is None
    emulator.close()


def test_the_uri_of_the_credentials_alone_opens_the_container(
    reached: Reached, tmp_path: Path
) -> None:
    address = reached.entry["options"].get("blob_endpoint")
    if address is None:
        pytest.skip("only Azurite has containers with signatures")
    outside = address.replace("127.0.0.1", "localhost")
    options = {"blob_endpoint": address, "public_endpoint": outside, **ACCOUNT}
    make_container("dlz-user-container", address)
    file = tmp_path / "storage.json"
    entry = {"for": {"connectionSpec": "landing-zone"}, "url": "az://dlz-user-container"}
    file.write_text(json.dumps({"endpoints": [{**entry, "options": options}]}))
    emulator = new_emulator(SystemClock(), storage=file)
    api = aep_for(emulator)
    path = f"{CONNECTORS}/landingzone/credentials?type=user_drop_zone"
    found = api.ok("GET", path)
    assert found["storageAccountName"] == ACCOUNT["account_name"]
    assert found["containerName"] == "dlz-user-container"
    assert found["SASUri"] == f"{outside}/dlz-user-container?{found['SASToken']}"
    assert upload(found["SASUri"], "leads/a.tsv", LEADS) == 201
    spec = f"{FLOW_SERVICE}/connectionSpecs/{LANDING_ZONE_SPEC}/explore?objectType=folder"
    shown = api.ok("GET", f"{spec}&object=leads")
    assert [item["path"] for item in shown] == ["dlz-user-container/leads/a.tsv"]
    with pytest.raises(HTTPError) as refused:
        upload(found["SASUri"].replace("sp=racwdlm", "sp=racwdl"), "leads/b.tsv", b"")
    assert refused.value.code == 403
    told = api.exchange("GET", "/_emulator/journal/1", {}).content.decode()
    assert "SASToken" in told
    assert found["SASToken"].rpartition("sig=")[2] not in told
    assert AZURE_KEY not in told
    emulator.close()


def make_container(name: str, address: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient(address, credential=AZURE_KEY) as client:
        client.create_container(name)


def upload(uri: str, name: str, content: bytes) -> int:
    """Put a blob as a client does that knows nothing but the URI of the credentials."""
    container, _, token = uri.partition("?")
    request = Request(f"{container}/{name}?{token}", data=content, method="PUT")
    request.add_header("x-ms-blob-type", "BlockBlob")
    with urlopen(request, timeout=10) as answer:
        return int(answer.status)


def _spec_of_zone() -> JsonObject:
    return {"id": LANDING_ZONE_SPEC, "version": "1.0"}
