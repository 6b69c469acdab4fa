"""Who connects to a database, what its errors say, and what the start says of drivers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.databases import Credentials, credentials_of
from emulator.databases.errors import one_line
from emulator.json_types import JsonObject


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, Credentials()),
        (
            {"username": "u", "password": "p", "database": "d", "server": "s"},
            Credentials("u", "p", "d"),
        ),
        (
            {"connectionString": "Server=s;Database=d;Port=5432;UID=u;Password=p=;SSLMode=require"},
            Credentials("u", "p=", "d"),
        ),
        (
            {"connectionString": "Data Source=s;Initial Catalog=d;User ID=u;Password='a;b'"},
            Credentials("u", "a;b", "d"),
        ),
        (
            {"connectionString": "UID=u;PWD=p", "password": "counts more"},
            Credentials("u", "counts more", ""),
        ),
        ({"password": 5, "connectionString": None}, Credentials()),
        ({"connectionString": "=;;a=;UID"}, Credentials()),
    ],
)
def test_credentials_stand_in_params_or_a_connection_string(
    params: JsonObject, found: Credentials
) -> None:
    assert credentials_of(params) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FATAL:\n  no 'pass;word' fits", "FATAL: no '***' fits"),
        ("password=pass;word host=h", "password=*** host=h"),
        ("mysql://u:pass;word@h/d failed", "mysql://u:***@h/d failed"),
        ("xpass;words are others", "xpass;words are others"),
        ("", "ValueError"),
        ("x" * 500, "x" * 300 + "…"),
    ],
)
def test_an_error_is_one_line_without_the_password(text: str, said: str) -> None:
    assert one_line(ValueError(text), "pass;word") == said


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql+pymysql://u:secret@h/d", "mysql+pymysql needs pymysql, which is not installed"),
        ("snowflake://u:secret@h/d", "SQLAlchemy has no dialect snowflake that is installed"),
        ("postgresql+nothing://u:secret@h/d", "no dialect postgresql+nothing that is installed"),
    ],
)
def test_a_driver_that_is_missing_ends_the_start_with_a_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    reason: str,
) -> None:
    file = tmp_path / "storage.json"
    file.write_text(json.dumps({"endpoints": [{"for": {"host": "h"}, "url": url}]}))
    monkeypatch.setitem(sys.modules, "pymysql", None)
    assert main(["serve", "--storage", str(file), "--port", "0"]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert reason in said[-1]
    assert "secret" not in "".join(said)
