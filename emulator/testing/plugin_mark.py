"""The mark `aep` of tests: what it may say, and what it says of a test."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.testing import Aep

MARKER = (
    "aep(edition, enforce, scenario, faults, clock, expects, fail_on): sets up the emulator of a "
    "test: edition in force, enforcement, scenario to start with, active faults, where the clock "
    "starts, rules that the test breaks on purpose, and what else fails it"
)
FAIL_ON = ("nothing", "violations", "warnings")
"""The words of `emulator.reports.thresholds`, which not every run of pytest is to import."""

_OF_PLUGIN = ("clock", "expects", "fail_on")
_ARGUMENTS = ("edition", "enforce", "scenario", "faults", *_OF_PLUGIN)


def marked(item: pytest.Item) -> dict[str, Any]:
    """Return the arguments of the marks of a test, its classes and its module, the closest first.

    Raises:
        pytest.fail.Exception: A mark cannot be used.
    """
    wanted: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("aep"))):
        if mark.args:
            pytest.fail(
                "the mark aep takes only keyword arguments, such as edition=…", pytrace=False
            )
        for name in mark.kwargs:
            if name not in _ARGUMENTS:
                from emulator.near_names import unknown_name

                said = unknown_name("argument", name, _ARGUMENTS)
                pytest.fail(f"the mark aep: {said}", pytrace=False)
        wanted |= mark.kwargs
    if wanted.get("fail_on", "nothing") not in FAIL_ON:
        said = f"{wanted['fail_on']!r} is not one of {', '.join(FAIL_ON)}"
        pytest.fail(f"the mark aep: fail_on: {said}", pytrace=False)
    return wanted


def set_up(aep: Aep, item: pytest.Item) -> None:
    """Set up the emulator of a test as its marks say."""
    wanted = {name: value for name, value in marked(item).items() if name not in _OF_PLUGIN}
    try:
        aep.set_up(**wanted)
    except (TypeError, ValueError) as error:
        pytest.fail(f"the mark aep: {error}", pytrace=False)


def _expected(item: pytest.Item) -> tuple[str, ...]:
    rules = marked(item).get("expects", ())
    return (rules,) if isinstance(rules, str) else tuple(rules)


def begin_expectations(item: pytest.Item, expectations: ExitStack, lent: list[Aep]) -> None:
    """Expect of the emulators of a test what its marks say, until the stack is left."""
    rules = _expected(item)
    if rules and not lent:
        said = "the mark aep: expects is for tests that use aep, mock_aep or aep_server"
        pytest.fail(said, pytrace=False)
    for used in lent:
        try:
            expectations.enter_context(used.expects(*rules))
        except ValueError as error:
            pytest.fail(f"the mark aep: expects: {error}", pytrace=False)


def fail_on(item: pytest.Item) -> str:
    """Return what fails a test: as its marks say, else a flag or the ini file."""
    return str(marked(item).get("fail_on") or fail_on_of_run(item.config))


def fail_on_of_run(config: pytest.Config) -> str:
    """Return what fails the tests of a run whose marks do not say: as a flag or the ini file."""
    return str(config.getoption("aep_fail_on") or config.getini("aep_fail_on"))
