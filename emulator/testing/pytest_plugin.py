"""The pytest plugin: the fixtures `aep`, `aep_server` and `mock_aep`, their mark and reports.

The emulator is imported when a test first uses a fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.testing import Aep

MARKER = (
    "aep(edition, enforce, scenario, faults): sets up the emulator of a test: "
    "edition in force, enforcement, scenario to start with, active faults"
)
SECTION = "aep-emulator: calls of this test"

_USED = pytest.StashKey["list[Aep]"]()
_COVERAGES = pytest.StashKey[list[Any]]()
_WORKER_KEY = "aep_emulator_coverages"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags for reports."""
    group = parser.getgroup("aep-emulator")
    group.addoption(
        "--aep-report",
        metavar="FILE",
        help="write a report on the rules that the tests cover; the name ends in "
        ".html, .md, .json, .xml (JUnit), .sarif or .txt",
    )
    group.addoption(
        "--aep-coverage",
        metavar="FILE",
        help="write the coverage of the tests to a file, which `aep-emulator report` reads",
    )
    group.addoption(
        "--aep-summary",
        action="store_true",
        help="print at the end which operations and rules the tests cover",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and check the flags."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_COVERAGES] = []
    if _wants_coverage(config):
        from emulator.reports.rendering import format_of
        from emulator.testing import pool

        pool.COUNTING.set()
        if path := config.getoption("aep_report"):
            try:
                format_of(path)
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
    """An empty emulator in this process, with a manual clock.

    `requests` and `httpx` reach it at `aep.url` without a socket.
    """
    from emulator.testing import Aep

    yield from _lend(request, Aep, aep_settings)


@pytest.fixture
def mock_aep(request: pytest.FixtureRequest, aep: Aep) -> Iterator[Aep]:
    """The emulator of `aep`, which also answers for Adobe's own host names."""
    from emulator.testing.mock import answer_for_adobe

    with answer_for_adobe(aep):
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
    """Apply the marks of a test, its classes and its module; the closest takes precedence."""
    wanted: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("aep"))):
        if mark.args:
            pytest.fail(
                "the mark aep takes only keyword arguments, such as edition=…", pytrace=False
            )
        wanted |= mark.kwargs
    try:
        aep.set_up(**wanted)
    except (TypeError, ValueError) as error:
        pytest.fail(f"the mark aep: {error}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that tried to reach Adobe's hosts, even if its client hid the error."""
    __tracebackhide__ = True
    yield
    for used in item.stash.get(_USED, ()):
        used.guard.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the calls of a failed test to its report."""
    report = yield
    if report.failed and call.when == "call":
        for used in item.stash.get(_USED, ()):
            if text := used.report():
                report.sections.append((SECTION, text))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Collect the coverage of this process; a worker sends it to its controller."""
    import sys

    if "emulator.testing.pool" not in sys.modules:
        return
    from emulator.testing import pool

    config = session.config
    if _wants_coverage(config):
        found = pool.coverage_parts()
        config.stash[_COVERAGES].extend(found)
        if hasattr(config, "workeroutput"):
            config.workeroutput[_WORKER_KEY] = [tuple(part) for part in found]
    pool.close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Receive the coverage of a worker of pytest-xdist."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[_COVERAGES].extend(output.get(_WORKER_KEY, []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the report and the coverage, and print the summary."""
    found: list[Any] = config.stash[_COVERAGES]
    if not found:
        return
    from emulator.coverage.files import CoveragePart, merge_parts, write_coverage
    from emulator.output import write_file
    from emulator.reports.rendering import FORMATS, format_of
    from emulator.reports.report import build

    coverage = merge_parts([CoveragePart(*part) for part in found])
    report = build(coverage.contract, coverage)
    if path := config.getoption("aep_report"):
        write_file(Path(path), FORMATS[format_of(path)](report, []))
        terminalreporter.write_line(f"aep-emulator: wrote {path}")
    if path := config.getoption("aep_coverage"):
        write_coverage(coverage.to_json(), Path(path))
        terminalreporter.write_line(f"aep-emulator: wrote {path}")
    if config.getoption("aep_summary"):
        terminalreporter.section("aep-emulator")
        terminalreporter.write_line(FORMATS["terminal"](report, []))
