"""Exploring real databases: their tables, structures and previews, whatever their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.bodies import base_connection
from tests.data_plane.test_row_filter import condition, pql
from tests.data_plane.test_runs import Plant
from tests.real_tables.made import Made, statements
from tests.real_tables.test_runs import encoded, explored, is_reached, plant_on

HOSTILE = [
    'a"b',
    "a'; DROP TABLE kept; --",
    "a%b %s %(x)s",
    ":bind ?",
    "a.b",
    "sélect",
    "SELECT",
    "a\\b",
    "a--b",
    "*",
    "a\tb",
]


def shown(plant: Plant, path: str, **query: str) -> Any:
    answer = explored(plant, objectType="table", object=quote(path), **query)
    assert answer.status == 200, answer.json
    return answer.json


def quoted(name: str, made: Made) -> str:
    doubled = name.replace('"', '""')
    return '"{}"'.format(doubled if made.is_sqlite else doubled.replace("%", "%%"))


@pytest.fixture
def plant(made: Made, tmp_path: Path) -> Plant:
    if made.is_sqlite:
        made.run(
            "CREATE TABLE orders (id BIGINT, small SMALLINT, price NUMERIC(8,2), share FLOAT,"
            " paid BOOLEAN, placed TIMESTAMP, day DATE, note VARCHAR(20), raw BLOB)",
            "INSERT INTO orders VALUES (9007199254740993, 1, 2.5, 0.5, 1,"
            " '2020-09-13 12:00:00', '2020-09-13', 'é', x'00ff'), (2, NULL, NULL, NULL, NULL,"
            " NULL, NULL, NULL, NULL)",
            "CREATE VIEW paid AS SELECT id FROM orders WHERE paid",
        )
    else:
        made.run(
            "CREATE SCHEMA sales",
            "CREATE TABLE orders (id BIGINT, small SMALLINT, price NUMERIC(8,2), share FLOAT,"
            " paid BOOLEAN, placed TIMESTAMPTZ, day DATE, note VARCHAR(20), raw BYTEA)",
            "INSERT INTO orders VALUES (9007199254740993, 1, 2.5, 0.5, true,"
            " '2020-09-13 14:00:00+02', '2020-09-13', 'é', '\\x00ff'),"
            " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            "CREATE VIEW sales.paid AS SELECT id FROM orders WHERE paid",
        )
    return plant_on(made.url, tmp_path)


def test_tables_and_views_are_listed_by_their_schemas(plant: Plant, made: Made) -> None:
    listed = explored(plant, objectType="root").json
    paths = ["orders", "paid"] if made.is_sqlite else ["public.orders", "sales.paid"]
    assert listed == [
        {"type": "table", "name": name, "path": path, "canPreview": True, "canFetchSchema": True}
        for name, path in zip(("orders", "paid"), paths, strict=True)
    ]
    for path in (*paths, "orders"):
        assert shown(plant, path)["schema"]["columns"][0]["name"] == "id"
    assert shown(plant, paths[1], preview="true")["data"] == [{"id": 9007199254740993}]


def test_a_table_has_the_types_of_its_columns(plant: Plant) -> None:
    columns = shown(plant, "orders")["schema"]["columns"]
    assert columns[0] == {
        "name": "id",
        "type": "long",
        "xdm": {"type": "integer", "minimum": -(2**53), "maximum": 2**53 - 1},
    }
    assert columns[5] == {
        "name": "placed",
        "type": "string",
        "meta:xdmType": "date-time",
        "xdm": {"type": "string", "format": "date-time"},
    }
    types = {column["name"]: column["type"] for column in columns}
    assert types["small"] in ("integer", "long")
    assert {name: types[name] for name in ("price", "share", "paid", "day", "note", "raw")} == {
        "price": "number",
        "share": "number",
        "paid": "boolean",
        "day": "string",
        "note": "string",
        "raw": "string",
    }
    assert columns[6]["xdm"] == {"type": "string", "format": "date"}


def test_a_preview_has_rows_as_json(plant: Plant) -> None:
    first, second = shown(plant, "orders", preview="true")["data"]
    assert first == {
        "id": 9007199254740993,
        "small": 1,
        "price": 2.5,
        "share": 0.5,
        "paid": True,
        "placed": "2020-09-13T12:00:00Z",
        "day": "2020-09-13",
        "note": "é",
        "raw": "AP8=",
    }
    assert second == {**dict.fromkeys(first), "id": 2}


def test_a_preview_shows_a_hundred_rows_of_those_that_pass(plant: Plant, made: Made) -> None:
    made.run(
        "CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 500) SELECT i FROM n"
    )
    with statements() as seen:
        assert len(shown(plant, "n", preview="true")["data"]) == 100
    assert "LIMIT" in seen[-1][0]
    filtered = encoded(pql(condition("I", ">", 450)))
    assert len(shown(plant, "n", preview="true", filters=filtered)["data"]) == 50
    missing = encoded(pql(condition("j", ">", 450)))
    answer = explored(plant, objectType="table", object="n", filters=missing)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "object_can_be_read")


def test_names_are_quoted(made: Made, tmp_path: Path) -> None:
    made.run('CREATE TABLE "kept" ("i" INT)')
    for name in HOSTILE:
        said = quoted(name, made)
        made.run(
            f'CREATE TABLE {said} ({said} INT, "other" INT)',
            f"INSERT INTO {said} VALUES (1, 1), (2, 2), (3, 3)",
        )
    plant = plant_on(made.url, tmp_path)
    listed = explored(plant, objectType="root").json
    assert sorted(item["name"] for item in listed) == sorted((*HOSTILE, "kept"))
    paths = {item["name"]: item["path"] for item in listed}
    for name in HOSTILE:
        assert shown(plant, paths[name])["schema"]["columns"][0]["name"] == name
        filters = encoded(pql(condition(name, ">", 1)))
        assert shown(plant, paths[name], preview="true", filters=filters)["data"] == [
            {name: 2, "other": 2},
            {name: 3, "other": 3},
        ]
    assert explored(plant, objectType="root").json == listed


ABSENT = (
    *("nothing", "sales.nothing", "orders;--", "orders ", '"orders"', "public", ".orders"),
    *("orders.", "information_schema.tables", "pg_catalog.pg_class", "sqlite_master"),
    *("a" * 2000, f"{'x' * 60}.y", ".".join("abcdefghijklmnop"), "orders\0", '"public".orders'),
)


def test_a_table_that_is_not_there_is_refused(plant: Plant) -> None:
    for path in ABSENT:
        answer = explored(plant, objectType="table", object=quote(path))
        assert (answer.status, answer.rule.rpartition(".")[2]) == (404, "object_exists"), path


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "there is no file"), (b"a,b\n" * 500, "file is not a database")]
)
def test_a_file_that_is_not_a_database_is_told(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content:
        (tmp_path / "a.db").write_bytes(content)
    plant = plant_on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    assert not is_reached(plant)
    answer = explored(plant, objectType="root")
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "storage_answers")
    assert reason in answer.json["detail"]


def test_no_other_connection_is_led_to_a_database(tmp_path: Path) -> None:
    """What a client names as its server leads nowhere: only the file of the setting does."""
    plant = plant_on(f"sqlite:///{tmp_path / 'a.db'}", tmp_path)
    auth = {
        "specName": "Basic Authentication",
        "params": {"server": "127.0.0.1", "database": "d", "username": "u", "password": "p"},
    }
    spec = {"id": "74a1c565-4e59-48d7-9d67-7c03b8a13137", "version": "1.0"}
    plant.base = plant.make("connections", base_connection(auth=auth, connectionSpec=spec))
    plant.put("orders.csv", b"id\n1\n")
    with statements() as seen:
        assert is_reached(plant)
        listed = explored(plant, objectType="root").json
    assert [item["path"] for item in listed] == ["orders"]
    assert seen == []
