"""What a run of pytest reports at its end; imported by runs that ask for a report."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from emulator.clock import make_clock
from emulator.coverage.coverage import Coverage
from emulator.coverage.files import CoveragePart, merge_parts, write_coverage
from emulator.output import write_file
from emulator.plurals import counted
from emulator.reports.rendering import FORMATS, format_of
from emulator.reports.report import build
from emulator.reports.tests import RanTest, add_run
from emulator.reports.thresholds import Demand
from emulator.reports.verdict import judged
from emulator.testing import pool, run

_WORKER_KEY = "aep_emulator_coverages"


class Reports:
    """Collects the coverage of all processes of a run, and writes it in each form."""

    def __init__(self, config: pytest.Config) -> None:
        """Count from now on.

        Raises:
            pytest.UsageError: The name of a report has no known ending, or cannot be written.
        """
        self._config = config
        self._found: list[CoveragePart] = []
        self._lost: list[str] = []
        self._broke: set[str] = set()
        self._ran: defaultdict[str, RanTest] = defaultdict(RanTest)
        for path in config.getoption("aep_report"):
            try:
                format_of(path)
            except ValueError as error:
                raise pytest.UsageError(f"--aep-report: {error}") from error
            _make_folder("--aep-report", path)
        if path := config.getoption("aep_coverage"):
            _make_folder("--aep-coverage", path)
        pool.COUNTING.set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember where a test is, and how long it has taken: set up and torn down as well."""
        test, (file, line, _) = self._ran[report.nodeid], report.location
        test.file, test.line = file.replace("\\", "/"), (line or 0) + 1
        test.seconds += report.duration
        if test.outcome != "failed" and report.outcome != "passed":
            test.outcome = report.outcome
        if getattr(report, run.HAS_BROKEN, False):
            self._broke.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Collect the coverage of this process; a worker sends it to its controller."""
        found = pool.coverage_parts()
        self._found += found
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_WORKER_KEY] = [tuple(part) for part in found]

    def pytest_unconfigure(self) -> None:
        """Count no longer."""
        pool.COUNTING.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Receive the coverage of a worker of pytest-xdist; one that has crashed has none."""
        output = getattr(node, "workeroutput", None)
        if output is None:
            self._lost.append(node.gateway.id)
        else:
            self._found += [CoveragePart(*part) for part in output.get(_WORKER_KEY, [])]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the reports and the coverage, and print the summary."""
        option, write = self._config.getoption, terminalreporter.write_line
        coverage = merge_parts(self._found)
        date = make_clock(run.start_of_clocks()).now()
        report = build(coverage.contract, coverage, date=date)
        report = judged(add_run(report, coverage, run.began(), self._ran), self._demands())
        report["jsonBy"] = "--aep-report report.json"
        for path in option("aep_report"):
            write_file(Path(path), FORMATS[format_of(path)](report))
            write(f"aep-emulator: wrote {path}")
        if path := option("aep_coverage"):
            write_coverage(coverage.to_json(), Path(path))
            write(f"aep-emulator: wrote {path}")
        for said in self._lacks(coverage):
            write(f"aep-emulator: {said}", yellow=True)
        if option("aep_summary"):
            terminalreporter.section("aep-emulator")
            write(FORMATS["terminal"](report))

    def _demands(self) -> list[Demand]:
        """Return what was demanded of each test, and how many did not fulfil it."""
        option, setting = self._config.getoption("aep_fail_on"), self._config.getini("aep_fail_on")
        by = f"--aep-fail-on {option}" if option else f"aep_fail_on = {setting}"
        if (option or setting) == "nothing":
            if not self._broke:
                return []
            by = "the mark aep(fail_on=…)"
        what = "break" if (option or setting) == "warnings" else "violate"
        said = f"{counted(len(self._broke), 'test')} did otherwise"
        failures = (said,) if self._broke else ()
        return [Demand(by, f"tests {what} the rules that they expect to, and no others", failures)]

    def _lacks(self, coverage: Coverage) -> list[str]:
        """Return what the reports do not know."""
        said = [
            f"worker {name} has ended without its coverage; what its tests called is not reported"
            for name in self._lost
        ]
        return said if coverage.tallies else [*said, "no test called the emulator"]


def _make_folder(option: str, path: str) -> None:
    """Make the folder of a file that is written when all tests have run.

    Raises:
        pytest.UsageError: It cannot be made or written to.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"{option}: {path}: {error.strerror}") from error
    if Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise pytest.UsageError(f"{option}: {path}: it cannot be written")
