"""The pytest plugin: the fixtures `aep`, `aep_async`, `aep_server` and `mock_aep`, and their mark.

The emulator is imported when a test first uses a fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from emulator.testing import run
from emulator.testing.plugin_mark import (
    FAIL_ON,
    MARKER,
    begin_expectations,
    fail_on,
    fail_on_of_run,
    marked,
    set_up,
)

if TYPE_CHECKING:
    from emulator.testing import Aep
    from emulator.testing.async_aep import AsyncAep

SECTION = "aep-emulator: calls of this test"
_USED = pytest.StashKey["list[Aep]"]()
_WAS_CALLED = pytest.StashKey[bool]()
_HAS_BROKEN = pytest.StashKey[bool]()
_VERDICT = pytest.StashKey[str]()
_LATE = pytest.StashKey["dict[str, int]"]()
_CLOCK = pytest.StashKey[str]()
_CLOCK_KEY = "aep_emulator_clock"
_WORKER_KEY = "aep_emulator_late_calls"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags and settings."""
    group = parser.getgroup("aep-emulator")
    group.addoption(
        "--aep-report",
        metavar="FILE",
        action="append",
        default=[],
        help="write a report on the rules that the tests cover, may be given several times; "
        "the name ends in .html, .md, .json, .xml (JUnit), .sarif or .txt",
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
    what = (
        "what fails a test that does not expect it: violations (errors, and whatever refused a "
        "call), warnings (these, warnings and expectations that were not met), or nothing"
    )
    start = (
        "where clocks start: a time such as 2026-01-01T00:00:00Z, manual (2020-09-13T12:26:40Z), "
        "system (the machine's clock), +P30D; by default they stand at the time of the run's start"
    )
    group.addoption("--aep-clock", metavar="CLOCK", help=start)
    parser.addini("aep_clock", start, default="")
    group.addoption("--aep-fail-on", choices=FAIL_ON, help=what)
    parser.addini("aep_fail_on", what, default="nothing")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and check the flags and settings."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_LATE] = {}
    run.sessions += 1
    if (chosen := config.getini("aep_fail_on")) not in FAIL_ON:
        raise pytest.UsageError(f"aep_fail_on: {chosen!r} is not one of {', '.join(FAIL_ON)}")
    _start_clocks(config)
    if wants_coverage(config):
        from emulator.testing import plugin_reports

        config.pluginmanager.register(plugin_reports.Reports(config), "aep_emulator_reports")


def _start_clocks(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", {}).get(_CLOCK_KEY, "")
    chosen = config.getoption("aep_clock") or config.getini("aep_clock")
    if chosen:
        from emulator.clock import ClockError, make_clock

        try:
            make_clock(chosen)
        except ClockError as error:
            raise pytest.UsageError(f"aep_clock: {error}") from error
    config.stash[_CLOCK] = run.clock
    run.is_clock_chosen = bool(chosen)
    run.clock = told or chosen


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let emulators of this process be used without a run of tests."""
    run.sessions -= 1
    run.clock = config.stash.get(_CLOCK, "")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the clocks of all workers of pytest-xdist start at the same time."""
    node.workerinput[_CLOCK_KEY] = run.start_of_clocks()


def wants_coverage(config: pytest.Config) -> bool:
    """Tell whether a run is to count what its tests cover."""
    return any(config.getoption(f"aep_{name}") for name in ("report", "coverage", "summary"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the clocks start now, if a test uses one: it may change the machine's time itself."""
    uses = any("aep" in name for item in session.items for name in _fixtures_of(item))
    if uses or "aep_emulator" in sys.modules:
        run.clock = run.start_of_clocks()


def _fixtures_of(item: pytest.Item) -> tuple[str, ...]:
    return tuple(getattr(item, "fixturenames", ()))


# Fixtures


@pytest.fixture(scope="session")
def aep_settings() -> dict[str, Any]:
    """Settings of the emulator by name; override it, in any scope, to change them."""
    return {}


@pytest.fixture
def aep(request: pytest.FixtureRequest, aep_settings: Any) -> Iterator[Aep]:
    """An empty emulator in this process, with a manual clock.

    `requests`, `httpx`, `urllib`, `urllib3` and `aiohttp` reach it at `aep.url` without a socket.
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
def aep_async(aep: Aep) -> AsyncAep:
    """The emulator of `aep` for coroutines: what sends calls is awaited.

    It needs no plugin of its own, and works with pytest-asyncio, anyio and others.
    """
    from emulator.testing.async_aep import AsyncAep

    return AsyncAep(aep)


@pytest.fixture
def aep_server(request: pytest.FixtureRequest, aep_settings: Any) -> Iterator[Aep]:
    """An emulator behind a socket, empty for each test; one server serves the whole run."""
    from emulator.testing import AepServer

    yield from _lend(request, AepServer, aep_settings)


def _lend(request: pytest.FixtureRequest, kind: type[Aep], settings: Any) -> Iterator[Aep]:
    item = request.node
    given, options = (None, settings) if isinstance(settings, dict) else (settings, {})
    if clock := marked(item).get("clock"):
        options = {**options, "clock": clock}
    try:
        lent = kind(given, test=item.nodeid, **options)
    except ValueError as error:
        pytest.fail(str(error), pytrace=False)
    lent.start()
    used = item.stash.setdefault(_USED, [])
    used.append(lent)
    try:
        set_up(lent, item)
        yield lent
    finally:
        used.remove(lent)
        lent.stop()
        lent.guard.check()


# What becomes of a test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Note what a test broke whose fixtures failed or skipped it."""
    try:
        yield
    except BaseException:
        _note(item)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that broke rules unexpectedly, or tried to reach Adobe's hosts.

    Also if its client hid the error.
    """
    __tracebackhide__ = True
    item.stash[_WAS_CALLED] = True
    try:
        with ExitStack() as expectations:
            begin_expectations(item, expectations, item.stash.get(_USED, []))
            yield
        for used in item.stash.get(_USED, ()):
            used.guard.check()
        _judge(item)
    except BaseException:
        for used in item.stash.get(_USED, ()):
            used.guard.reached.clear()
        _note(item)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Do the same for what was called since, such as by other fixtures at their end."""
    __tracebackhide__ = True
    try:
        yield
        if item.stash.get(_WAS_CALLED, False):
            _judge(item)
    finally:
        item.stash[_WAS_CALLED] = False
        _note(item)
        _forget()


def _judge(item: pytest.Item) -> None:
    __tracebackhide__ = True
    if _uses_emulators():
        from emulator.testing.verdict import unexpected

        if said := unexpected(fail_on(item)):
            item.stash[_HAS_BROKEN] = True
            item.stash[_VERDICT] = said
            pytest.fail(said, pytrace=False)


def _note(item: pytest.Item) -> None:
    """Note what was broken so far by a test that ends otherwise: by its own failure, by a skip."""
    if _uses_emulators():
        from emulator.testing.verdict import did_otherwise

        try:
            chosen = fail_on(item)
        except pytest.fail.Exception:  # its mark cannot be used, and has failed it
            chosen = fail_on_of_run(item.config)
        if did_otherwise(chosen):
            item.stash[_HAS_BROKEN] = True


def _forget() -> None:
    if _uses_emulators():
        from emulator.testing.verdict import forget_ended

        forget_ended()


def _uses_emulators() -> bool:
    return "emulator.testing.remarked_calls" in sys.modules


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the calls of a failed test to its report; and whether a test broke rules, as it ends."""
    if call.excinfo is not None and _uses_emulators() and not item.config.getoption("fulltrace"):
        _end_at_the_client(call.excinfo.tb)
    report = yield
    verdict = item.stash.get(_VERDICT, "")
    is_told = bool(verdict) and call.excinfo is not None and verdict in str(call.excinfo.value)
    if item.stash.get(_HAS_BROKEN, False):
        item.stash[_HAS_BROKEN] = False
        report.__dict__[run.HAS_BROKEN] = True  # pytest-xdist sends it on
    if report.failed and call.when != "teardown" and _uses_emulators():
        from emulator.testing.verdict import reports

        for text in reports(item.stash.get(_USED, []), is_told):
            report.sections.append((SECTION, text))
    return report


def _end_at_the_client(frame: TracebackType) -> None:
    """Let a traceback end where `raise_for_status` is called: what is within says nothing more."""
    while (inner := frame.tb_next) is not None:
        if inner.tb_next is None and inner.tb_frame.f_code.co_name == "raise_for_status":
            frame.tb_next = None
            return
        frame = inner


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers; a worker tells its controller of calls that came too late."""
    if "emulator.testing.pool" not in sys.modules:
        return
    from emulator.testing import pool

    late = session.config.stash[_LATE]
    late.update(pool.LATE_CALLS)
    pool.LATE_CALLS.clear()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_WORKER_KEY] = late
    pool.close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Receive from a worker of pytest-xdist which calls came too late."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[_LATE].update(output.get(_WORKER_KEY, {}))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell of calls that came too late to be judged."""
    for test, count in config.stash[_LATE].items():
        said = f"aep-emulator: {count} calls of {test or 'a test'} came after its end"
        terminalreporter.write_line(f"{said}, and were answered with 410", yellow=True)
