"""A store that cannot be used ends the start with exit code 2 and one line that says why."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulator.cli import main
from tests.databases import Server, free_port, hurry_connecting

Make = Callable[[Path], list[str]]


def file_with(content: bytes) -> Make:
    def make(folder: Path) -> list[str]:
        (folder / "a.db").write_bytes(content)
        return ["--store", f"sqlite:///{folder}/a.db"]

    return make


def newer(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        connection.execute("create table schema_version (version integer not null)")
        connection.execute("insert into schema_version values (999)")
        connection.commit()
    return ["--store", f"sqlite:///{folder}/a.db"]


def strange(folder: Path) -> list[str]:
    """Make a table of ours that is not as we make it, and say that all is up to date."""
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        connection.execute("create table document (mine integer)")
        connection.commit()
    return ["--store", f"sqlite:///{folder}/a.db"]


def store(url: str) -> Make:
    return lambda _: ["--store", url]


def blobs(url: str) -> Make:
    return lambda folder: [
        "--store", f"sqlite:///{folder}/a.db", "--blobs", url.format(folder=folder),
    ]  # fmt: skip


CAUSES = {
    "an absent folder": (store("sqlite:////nowhere/at/all.db"), "unable to open"),
    "a folder that cannot be written": (store("sqlite:////proc/a.db"), "unable to open"),
    "a folder in place of a file": (store("sqlite:////tmp"), "unable to open"),
    "a file that is no database": (file_with(b"hello" * 400), "not a database"),
    "tables of a newer version": (newer, "of version 999"),
    "a table of somebody else": (strange, "table document that is not"),
    "an absent host": (store("postgresql+psycopg://u:secret@nowhere.invalid/x"), "nowhere.invalid"),
    "nobody at the port": (store("postgresql+psycopg://u:secret@127.0.0.1:1/x"), "refused"),
    "a port that is no number": (store("postgresql+psycopg://u:secret@h:port/x"), "port"),
    "another engine": (store("mysql://u:secret@localhost/x"), "neither sqlite nor postgresql"),
    "another driver": (store("postgresql+pg8000://u:secret@localhost/x"), "neither sqlite nor"),
    "no URL": (store("nonsense"), "nonsense"),
    "an unknown way to be synchronous": (store("sqlite:///x.db?synchronous=of"), "normal, full"),
    "blobs of an unknown protocol": (blobs("nonsense://x"), "nonsense"),
    "blobs in a folder that cannot be written": (blobs("file:///proc/x"), "/proc/x"),
    "blobs in a file": (blobs("file://{folder}/a.db"), "not a directory"),
    "blobs in memory": (blobs("memory"), "would be gone"),
    "blobs without a database": (lambda _: ["--blobs", "file:///tmp/x"], "needs a store"),
}


@pytest.fixture(autouse=True)
def _serves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise AssertionError("it has started")

    monkeypatch.setattr("emulator.serving.server.run", run)


def refused(arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", *arguments]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("aep-emulator: ")
    assert said.err.count("\n") == 1, said.err
    assert says.lower() in said.err.lower()
    assert "secret" not in said.err


@pytest.mark.parametrize("cause", CAUSES)
def test_the_start_ends_with_a_line(
    cause: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, says = CAUSES[cause]
    refused(make(tmp_path), says, capfd)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"database": "nothing"}, '"nothing" does not exist'),
        ({"username": "nobody"}, '"nobody" does not exist'),
        ({"username": "locked", "password": "secret"}, "password authentication failed"),
        ({"username": "poor"}, "permission denied"),
    ],
)
def test_a_server_that_refuses_is_told(
    change: dict[str, str], says: str, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for role in ("locked password 'right'", "poor"):
            name = role.partition(" ")[0]
            query = sa.text("select 1 from pg_roles where rolname = :name")
            if connection.execute(query, {"name": name}).first() is None:
                connection.exec_driver_sql(f"create role {role} login")
        # Whoever has made the schema anew has left nobody the use of it.
        connection.exec_driver_sql("grant usage on schema public to public")
        if "password" in change:
            rules = Path(connection.exec_driver_sql("show hba_file").scalar_one())
            content = rules.read_text(encoding="utf-8")
            if "locked" not in content:
                line = "host all locked 127.0.0.1/32 scram-sha-256\n"
                rules.write_text(line + content, encoding="utf-8")
            connection.exec_driver_sql("select pg_reload_conf()")
    engine.dispose()
    made = sa.make_url(server.url()).set(**change)  # type: ignore[arg-type]
    refused(["--store", made.render_as_string(hide_password=False)], says, capfd)


@pytest.mark.parametrize(
    ("missing", "url"),
    [
        ("sqlalchemy", "sqlite:///{folder}/a.db"),
        ("psycopg", "postgresql+psycopg://u:secret@127.0.0.1/x"),
    ],
)
def test_a_library_that_is_not_installed_is_named(missing: str, url: str, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.modules[{missing!r}] = None; from emulator.cli import main;"
        f" sys.exit(main(['serve', '--port', '0', '--store', {url.format(folder=tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 2
    assert missing.encode() in done.stderr
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert b"secret" not in done.stderr


def test_a_port_that_says_nothing_is_given_up(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    hurry_connecting(monkeypatch)
    with socket.create_server(("127.0.0.1", free_port())) as silent:
        port = silent.getsockname()[1]
        refused(["--store", f"postgresql+psycopg://u:secret@127.0.0.1:{port}/x"], "timeout", capfd)
