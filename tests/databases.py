"""A PostgreSQL server for tests, started when one is asked for.

The fixture `database_server` has one for all tests of a process; a folder of tests whose databases
would be in the way of others' takes one of its own in it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from pathlib import Path

import pytest

FOLDERS = ("/usr/lib/postgresql", "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
"""Where the programs of a PostgreSQL server are: Debian has them in a folder for each version."""


@cache
def programs() -> Path | None:
    """Return the folder with a PostgreSQL server's programs; None without one."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    for folder in map(Path, FOLDERS):
        places += [folder, *sorted(folder.glob("*/bin"), reverse=True)]
    return next((place for place in places if (place / "initdb").exists()), None)


class Server:
    """A PostgreSQL server of its own on a free port, without passwords."""

    def __init__(self, folder: Path) -> None:
        """Make its files in a folder, which has to be empty."""
        self._folder = folder
        self.port = free_port()
        self.database = "postgres"
        how = "-U test -A trust -E UTF8 --no-sync --no-instructions".split()
        self._run("initdb", "-D", str(self.data), *how)

    def with_database(self, name: str) -> Server:
        """Make a database, and return the same server with URLs that lead there."""
        psycopg = pytest.importorskip("psycopg", reason="needs the extra sql")
        where = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        same = copy(self)
        same.database = name
        return same

    def start(self) -> None:
        """Start, and return when it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder} -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self.data), "-o", options, "-l", log, "-w", "start")

    def ensure_started(self) -> None:
        """Start it again if it was stopped."""
        if not (self.data / "postmaster.pid").exists():
            self.start()

    def stop(self, mode: str = "fast") -> None:
        """Stop; the mode `immediate` leaves it as a crash would."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def url(self, database: str = "") -> str:
        """Return the URL of a database, as the setting `store` takes it."""
        return f"postgresql+psycopg://test@127.0.0.1:{self.port}/{database or self.database}"

    @property
    def data(self) -> Path:
        """The folder with its data and its own settings."""
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        folder = programs()
        assert folder is not None
        done = subprocess.run(
            [str(folder / program), *arguments],
            cwd=self._folder,
            user=_user(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stdout!r}"


def why_not() -> str:
    """Return why no server can be started; nothing if one can."""
    if programs() is None:
        return "there is no PostgreSQL server on this machine"
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


@contextmanager
def postgresql() -> Iterator[Server]:
    """Run a server until the block ends, or skip the test with the reason."""
    if reason := why_not():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="aep-emulator-postgresql-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_user() or "")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hurry_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the driver wait a tenth as long for a connection; its own least is two seconds."""
    connection = pytest.importorskip("psycopg.connection", reason="needs the extra sql")
    told = connection.timeout_from_conninfo
    monkeypatch.setattr(connection, "timeout_from_conninfo", lambda given: told(given) / 10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _user() -> str | None:
    """Return as whom the server runs, because it refuses to run as root; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None
