"""Exploring connections and the landing zone: lists, structures, previews, and every refusal."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient, Response
from tests.bodies import BLOB, FLOW_SERVICE, ORGANIZATION, base_connection
from tests.files import LEADS, put

LANDING_ZONE = "26f526f2-58f4-4712-961d-e41bf1ccc0e8"
CONTAINER = "dlz-user-container"
MYSQL = "26d738e0-8963-47ea-aadf-c60de735468a"
STREAMING = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DAY = 24 * 3600


@pytest.fixture
def base(api: AepClient) -> str:
    """A storage with two files and a folder."""
    id: str = api.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    put(api, id, "leads/2020/a.tsv")
    put(
        api,
        id,
        "leads/b.json",
        b'{"id": 1, "name": {"first": "Ada"}, "tags": ["a"]}\n{"id": 2.5}\n',
    )
    put(api, id, "c.csv", b"a;b\n1;2\n")
    return id


@pytest.fixture
def database(api: AepClient) -> str:
    """A database with two tables."""
    auth = {
        "specName": "Connection String Based Authentication",
        "params": {"connectionString": "Server=a;Database=b"},
    }
    spec = {"id": MYSQL, "version": "1.0"}
    id: str = api.ok(
        "POST", f"{FLOW_SERVICE}/connections", base_connection(auth=auth, connectionSpec=spec)
    )["id"]
    orders = b"id,price,placed,note\n1,2.50,2020-09-13T12:00:00Z,\n2,3.75,2020-09-14T12:00:00Z,x\n"
    put(api, id, "sales/orders.csv", orders)
    put(api, id, "people.json", b'{"id": 1, "adult": true}')
    return id


def url(id: str, kind: str = "connections", **query: Any) -> str:
    return f"{FLOW_SERVICE}/{kind}/{id}/explore?{urlencode(query)}"


def explore(api: AepClient, id: str, **query: Any) -> Any:
    return api.ok("GET", url(id, **query))


def zone(api: AepClient, **query: Any) -> Any:
    return api.ok("GET", url(LANDING_ZONE, "connectionSpecs", **query))


def names(columns: list[dict[str, Any]]) -> list[str]:
    return [column["name"] for column in columns]


# Files by the control API


def test_files_are_put_listed_read_and_deleted(api: AepClient, base: str) -> None:
    place = f"/_emulator/files/{base}"
    listed = api.ok("GET", place)["files"]
    assert [file["path"] for file in listed] == ["c.csv", "leads/2020/a.tsv", "leads/b.json"]
    assert listed[0] == {
        "container": base,
        "path": "c.csv",
        "size": 8,
        "modified": 1_600_000_000_000,
    }
    assert api.send("GET", f"{place}/leads/2020/a.tsv", api.headers, None)[2] == LEADS
    assert put(api, base, "c.csv", b"a\n").status == 200
    assert put(api, base, "d.csv", b"a\n").status == 201
    deleted = [api.send("DELETE", f"{place}/c.csv", api.headers, None)[0] for _ in range(2)]
    assert deleted == [204, 404]
    assert api.send("GET", f"{place}/c.csv", api.headers, None)[0] == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_files_belong_to_a_sandbox(api: AepClient, base: str, method: str) -> None:
    def call(query: str, headers: dict[str, str]) -> int:
        path = f"/_emulator/files/{base}/c.csv{query}"
        return api.send(method, path, headers, b"a" if method == "PUT" else None)[0]

    assert call("", {}) == 400
    if method != "PUT":
        assert call(f"?organization={ORGANIZATION}&sandbox=dev", {}) == 404
    assert call(f"?organization={ORGANIZATION}&sandbox=prod", {}) < 300


def test_files_have_a_limit(make: Callable[..., AepClient]) -> None:
    small = make(max_upload=4)
    path = "/_emulator/files/a/b.csv"
    assert small.send("PUT", path, small.headers, b"12345")[0] == 413
    assert small.send("PUT", path, small.headers, b"1234")[0] == 201
    assert small.ok("GET", "/_emulator/files/a")["files"][0]["size"] == 4


def test_a_reset_takes_the_files_along(api: AepClient, base: str) -> None:
    api.exchange("POST", "/_emulator/reset", {})
    assert api.ok("GET", f"/_emulator/files/{base}")["files"] == []


# Folders


def test_the_root_lists_files_and_folders(api: AepClient, base: str) -> None:
    assert explore(api, base, objectType="root") == [
        {
            "type": "file",
            "name": "c.csv",
            "path": "/c.csv",
            "canPreview": True,
            "canFetchSchema": True,
        },
        {
            "type": "folder",
            "name": "leads",
            "path": "/leads/",
            "canPreview": False,
            "canFetchSchema": False,
        },
    ]


def test_a_folder_lists_what_is_right_below_it(api: AepClient, base: str) -> None:
    for path in ("/leads/", "leads", "//leads"):
        found = explore(api, base, objectType="FOLDER", object=path)
        assert [item["path"] for item in found] == ["/leads/b.json", "/leads/2020/"]
    assert names(explore(api, base, objectType="folder", object="root")) == ["c.csv", "leads"]


def test_the_documents_of_2020_show_less(api: AepClient, base: str) -> None:
    listed = url(base, objectType="root")
    edition = {"x_emulator_edition": "2020-09"}
    assert api.ok("GET", listed, headers=edition)[1] == {
        "type": "Folder",
        "name": "leads",
        "path": "/leads/",
    }
    shown = url(base, objectType="FILE", object="c.csv", fileType="DELIMITED", columnDelimiter=";")
    assert api.ok("GET", shown, headers=edition) == [
        {"name": "a", "type": "String"},
        {"name": "b", "type": "String"},
    ]
    shown = url(base, objectType="file", object="leads/b.json", fileType="json")
    assert api.ok("GET", shown, headers=edition)[1] == {"name": "name", "type": "Object"}


# Files


def test_a_delimited_file_has_text_columns_and_rows_on_demand(api: AepClient, base: str) -> None:
    query = {"objectType": "file", "object": "/leads/2020/a.tsv", "fileType": "delimited"}
    shown = explore(api, base, columnDelimiter="\t", **query)
    assert shown["format"] == "flat"
    assert "data" not in shown
    assert shown["schema"]["columns"][0] == {
        "name": "Id",
        "type": "string",
        "xdm": {"type": "string"},
    }
    for preview, tab in (("true", "\t"), ("True", "\\t")):
        shown = explore(api, base, columnDelimiter=tab, preview=preview, **query)
        assert shown["data"][1] == {"Id": "2", "FirstName": "Alan", "LastName": "Turing"}


def test_a_json_file_has_a_schema(api: AepClient, base: str) -> None:
    shown = explore(api, base, objectType="file", object="leads/b.json", fileType="JSON")
    assert shown["format"] == "hierarchical"
    assert shown["schema"]["properties"] == {
        "id": {"type": "number"},
        "name": {"type": "object", "properties": {"first": {"type": "string"}}},
        "tags": {"type": "array", "items": {"type": "string"}},
    }


def test_a_preview_has_a_hundred_rows(api: AepClient, base: str) -> None:
    put(api, base, "long.csv", b"n\n" + b"".join(b"%d\n" % n for n in range(250)))
    query = {"objectType": "file", "object": "long.csv", "fileType": "delimited"}
    assert len(explore(api, base, preview="true", **query)["data"]) == 100


def test_an_encoding_is_minded(api: AepClient, base: str) -> None:
    put(api, base, "latin.csv", "naïve\né\n".encode("latin-1"))
    query = {"objectType": "file", "object": "latin.csv", "fileType": "delimited"}
    shown = explore(api, base, preview="true", encoding="ISO-8859-1", **query)
    assert shown["data"] == [{"naïve": "é"}]


def tarred(content: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("inside.csv")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "properties"),
    [
        (b"a,b\n1,2\n", {"fileType": "delimited", "columnDelimiter": ","}),
        (b"a;b\n1;2\n", {"fileType": "delimited", "columnDelimiter": ";"}),
        (b"a\n1\n", {"fileType": "delimited", "columnDelimiter": ","}),
        (b'[{"a": "1", "b": "2"}]', {"fileType": "json"}),
        (
            gzip.compress(b"a|b\n1|2\n", mtime=0),
            {"fileType": "delimited", "compressionType": "gzip", "columnDelimiter": "|"},
        ),
        (
            tarred(b"a~b\n1~2\n"),
            {"fileType": "delimited", "compressionType": "tarGzip", "columnDelimiter": "~"},
        ),
    ],
)
def test_properties_are_determined(
    api: AepClient, content: bytes, properties: dict[str, str]
) -> None:
    put(api, CONTAINER, "f", content)
    shown = zone(
        api, objectType="file", object=f"{CONTAINER}/f", determineProperties="true", preview="true"
    )
    assert shown["properties"] == properties
    assert shown["data"][0]["a"] == "1"


# The landing zone


def test_the_landing_zone_is_explored_by_its_spec(api: AepClient) -> None:
    put(api, CONTAINER, "account.csv", b"Id\n1\n")
    put(api, CONTAINER, "userdata1/b.csv", b"Id\n1\n")
    listed = zone(api, objectType="root")
    assert [item["path"] for item in listed] == [
        f"{CONTAINER}/account.csv",
        f"{CONTAINER}/userdata1/",
    ]
    path = url(LANDING_ZONE, "connectionSpecs", objectType="root")
    assert api.ok("GET", path, x_emulator_edition="2020-03") == listed
    below = zone(api, objectType="folder", object=listed[1]["path"])
    assert names(below) == ["b.csv"]
    for path in ("account.csv", listed[0]["path"]):
        shown = zone(api, objectType="file", object=path, FILE_TYPE="delimited")
        assert shown["properties"] == {"fileType": "delimited", "columnDelimiter": ","}
        assert names(shown["schema"]["columns"]) == ["Id"]


def test_the_landing_zone_forgets_after_seven_days(api: AepClient, clock: ManualClock) -> None:
    put(api, CONTAINER, "a.csv")
    clock.advance(7 * DAY)
    assert names(zone(api, objectType="root")) == ["a.csv"]
    clock.advance(1)
    assert zone(api, objectType="root") == []
    assert api.ok("GET", f"/_emulator/files/{CONTAINER}")["files"] == []


# Tables


def test_a_database_lists_tables(api: AepClient, database: str) -> None:
    listed = explore(api, database, objectType="root")
    assert [(item["type"], item["name"], item["path"]) for item in listed] == [
        ("table", "people", "people"),
        ("table", "orders", "sales.orders"),
    ]


def test_a_table_has_typed_columns(api: AepClient, database: str) -> None:
    shown = explore(api, database, objectType="table", object="sales.orders", preview="true")
    assert shown["schema"]["columns"] == [
        {"name": "id", "type": "integer", "xdm": {"type": "integer"}},
        {"name": "price", "type": "number", "xdm": {"type": "number"}},
        {
            "name": "placed",
            "type": "string",
            "meta:xdmType": "date-time",
            "xdm": {"type": "string", "format": "date-time"},
        },
        {"name": "note", "type": "string", "xdm": {"type": "string"}},
    ]
    assert shown["data"][0]["placed"] == "2020-09-13T12:00:00Z"
    shown = explore(api, database, objectType="table", object="people")
    assert [column["type"] for column in shown["schema"]["columns"]] == ["integer", "boolean"]


# Refusals


def refused(answer: Response) -> tuple[int, str]:
    return answer.status, answer.rule.rpartition(".")[2]


@pytest.mark.parametrize(
    ("query", "status", "rule"),
    [
        ({"objectType": "table", "object": "a"}, 400, "object_type_fits_the_source"),
        ({"objectType": "folder", "object": "/nowhere"}, 404, "object_exists"),
        ({"objectType": "file", "object": "x.csv", "fileType": "delimited"}, 404, "object_exists"),
        ({"objectType": "file", "object": "leads", "fileType": "delimited"}, 404, "object_exists"),
        (
            {
                "objectType": "file",
                "object": "c.csv",
                "fileType": "delimited",
                "compressionType": "gzip",
            },
            400,
            "object_can_be_read",
        ),
    ],
)
def test_wrong_explorations_are_refused(
    api: AepClient, base: str, query: dict[str, str], status: int, rule: str
) -> None:
    assert refused(api.call("GET", url(base, **query))) == (status, rule)


def test_an_empty_file_cannot_be_shown(api: AepClient, base: str) -> None:
    put(api, base, "empty.csv", b"")
    answer = api.call("GET", url(base, objectType="file", object="empty.csv", fileType="delimited"))
    assert refused(answer) == (400, "object_can_be_read")
    assert "empty" in answer.json["detail"]


def test_a_slip_in_a_name_is_remarked_on(api: AepClient, base: str) -> None:
    answer = api.call("GET", url(base, objectType="root", ileType="delimited"))
    assert answer.status == 200
    assert answer.warnings == ["flow_service.explore_connection.parameters_are_known"]


def test_tables_are_no_files(api: AepClient, database: str) -> None:
    query = {"objectType": "file", "object": "people.json", "fileType": "json"}
    assert refused(api.call("GET", url(database, **query))) == (400, "object_type_fits_the_source")
    answer = api.call("GET", url(database, objectType="table", object="nothing"))
    assert refused(answer) == (404, "object_exists")


def test_what_is_not_there_is_not_explored(api: AepClient) -> None:
    answer = api.call("GET", url("a", objectType="root"))
    assert refused(answer) == (404, "connection_exists")
    answer = api.call("GET", url("a", "connectionSpecs", objectType="root"))
    assert refused(answer) == (404, "spec_exists")
    answer = api.call("GET", url(BLOB, "connectionSpecs", objectType="root"))
    assert refused(answer) == (400, "spec_needs_no_connection")


def test_streaming_sources_are_not_explored(api: AepClient) -> None:
    auth = {
        "specName": "Streaming Connection",
        "params": {"sourceId": "a", "dataType": "xdm", "name": "a"},
    }
    body = base_connection(auth=auth, connectionSpec={"id": STREAMING, "version": "1.0"})
    id = api.ok("POST", f"{FLOW_SERVICE}/connections", body)["id"]
    answer = api.call("GET", url(id, objectType="root"))
    assert refused(answer) == (501, "source_is_explored")


def test_files_of_another_sandbox_are_not_reached(api: AepClient, base: str) -> None:
    put(api, CONTAINER, "a.csv")
    dev = {"x_sandbox_name": "dev"}
    assert api.ok("GET", url(LANDING_ZONE, "connectionSpecs", objectType="root"), headers=dev) == []
    assert api.call("GET", url(base, objectType="root"), headers=dev).status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"objectType": "file", "object": "c.csv"},
        {"objectType": "file", "object": "c.csv", "fileType": "xml", "columnDelimiter": "::"},
        {"objectType": "file", "object": "c.csv", "compressionType": "rar", "encoding": "none"},
        {"objectType": "file", "object": "c.csv", "fileType": "delimited", "encoding": "utf-16"},
        {"objectType": "root", "preview": "maybe"},
    ],
)
def test_an_observed_exploration_never_fails(
    make: Callable[..., AepClient], query: dict[str, str]
) -> None:
    observed = make(enforce="observe")
    id = observed.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    put(observed, id, "c.csv", b"a;b\n1;2\n")
    assert observed.call("GET", url(id, **query)).status in (200, 400)
