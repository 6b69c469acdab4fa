"""Flows that read tables of real databases: what runs bring, ask for, and say when it fails."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from emulator.json_types import JsonObject, dumps
from tests.bodies import base_connection
from tests.data_plane.test_row_filter import condition, message, pql
from tests.data_plane.test_runs import (
    CRM_TO_AEP,
    HOUR,
    MYSQL,
    NOW,
    Plant,
    counts,
    every,
    once,
    status,
)
from tests.databases import Server
from tests.real_tables.made import Made, statements

SPEC = {"id": MYSQL, "version": "1.0"}
ACCOUNTS = sa.Table(
    "Accounts",
    sa.MetaData(),
    sa.Column("Id", sa.BigInteger, primary_key=True),
    sa.Column("FirstName", sa.Text),
    sa.Column("LastName", sa.String(40)),
    sa.Column("Modified", sa.DateTime(timezone=True)),
    sa.Column("price", sa.Numeric(10, 2)),
)


def account(id: int, time: str = "10:00:00", **more: Any) -> dict[str, Any]:
    modified = datetime.fromisoformat(f"2020-09-13T{time}+00:00")
    return {
        "Id": id,
        "FirstName": "Ada",
        "LastName": "L",
        "Modified": modified,
        "price": 2.5,
        **more,
    }


def plant_on(url: str, folder: Path, params: JsonObject | None = None, **more: Any) -> Plant:
    """An emulator whose connections to MySQL lead to a database, with one of them."""
    file = folder / "storage.json"
    endpoint = {"for": {"connectionSpec": "mysql"}, "url": url, **more}
    file.write_text(json.dumps({"endpoints": [endpoint]}))
    plant = Plant(storage=file)
    params = params or {"connectionString": "Server=db.internal;Database=source"}
    names = {True: "Connection String Based Authentication", False: "Basic Authentication"}
    auth = {"specName": names["connectionString" in params], "params": params}
    plant.base = plant.make("connections", base_connection(auth=auth, connectionSpec=SPEC))
    return plant


def table_flow(
    plant: Plant, params: JsonObject | None = None, column: str = "Modified", **changes: Any
) -> str:
    source = plant.source(
        data={"format": "tabular"},
        params={"tableName": "Accounts", **(params or {})},
        connectionSpec=SPEC,
    )
    mapping = {"name": "Mapping", "params": {"mappingId": plant.mapping, "mappingVersion": 0}}
    copy = {"name": "Copy", "params": {"deltaColumn": {"name": column}}}
    body = {
        "flowSpec": {"id": CRM_TO_AEP, "version": "1.0"},
        "transformations": [copy, mapping],
        "scheduleParams": once(),
        **changes,
    }
    return plant.flow(source, **body)


def reads(seen: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What was asked of the table itself."""
    return [(text, values) for text, values in seen if 'FROM "Accounts"' in " ".join(text.split())]


@pytest.fixture
def plant(made: Made, tmp_path: Path) -> Plant:
    made.create(ACCOUNTS, account(1), account(2, "11:00:00", FirstName="Alan"))
    return plant_on(made.url, tmp_path)


def test_a_one_time_flow_brings_the_rows_of_a_table(plant: Plant) -> None:
    (run,) = plant.runs(table_flow(plant))
    assert run["state"] == "success"
    assert counts(run) == (2, 2, 0)
    assert [(row["_id"], row["person"]["name"]["firstName"]) for row in plant.landed(run)] == [
        ("1", "Ada"),
        ("2", "Alan"),
    ]
    assert run["metrics"]["sizeSummary"]["inputBytes"] > 100


@pytest.mark.parametrize("column", ["Id", "Modified", "modified"])
def test_a_scheduled_flow_reads_each_row_once(plant: Plant, made: Made, column: str) -> None:
    id = table_flow(plant, column=column, scheduleParams=every())
    plant.runs(id)
    made.insert(ACCOUNTS, account(3, "12:50:00"), account(4, "13:26:30"))
    plant.clock.advance(HOUR)
    with statements() as seen:
        plant.runs(id)
    plant.clock.advance(HOUR)
    runs = plant.runs(id)
    assert [plant.ids(run) if counts(run)[0] else [] for run in runs] == [
        ["1", "2"],
        ["3", "4"],
        [],
    ]
    ((text, values),) = reads(seen)
    assert "WHERE" in text
    assert values


def test_only_new_rows_and_chosen_columns_are_asked_for(plant: Plant, made: Made) -> None:
    made.insert(ACCOUNTS, account(3, LastName="DDN"), account(4, LastName="DDN"))
    columns = [{"name": "Id"}, {"name": "FirstName"}]
    params = {"columns": columns, "filters": pql(condition("lastname", "=", "DDN"))}
    with statements() as seen:
        (run,) = plant.runs(table_flow(plant, params, column="Id"))
    assert plant.ids(run) == ["3", "4"]
    assert plant.landed(run)[0]["person"]["name"] == {"firstName": "Ada"}
    ((text, values),) = reads(seen)
    chosen = text.partition("FROM")[0]
    assert [name for name in ("Id", "FirstName", "LastName", "price") if f'"{name}"' in chosen] == [
        "Id",
        "FirstName",
        "LastName",
    ]
    assert "DDN" in (values.values() if isinstance(values, dict) else values)


def test_nothing_is_sent_but_questions(plant: Plant) -> None:
    with statements() as seen:
        plant.runs(table_flow(plant))
    first = {text.split()[0].upper() for text, _ in seen}
    assert first <= {"SELECT", "SHOW", "PRAGMA"}


def test_a_large_table_comes_in_parts(plant: Plant, made: Made) -> None:
    made.insert(ACCOUNTS, *(account(number, "11:30:00") for number in range(3, 5003)))
    (run,) = plant.runs(table_flow(plant))
    assert counts(run) == (5002, 5002, 0)


@pytest.mark.parametrize(
    ("table", "reason"),
    [("accounts_", "There is no table accounts_."), ("pg_catalog.pg_class", "There is no table")],
)
def test_a_table_that_is_not_there_fails_the_run(plant: Plant, table: str, reason: str) -> None:
    (run,) = plant.runs(table_flow(plant, {"tableName": table}))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    assert reason in message(run)


def test_a_delta_column_that_is_not_there_fails_the_run(plant: Plant) -> None:
    (run,) = plant.runs(table_flow(plant, column="Changed"))
    assert message(run).endswith("The source has no column Changed.")


def test_a_run_that_cannot_read_on_leaves_its_rows_to_the_next_one(
    plant: Plant, made: Made
) -> None:
    id = table_flow(plant, column="Id", scheduleParams=every())
    plant.runs(id)
    made.run('ALTER TABLE "Accounts" RENAME TO away')
    plant.clock.advance(HOUR)
    failed = plant.runs(id)[1]
    made.run('ALTER TABLE away RENAME TO "Accounts"')
    made.insert(ACCOUNTS, account(3))
    plant.clock.advance(HOUR)
    assert status(failed)[0] == "failed"
    assert plant.ids(plant.runs(id)[2]) == ["3"]


def test_rows_may_be_later_than_a_clock_that_stands_still_or_come_late(
    plant: Plant, made: Made
) -> None:
    id = table_flow(plant, scheduleParams=every())
    plant.runs(id)
    later = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    made.insert(ACCOUNTS, account(3, "11:00:01"), account(4, Modified=later))
    plant.clock.advance(HOUR)
    assert plant.ids(plant.runs(id)[1]) == ["3", "4"]


# Failures


@pytest.fixture
def locked(server: Server, tmp_path: Path) -> Iterator[Server]:
    """A server that wants a password of the user `reader`, of whom others are not asked."""
    rules = server.data / "pg_hba.conf"
    kept = rules.read_text()
    admin = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS reader")
        connection.exec_driver_sql("CREATE ROLE reader LOGIN PASSWORD 'right; \"word'")
        rules.write_text(f"host all reader 127.0.0.1/32 scram-sha-256\n{kept}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield server
        rules.write_text(kept)
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    admin.dispose()


def reader(server: Server, password: str, database: str = "postgres") -> tuple[str, JsonObject]:
    """The URL of a server without credentials, and the auth params that have them."""
    params = {"server": "db", "username": "reader", "password": password, "database": database}
    return f"postgresql+psycopg://127.0.0.1:{server.port}", params


def is_reached(plant: Plant) -> bool:
    found = plant.api.ok("GET", f"/data/foundation/flowservice/connections/{plant.base}/test")
    return bool(found["result"])


def explored(plant: Plant, **query: str) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    path = f"/data/foundation/flowservice/connections/{plant.base}/explore?{text}"
    return plant.api.call("GET", path)


def encoded(filter: JsonObject) -> str:
    """A row filter as the query parameter takes it."""
    return quote(base64.b64encode(dumps(filter)).decode())


def test_a_connection_is_tested_with_its_own_password(locked: Server, tmp_path: Path) -> None:
    right = plant_on(*_split(reader(locked, 'right; "word'), tmp_path))
    assert is_reached(right)
    assert explored(right, objectType="root").status == 200


def _split(pair: tuple[str, JsonObject], folder: Path) -> tuple[str, Path, JsonObject]:
    return pair[0], folder, pair[1]


@pytest.mark.parametrize(
    ("password", "database", "reason"),
    [
        ("hunter2wrong", "postgres", "password authentication failed"),
        ('right; "word', "absent", "does not exist"),
    ],
)
def test_who_is_not_let_in_is_told_so_without_the_password(
    locked: Server, tmp_path: Path, password: str, database: str, reason: str
) -> None:
    plant = plant_on(*_split(reader(locked, password, database), tmp_path))
    assert not is_reached(plant)
    answer = explored(plant, objectType="root")
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "storage_answers")
    assert answer.json["errors"][0]["code"] == "1100-400" if "errors" in answer.json else True
    (run,) = plant.runs(table_flow(plant))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    for text in (message(run), json.dumps(answer.json)):
        assert reason in text
        assert password not in text


@pytest.mark.parametrize("column", ["Id", "Modified"])
def test_a_database_that_stops_fails_the_run_and_the_next_one_reads_it_all(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    made = Made(server.url(), sa.create_engine(server.url(), poolclass=sa.pool.NullPool))
    made.run('DROP TABLE IF EXISTS "Accounts"')
    made.create(ACCOUNTS, *(account(number) for number in range(1, 3000)))
    plant = plant_on(server.url(), tmp_path)
    id = table_flow(plant, column=column, scheduleParams=every())
    read: list[JsonObject] = []

    def dump(row: JsonObject) -> bytes:
        read.append(row)
        if len(read) == 1500:
            server.stop("immediate")
        return dumps(row)

    with monkeypatch.context() as patch:
        patch.setattr("emulator.databases.table.dumps", dump)
        (failed,) = plant.runs(id)
    assert len(read) < 2900
    assert status(failed) == ("failed", ["CONNECTOR-2001-500"])
    assert message(failed).startswith("Error occurred at copy activity. The database cannot")
    assert not is_reached(plant)
    server.start()
    assert is_reached(plant)
    plant.clock.advance(HOUR)
    assert counts(plant.runs(id)[1]) == (2999, 2999, 0)
    made.run('DROP TABLE "Accounts"')


ENDLESS = """CREATE VIEW "Accounts" AS WITH RECURSIVE n(i) AS
(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS "Id" FROM n WHERE i < 0"""


@pytest.mark.parametrize("way", ["reset", "end"])
def test_what_waits_for_a_database_is_interrupted(made: Made, tmp_path: Path, way: str) -> None:
    made.run(ENDLESS)
    plant = plant_on(made.url, tmp_path)
    table_flow(plant, column="Id", scheduleParams=once(NOW + HOUR))
    plant.clock.advance(HOUR)
    ended = threading.Event()

    def run() -> None:
        plant.api.call("GET", "/data/foundation/flowservice/runs")
        ended.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.3)
    assert not ended.is_set()
    platform = plant.emulator.platform  # the client in the process makes one call at a time
    stop = platform.ongoing.end if way == "end" else platform.erase
    stop()
    assert ended.wait(30)


def test_a_statement_that_takes_too_long_is_given_up(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.databases.database.TABLE_STATEMENT_SECONDS", 1)
    made.run(ENDLESS)
    (run,) = (plant := plant_on(made.url, tmp_path)).runs(table_flow(plant, column="Id"))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    assert "statement timeout" in message(run) or "statement took over" in message(run)


def test_a_view_that_would_write_cannot(server: Server, tmp_path: Path) -> None:
    made = Made(server.url(), sa.create_engine(server.url(), poolclass=sa.pool.NullPool))
    made.run(
        "DROP VIEW IF EXISTS writing",
        "DROP TABLE IF EXISTS written",
        "CREATE TABLE written (i int)",
        "CREATE OR REPLACE FUNCTION write() RETURNS int LANGUAGE sql AS"
        " 'INSERT INTO written VALUES (1) RETURNING i'",
        "CREATE VIEW writing AS SELECT write() AS i",
    )
    plant = plant_on(server.url(), tmp_path)
    answer = explored(plant, objectType="table", object="writing", preview="true")
    assert answer.status == 400
    assert "read-only transaction" in json.dumps(answer.json)
    with made.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM written").scalar() == 0
