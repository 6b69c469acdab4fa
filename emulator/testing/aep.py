"""What a test holds: an emulator of its own, how to reach it, and what it saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from emulator.journal.entry import Entry, EntryFinding
from emulator.settings import SettingError, Settings
from emulator.testing import assertions, pool
from emulator.testing.connection import Connection, with_options
from emulator.web.message import Request, Response

if TYPE_CHECKING:
    from emulator.emulator import Emulator
    from emulator.faults import Faults
    from emulator.state import State


class Aep(Connection):
    """An emulator in this process: empty at `start`, its clock stands still, its ids repeat.

    While it is started, `requests` and `httpx` reach it at `url` without a socket, whoever uses
    them. With `mock` they reach it under Adobe's own host names too. Every other way to these hosts
    fails and says what to do instead.
    """

    # How it is set up

    @property
    def edition(self) -> str:
        """The edition of the contract in force; may be set."""
        return self.emulator.engine.edition

    @edition.setter
    def edition(self, name: str) -> None:
        known = self.emulator.contract.entries
        if name not in known:
            raise SettingError(f"edition: {name!r} is not one of {', '.join(known)}")
        self.emulator.engine.edition = name

    @property
    def enforce(self) -> str:
        """What is enforced: `documented`, `strict` or `observe`; may be set."""
        return self.emulator.engine.enforce

    @enforce.setter
    def enforce(self, name: str) -> None:
        self.emulator.engine.enforce = with_options(Settings(), {"enforce": name}).enforce

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: `add`, `remove` and `clear`."""
        return self.emulator.faults

    def set_up(
        self,
        *,
        scenario: str | None = None,
        edition: str | None = None,
        enforce: str | None = None,
        faults: Sequence[Any] = (),
    ) -> None:
        """Set up the emulator, just started, as a test's mark asks for.

        A scenario is built once a process for the same settings, and after that restored.

        Raises:
            SeedError: There is no such scenario, or it cannot be built.
            SettingError: There is no such edition, or no such way to enforce.
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
                docs/scenarios.md lists them.

        Raises:
            SeedError: It cannot be made as it is asked for; nothing was added.
        """
        return self.emulator.seed(**spec)

    def load_scenario(self, name: str) -> None:
        """Put a scenario in place of what is there.

        Raises:
            SeedError: There is none of the name, or it cannot be built; nothing has changed.
        """
        self.emulator.load_scenario(name)

    def snapshot(self) -> State:
        """Return all that the emulator knows now, for `restore`."""
        return self.emulator.snapshot()

    def restore(self, state: State) -> None:
        """Replace all that the emulator knows by a snapshot, its own or another's."""
        self.emulator.restore(state)

    def reset(self) -> None:
        """Be as new: empty, with the ids, times and numbers of the beginning."""
        self.emulator.reset()
        if self.emulator.journal is not None:
            self.emulator.journal.forget()

    # What it saw

    @property
    def journal(self) -> list[Entry]:
        """Every call so far, in order.

        Raises:
            RuntimeError: The settings want no journal.
        """
        journal = self.emulator.journal
        if journal is None:
            raise RuntimeError("there is no journal: the setting journal is 0")
        return list(journal.entries(newest_first=False))

    @property
    def findings(self) -> list[EntryFinding]:
        """Every rule that a call broke, and every refusal without one, in order."""
        return [item for entry in self.journal for item in entry.findings]

    def report(self) -> str:
        """Return every call in a line, and in words why it was refused or warned of."""
        return assertions.report(self.emulator.contract, self.journal)

    def assert_no_violations(self, *, severities: Sequence[str] = assertions.VIOLATIONS) -> None:
        """Hold that no call broke a rule by accident, and that every announced breach came true.

        Raises:
            AssertionError: With each rule in words.
        """
        __tracebackhide__ = True
        assertions.none_violated(self.emulator.contract, self.journal, severities)

    def assert_called(
        self,
        operation: str,
        *,
        times: int | None = None,
        body_contains: Any = None,
        query: dict[str, object] | None = None,
        status: int | None = None,
    ) -> list[Entry]:
        """Hold that an operation was called, and return the calls.

        Args:
            operation: Such as `flow_service.create_flow`.
            times: How often; None is at least once.
            body_contains: A part of the body. An object may have more members than these, a list
                more items; a text is looked for in the body as text.
            query: Parameters of the query with their values, among others.
            status: Of the answer.

        Raises:
            AssertionError: With what was called instead, and what came near.
            ValueError: There is no such operation.
        """
        __tracebackhide__ = True
        contract = self.emulator.contract
        id = assertions.known_operation(contract, operation)
        called = assertions.Called(id, body_contains, query, status)
        return assertions.was_called(contract, self.journal, called, times)

    def assert_not_called(self, operation: str, **which: Any) -> None:
        """Hold that an operation was not called, or not in the way that `which` says.

        Raises:
            AssertionError: With the calls.
            ValueError: There is no such operation.
        """
        __tracebackhide__ = True
        self.assert_called(operation, times=0, **which)

    @contextmanager
    def expects_refusal(self, rule: str, *, status: int | None = None) -> Iterator[Refused]:
        """Break a rule on purpose: calls within the block say so, and one of them has to do it.

        The coverage counts the rule as tried, and nothing as a violation.

        Raises:
            AssertionError: The rule refused none of them.
            ValueError: There is no such rule.
        """
        __tracebackhide__ = True
        contract = self.emulator.contract
        assertions.known_rule(contract, rule)
        before = max((entry.number for entry in self.journal), default=0)
        outer, self._expects = self._expects, (*self._expects, rule)
        refused = Refused()
        try:
            yield refused
        finally:
            self._expects = outer
        since = [entry for entry in self.journal if entry.number > before]
        refused.entry = assertions.was_refused(contract, since, rule, status)


class Refused:
    """The call that a rule refused, once the block of `expects_refusal` has ended."""

    entry: Entry


class AepServer(Aep):
    """An emulator behind a socket on a free port, for clients in other processes and languages.

    The server of one is kept for the next one with the same settings.
    """

    def _connect(self, emulator: Emulator) -> None:
        server, self._switch = pool.server_of(emulator)
        self._switch.handler = self
        self.url = f"http://127.0.0.1:{server.port}"

    def _disconnect(self) -> None:
        self._switch.handler = _Ended()


class _Ended:
    """Answers a client that outlives its test."""

    def handle(self, request: Request) -> Response:
        """Say so."""
        message = b'{"message":"the test that this emulator belonged to has ended"}'
        length = ("Content-Length", str(len(message)))
        return Response(410, [("Content-Type", "application/json"), length], message)

    def body_limit(self, method: str, target: str) -> int:
        """Read nothing."""
        return 0
