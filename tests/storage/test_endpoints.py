from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.cli import main
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.settings import Settings
from emulator.storage import Endpoints, StorageFileError, read_endpoints
from emulator.storage.endpoints import hosts_of

S3: JsonObject = {"id": "ecadc60c", "name": "amazon-s3"}


def written(folder: Path, *entries: JsonObject) -> Path:
    path = folder / "storage.json"
    path.write_text(json.dumps({"endpoints": entries}))
    return path


def entry(url: str, **named: str) -> JsonObject:
    return {"for": named, "url": url}


@pytest.fixture
def endpoints(tmp_path: Path) -> Endpoints:
    return read_endpoints(
        written(
            tmp_path,
            entry("s3://of-spec", connectionSpec="amazon-s3"),
            entry("s3://of-host", host="Minio.internal"),
            entry("s3://of-connection", connection="mine"),
            entry("sftp://sftp.internal:22", connectionSpec="b7bf2577"),
            entry("postgresql+psycopg://u:p@db.internal/aep", host="db.internal"),
        )
    )


@pytest.mark.parametrize(
    ("connection", "spec", "url"),
    [
        ({"id": "c1", "name": "other"}, S3, "s3://of-spec"),
        ({}, {"id": "x", "x-emulator": {"aliasOf": "b7bf2577"}}, "sftp://sftp.internal:22"),
        ({"id": "c1", "name": "mine"}, S3, "s3://of-connection"),
        ({"id": "mine"}, S3, "s3://of-connection"),
        (
            {"auth": {"params": {"serviceUrl": "http://minio.internal:9000"}}},
            S3,
            "s3://of-host",
        ),
        ({"auth": {"params": {"host": "elsewhere"}}}, {"id": "y", "name": "sftp"}, None),
    ],
)
def test_the_most_exact_entry_counts(
    endpoints: Endpoints, connection: JsonObject, spec: JsonObject, url: str | None
) -> None:
    found = endpoints.of(connection, spec)
    assert (found.url if found else None) == url


@pytest.mark.parametrize(
    ("params", "hosts"),
    [
        ({"host": "SFTP.internal", "userName": "host"}, ["sftp.internal"]),
        ({"host": "sftp.internal:2222"}, ["sftp.internal"]),
        ({"connectionString": "Server=tcp:db.internal,1433;Database=d"}, ["db.internal"]),
        ({"connectionString": "BlobEndpoint=http://azurite:10000/a;AccountName=a"}, ["azurite"]),
        ({"sasUri": "https://a.blob.core.windows.net/c?sig=x"}, ["a.blob.core.windows.net"]),
        ({"url": "http://[::1"}, []),
        ({"password": "db.internal", "port": 22}, []),
    ],
)
def test_hosts_stand_in_params_urls_and_connection_strings(
    params: JsonObject, hosts: list[str]
) -> None:
    assert list(hosts_of(params)) == hosts


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("{", ["is not JSON"]),
        ("[]", ["the file: Input should be a valid dictionary"]),
        ('{"endpoints": []}', ["endpoints: List should have at least 1 item"]),
        (
            json.dumps(
                {
                    "endpoints": [
                        {"for": {}, "url": "s3://"},
                        {"for": {"host": "a", "connection": "b"}, "url": "s3://"},
                        {"for": {"host": "a"}, "url": "gopher://a"},
                        {"for": {"host": "a"}, "url": "sftp:///a"},
                        {"for": {"host": "a"}, "url": "s3://b?x=y", "more": 1},
                    ]
                }
            ),
            [
                "endpoints.0.for: expected one of connectionSpec, connection, host",
                "endpoints.1.for: expected one of",
                "endpoints.2.url: it is not a URL that begins with one of file, s3,",
                "endpoints.3.url: a URL of sftp has a host",
                "endpoints.4.url: a URL of files has neither query nor fragment",
                "endpoints.4.more: Extra inputs are not permitted",
            ],
        ),
        (
            json.dumps({"endpoints": [entry("s3://", host="a"), entry("s3://b", host="a")]}),
            ["host 'a' has two entries"],
        ),
    ],
)
def test_a_mistake_is_refused_at_the_start_with_a_line_for_each(
    content: str, lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "storage.json"
    path.write_text(content)
    assert main(["serve", "--storage", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(lines)
    for line, expected in zip(said, lines, strict=True):
        assert expected in line
        assert str(path) in line


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageFileError, match="cannot be read: No such file"):
        create_emulator(Settings(storage=tmp_path / "nowhere.json"))


def test_what_is_shown_of_an_endpoint_has_no_password(endpoints: Endpoints) -> None:
    found = endpoints.entries[-1]
    assert found.shown == "postgresql+psycopg://db.internal/aep"
    assert "u:p" not in repr(found)
    assert not found.is_files
    assert found.scheme == "postgresql"


def test_without_a_file_nothing_leads_anywhere() -> None:
    emulator = create_emulator()
    assert not emulator.platform.endpoints
    assert emulator.platform.endpoints.of({"id": "mine"}, S3) is None


def test_isolated_emulators_have_the_same_endpoints(tmp_path: Path) -> None:
    emulator = create_emulator(Settings(storage=written(tmp_path, entry("memory://x", host="a"))))
    isolated = emulator.isolated("one")
    assert isinstance(isolated, Emulator)
    assert isolated.platform.endpoints is emulator.platform.endpoints
