"""What most tests need: an emulator whose clock stands still, and two doors to it."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.contract import statements
from emulator.contract.model import Operation
from emulator.contract.resources import Resources
from emulator.contract.statements import Statements
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.package_data import data_folder
from emulator.serving.server import Server
from tests.databases import Server as DatabaseServer
from tests.databases import postgresql
from tests.emulators import new_emulator

if TYPE_CHECKING:
    from flask.testing import FlaskClient


SLOWEST = (
    "test_in_a_browser.py",
    "test_openapi_fuzz.py",
    "test_serving.py",
    "test_negative_matrix.py",
    "test_lasting_journal.py",
    "test_documentation.py",
    "test_examples.py",
    "test_growth.py",
    "test_ci_recipes.py",
    "test_cli.py",
    "test_kills.py",
    "test_fail_on.py",
    "test_pytest_plugin.py",
)
"""Files that take six seconds and more, the longest first.

Those that wait for other processes alternate with those that compute: two of a kind at the same
time would wait together, or compete.
"""


GARBAGE = (10_000, 10, 20)
"""After how many new objects Python looks for garbage, and how often among older ones."""


FOR_PROGRAMS = {"FORCE_COLOR", "NO_COLOR", "PY_COLORS", "PYTEST_ADDOPTS"}
"""What the environment may say that changes what programs print."""


MEMORY = "/dev/shm"
"""A folder in memory, where there is one."""

MEMORY_NEEDED = 4 << 30
"""How many bytes have to be free there: much more than tests take, in several processes."""


def pytest_configure() -> None:
    """Have temporary files in memory, unless `TMPDIR` says otherwise.

    Databases wait for the disk at each change, and PostgreSQL's own files are many. Programs that
    tests write have to run there.
    """
    if "TMPDIR" in os.environ or not Path(MEMORY).is_dir():
        return
    can_run = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    if can_run and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Run one process more than there are processors: some tests wait for other processes."""
    return (yield) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what is collected out of every later garbage collection: ten thousand tests.

    To look through them and their modules took half of the time of many tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Look for garbage at the end of each file: what it left open fails it, not a later one.

    What is left then is kept by somebody, and not looked through again: two hundred times half a
    second were a quarter of all that the tests compute.
    """
    result = yield
    if nextitem is None or nextitem.path != item.path:
        left = left_open()
        gc.freeze()
        assert not left, f"{item.path.name} has left open: {'; '.join(left)}"
    return result


def left_open() -> list[str]:
    """Return what garbage that cannot be deleted in silence says, such as an unclosed socket.

    Pytest has asked for it already, and would tell it of the next test.
    """
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda raised: said.append(str(raised.exc_value)))
        gc.collect()
    return said


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files, so that in the end no process waits for another one's."""
    places = {name: place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> Iterator[None]:
    """The environment of whoever runs the tests does not reach them.

    Clients would ask a proxy for what this machine serves, unless `NO_PROXY` names it too. Runs of
    pytest that tests start would take its options and colours.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            is_setting = name.startswith("AEP_EMULATOR_") or name in FOR_PROGRAMS
            if is_setting or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True, scope="session")
def statements_are_read_once() -> Iterator[None]:
    """Whoever reads the shipped contract in this process gets the same statements.

    To read them takes longer than most tests, and each run of a command would do it again. The
    lists are everyone's own, because some tests add to them.
    """
    read = statements.read_statements
    shipped = (data_folder("contracts"),)
    found: list[Statements] = []

    def read_once(
        folders: tuple[Path, ...], operations: Mapping[str, Operation], resources: Resources
    ) -> Statements:
        if folders != shipped:
            return read(folders, operations, resources)
        if not found:
            found.append(read(folders, operations, resources))
        one = found[0]
        return replace(
            one,
            rules=dict(one.rules),
            problems=list(one.problems),
            answers=list(one.answers),
            laid_over=set(one.laid_over),
            templates=list(one.templates),
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "read_statements", read_once)
        yield


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL server for all tests of a process."""
    with postgresql() as running:
        yield running


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = new_emulator()
    yield made
    made.close()


@pytest.fixture
def client(emulator: Emulator) -> FlaskClient:
    return emulator.wsgi_app.test_client()


@pytest.fixture
def headers() -> dict[str, str]:
    """What every call to the platform carries."""
    return {
        "Authorization": "Bearer any-token",
        "x-api-key": GIVEN["apiKey"],
        "x-gw-ims-org-id": GIVEN["organization"],
        "x-sandbox-name": GIVEN["sandbox"],
    }


@pytest.fixture
def server(emulator: Emulator) -> Iterator[Server]:
    """The emulator over a real socket, on a free port."""
    with Server(emulator.application) as running:
        yield running
