"""The pytest plugin: fixtures `aep`, `aep_server` and `mock_aep`, and what they add to reports.

Nothing of the emulator is imported before a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.testing import Aep

MARKER = (
    "aep(edition, enforce, scenario, faults): how the emulator of this test is set up: "
    "the edition in force, what is enforced, a starting state by name, faults from the beginning"
)
SECTION = "aep-emulator: calls of this test"

_USED = pytest.StashKey["list[Aep]"]()
_COVERAGES = pytest.StashKey[list[Any]]()
_WORKER_KEY = "aep_emulator_coverages"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags of the report."""
    group = parser.getgroup("aep-emulator")
    group.addoption(
        "--aep-report",
        metavar="FILE",
        help="write a report on the rules that the tests cover; the end of the name says how: "
        ".html, .md, .json, .xml (JUnit), .sarif or .txt",
    )
    group.addoption(
        "--aep-coverage",
        metavar="FILE",
        help="write what that report counts, for `aep-emulator report` to add up with others",
    )
    group.addoption(
        "--aep-summary",
        action="store_true",
        help="show at the end which operations and rules the tests cover",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_COVERAGES] = []
    if _wants_coverage(config):
        from emulator.testing import coverage, pool

        pool.COUNTING.set()
        if path := config.getoption("aep_report"):
            try:
                coverage.form_of(path)
            except ValueError as error:
                raise pytest.UsageError(f"--aep-report: {error}") from error


def _wants_coverage(config: pytest.Config) -> bool:
    return any(config.getoption(f"aep_{name}") for name in ("report", "coverage", "summary"))


@pytest.fixture(scope="session")
def aep_settings() -> dict[str, Any]:
    """Settings of the emulator by name; override it, in any scope, to change them."""
    return {}


@pytest.fixture
def aep(request: pytest.FixtureRequest, aep_settings: Any) -> Iterator[Aep]:
    """An emulator in this process, empty, with its clock standing still.

    `requests` and `httpx` reach it at `aep.url` without a socket.
    """
    from emulator.testing import Aep

    yield from _lend(request, Aep, aep_settings)


@pytest.fixture
def mock_aep(request: pytest.FixtureRequest, aep: Aep) -> Iterator[Aep]:
    """The emulator of `aep`, which now answers under Adobe's own host names too."""
    from emulator.testing.mock import lend_names

    with lend_names(aep):
        yield aep


@pytest.fixture
def aep_server(request: pytest.FixtureRequest, aep_settings: Any) -> Iterator[Aep]:
    """An emulator behind a socket, empty for each test; one server serves the whole run."""
    from emulator.testing import AepServer

    yield from _lend(request, AepServer, aep_settings)


def _lend(request: pytest.FixtureRequest, kind: type[Aep], settings: Any) -> Iterator[Aep]:
    item = request.node
    given, options = (None, settings) if isinstance(settings, dict) else (settings, {})
    lent = kind(given, test=item.nodeid, **options)
    lent.start()
    try:
        _set_up(lent, item)
        item.stash.setdefault(_USED, []).append(lent)
        yield lent
    finally:
        lent.stop()


def _set_up(aep: Aep, item: pytest.Item) -> None:
    """Do what the marks of a test and of its classes and modules say; the nearest wins."""
    wanted: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("aep"))):
        if mark.args:
            pytest.fail("the mark aep takes names: edition=…", pytrace=False)
        wanted |= mark.kwargs
    try:
        aep.set_up(**wanted)
    except (TypeError, ValueError) as error:
        pytest.fail(f"the mark aep: {error}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that has reached for Adobe's hosts, even if its client hid that."""
    __tracebackhide__ = True
    yield
    for used in item.stash.get(_USED, ()):
        used.guard.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the calls of a test that failed."""
    report = yield
    if report.failed and call.when == "call":
        for used in item.stash.get(_USED, ()):
            if text := used.report():
                report.sections.append((SECTION, text))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Gather what this process has covered; a worker hands it to the one that started it."""
    import sys

    if "emulator.testing.pool" not in sys.modules:
        return
    from emulator.testing import pool

    config = session.config
    if _wants_coverage(config):
        from emulator.testing import coverage

        found = coverage.parts()
        config.stash[_COVERAGES].extend(found)
        if hasattr(config, "workeroutput"):
            config.workeroutput[_WORKER_KEY] = [tuple(part) for part in found]
    pool.close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what a worker of pytest-xdist has covered."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[_COVERAGES].extend(output.get(_WORKER_KEY, []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the report, and show the summary."""
    found: list[Any] = config.stash[_COVERAGES]
    if not found:
        return
    from emulator.testing.coverage import Part, merged, summary, write, write_report

    coverage = merged([Part(*part) for part in found])
    for option, writes in (("aep_report", write_report), ("aep_coverage", write)):
        if path := config.getoption(option):
            writes(coverage, path)
            terminalreporter.write_line(f"aep-emulator: wrote {path}")
    if config.getoption("aep_summary"):
        terminalreporter.section("aep-emulator")
        terminalreporter.write_line(summary(coverage))
