"""The object that tests use: an emulator of their own, and assertions about its calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from emulator.journal.entry import Entry, EntryFinding
from emulator.settings import SettingError, Settings
from emulator.testing import assertions, pool, violations
from emulator.testing.connection import with_options
from emulator.testing.data import DataConnection
from emulator.web.message import Request, Response

if TYPE_CHECKING:
    from emulator.emulator import Emulator
    from emulator.faults import Faults
    from emulator.state import State


class Aep(DataConnection):
    """An emulator in this process: empty at `start`, with a manual clock and reproducible ids.

    While it runs, `requests`, `httpx`, `urllib`, `http.client`, `urllib3` and `aiohttp` reach it at
    `url` without a socket, in any code. With `mock` they also reach it under Adobe's own host
    names. All other connections to Adobe's hosts fail with an error that names the alternatives.
    """

    # How it is set up

    @property
    def edition(self) -> str:
        """The edition of the contract in force; can be set."""
        return self.emulator.engine.edition

    @edition.setter
    def edition(self, name: str) -> None:
        known = self.emulator.contract.entries
        if name not in known:
            raise SettingError(f"edition: {name!r} is not one of {', '.join(known)}")
        self.emulator.engine.edition = name

    @property
    def enforce(self) -> str:
        """The enforcement: `documented`, `strict` or `observe`; can be set."""
        return self.emulator.engine.enforce

    @enforce.setter
    def enforce(self, name: str) -> None:
        self.emulator.engine.enforce = with_options(Settings(), {"enforce": name}).enforce

    @property
    def faults(self) -> Faults:
        """The faults to inject, with `add`, `remove` and `clear`."""
        return self.emulator.faults

    def set_up(
        self,
        *,
        scenario: str | None = None,
        edition: str | None = None,
        enforce: str | None = None,
        faults: Sequence[Any] = (),
    ) -> None:
        """Set up the emulator, just started, as the marks of a test ask for.

        A scenario is built once in a process for the same settings, and then restored.

        Raises:
            SeedError: The scenario does not exist or cannot be built.
            SettingError: The edition or the enforcement is unknown.
            FaultError: A fault cannot be used.
        """
        if scenario is not None:
            pool.put_scenario(self._settings, self.emulator, scenario)
        if edition is not None:
            self.edition = edition
        if enforce is not None:
            self.enforce = enforce
        self.faults.add_all(list(faults))

    def seed(self, **spec: Any) -> dict[str, int]:
        """Add random data to the sandbox of `headers`; return how many resources were created.

        Args:
            spec: How many: `datasets`, `flows`, `schemas`, `connections`, `runs` and others, as
                docs/how-to/scenarios.md lists them.

        Raises:
            SeedError: The data cannot be created; nothing was added.
        """
        return self.emulator.seed(**spec)

    def load_scenario(self, name: str) -> None:
        """Replace the state by a scenario.

        Raises:
            SeedError: It does not exist or cannot be built; nothing has changed.
        """
        self.emulator.load_scenario(name)

    def snapshot(self) -> State:
        """Return the whole state, for `restore`."""
        return self.emulator.snapshot()

    def restore(self, state: State) -> None:
        """Replace the whole state by a snapshot, of this or another emulator."""
        self.emulator.restore(state)

    def reset(self) -> None:
        """Become as new: empty, with the first ids, time and call numbers again.

        The journal begins anew; the findings of earlier calls stay with the test: `findings`,
        `report` and `assert_no_violations` know them.
        """
        self.emulator.reset()
        if self.emulator.journal is not None:
            self.emulator.journal.clear()  # which counts the latest calls before they go
            self.emulator.journal.forget()
        self.remarked.begin_anew()

    # What it saw

    @property
    def journal(self) -> list[Entry]:
        """The calls since the start or the last reset, in order: the latest, if there were many.

        Raises:
            RuntimeError: The setting `journal` is 0.
        """
        journal = self.emulator.journal
        if journal is None:
            raise RuntimeError("no journal is kept, because the setting journal is 0")
        return list(journal.entries(newest_first=False))

    @property
    def findings(self) -> list[EntryFinding]:
        """The findings of all calls of the test, in order: rules broken, refusals without a rule.

        Those before a reset are among them, and those that the journal has let go of. Of very
        many calls (8 MiB) the latest are kept.
        """
        return [item for call in self.remarked.since() for item in call.packed.findings]

    def report(self) -> str:
        """Return the latest calls and all that broke rules, each explained."""
        kept = self.emulator.journal
        latest = [] if kept is None else list(kept.entries(newest_first=False))
        return violations.report(latest, self.remarked)

    def assert_no_violations(self, *, severities: Sequence[str] = assertions.VIOLATIONS) -> None:
        """Assert that no call broke a rule unexpectedly, and that all expectations were met.

        All calls of the test count, also those before a reset, those to isolated emulators, and
        those that the journal does not have any more.

        Raises:
            AssertionError: The message explains each rule.
        """
        __tracebackhide__ = True
        violations.none_violated(self.remarked, severities)

    def assert_called(
        self,
        operation: str,
        *,
        times: int | None = None,
        body_contains: Any = None,
        query: dict[str, object] | None = None,
        status: int | None = None,
    ) -> list[Entry]:
        """Assert that an operation was called since the start or the last reset; return the calls.

        Args:
            operation: Such as `flow_service.create_flow`.
            times: How often; None means at least once.
            body_contains: A part of the body: objects may have more members, lists more items. A
                text is searched for in the body as text.
            query: Query parameters that are sent, possibly among others.
            status: Of the response.

        Raises:
            AssertionError: The message has the calls that were made, and those that nearly match;
                or the journal has let go of calls, so that it cannot be told.
            ValueError: The operation is unknown.
        """
        __tracebackhide__ = True
        contract = self.emulator.contract
        id = assertions.known_operation(contract, operation)
        called = assertions.CallPattern(id, body_contains, query, status)
        journal, kept = self.journal, self.emulator.journal
        gone = 0 if kept is None else kept.gone
        return assertions.was_called(contract, journal, called, times, gone)

    def assert_not_called(self, operation: str, **which: Any) -> None:
        """Assert that an operation was not called, or not with the arguments of `which`.

        Raises:
            AssertionError: The message has the calls.
            ValueError: The operation is unknown.
        """
        __tracebackhide__ = True
        self.assert_called(operation, times=0, **which)

    @contextmanager
    def expects_refusal(self, rule: str, *, status: int | None = None) -> Iterator[Refused]:
        """Expect that a rule refuses one of the calls within the block.

        The rule counts as covered, and the refusal not as a violation.

        Raises:
            AssertionError: The rule refused none of them.
            ValueError: The rule is unknown.
        """
        __tracebackhide__ = True
        contract = self.emulator.contract
        assertions.known_rule(contract, rule)
        mark = self.remarked.mark()
        outer, self._expects = self._expects, (*self._expects, rule)
        refused = Refused()
        try:
            yield refused
        finally:
            self._expects = outer
            since = [call.entry for call in self.remarked.since(mark)]
            found = assertions.refused_by(since, rule, status)
            self.remarked.settle(mark, rule, is_met=found is not None)
        refused.entry = found or assertions.fail_unrefused(contract, since, rule, status)

    @contextmanager
    def expects(self, *rules: str) -> Iterator[None]:
        """Expect that calls within the block break rules, whether these refuse or warn.

        The rules count as covered, and what breaks them is not a violation.

        Raises:
            AssertionError: A rule was broken by none of them.
            ValueError: A rule is unknown.
        """
        __tracebackhide__ = True
        contract = self.emulator.contract
        for rule in rules:
            assertions.known_rule(contract, rule)
        mark = self.remarked.mark()
        outer, self._expects = self._expects, (*self._expects, *rules)
        try:
            yield
        finally:
            self._expects = outer
            since = [call.entry for call in self.remarked.since(mark)]
            broken = {item.rule for entry in since for item in entry.findings}
            for rule in rules:
                self.remarked.settle(mark, rule, is_met=rule in broken)
        for rule in rules:
            if rule not in broken:
                assertions.fail_unbroken(contract, since, rule)


class Refused:
    """The refused call, after the block of `expects_refusal`."""

    entry: Entry


class AepServer(Aep):
    """An emulator behind a socket on a free port, for clients in other processes and languages.

    The next one with the same settings uses the same server.
    """

    def _connect(self, emulator: Emulator) -> None:
        server, self._switch = pool.server_of(emulator)
        self._switch.handler = self
        self.url = f"http://127.0.0.1:{server.port}"

    def refused_head(self, status: int, rule: str, reason: str) -> None:
        """Keep that a request was refused for its head, before there was a call."""
        self.remarked.add_head(f"a request was refused with {status}: {rule}: {reason}")

    def _disconnect(self) -> None:
        self._switch.handler = _Ended(self._test)


class _Ended:
    """Answers a client that outlives its test."""

    def __init__(self, test: str) -> None:
        self._test = test

    def handle(self, request: Request) -> Response:
        """Say so, and count the call: its test has had its verdict without it."""
        pool.LATE_CALLS[self._test] += 1
        message = b'{"message":"the test that this emulator belonged to has ended"}'
        length = ("Content-Length", str(len(message)))
        return Response(410, [("Content-Type", "application/json"), length], message)

    def body_limit(self, method: str, target: str) -> int:
        """Read nothing."""
        return 0
