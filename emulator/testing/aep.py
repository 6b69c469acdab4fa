"""What a test holds: an emulator of its own, how to reach it, and what it saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from emulator.journal.entry import EXPECTS, TEST, Broken, Entry
from emulator.journey import GIVEN
from emulator.runtime import ManualClock
from emulator.settings import SettingError, Settings
from emulator.testing import assertions, pool
from emulator.testing.guard import IMS, PLATFORM, NetworkGuard, is_real
from emulator.testing.in_process import InProcess
from emulator.testing.interception import Interception
from emulator.web.flask_app import ADOBE_HOST
from emulator.web.worlds import ENGINE, PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from emulator.app import Emulator
    from emulator.faults import Faults
    from emulator.state import State
    from emulator.testing.session import AepSession

HOST = "aep.test"
"""Under which the emulator of this process is called; names in `.test` never leave a machine."""

_TEST = "HTTP_" + TEST.upper().replace("-", "_")
_EXPECTS = "HTTP_" + EXPECTS.upper().replace("-", "_")
_OWN_PATHS = ((PLATFORM, "/data/"), (IMS, "/ims/"))


class Aep:
    """An emulator in this process: empty at `start`, its clock stands still, its ids repeat.

    While it is started, `requests` and `httpx` reach it at `url` without a socket, whoever uses
    them. With `mock` they reach it under Adobe's own host names too. Every other way to these hosts
    fails and says what to do instead.
    """

    url = ""
    """In place of `https://platform.adobe.io`, and of the address of IMS; known once started."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        mock: bool = False,
        test: str = "",
        **options: Any,
    ) -> None:
        """Remember what is wanted; the environment's `AEP_EMULATOR_*` is not asked.

        Args:
            settings: What the emulator is told.
            mock: Whether Adobe's own hosts lead here too.
            test: What the journal calls the test that sends the calls.
            options: Single settings by name, such as `edition` and `enforce`.

        Raises:
            SettingError: There is no such setting.
        """
        self._settings = _with_options(settings or Settings(), options)
        self.mock = mock
        self._test = test
        self._expects: tuple[str, ...] = ()
        self._emulator: Emulator | None = None
        self._session: AepSession | None = None
        self._interception: Interception | None = None
        self.guard = NetworkGuard()

    # Its life

    def start(self) -> Self:
        """Be there, empty, from now on.

        Raises:
            RuntimeError: It is started already.
            SettingError, ContractError, FixtureError: The settings cannot be used.
        """
        if self._emulator is not None:
            raise RuntimeError("this Aep is started already")
        self._emulator = pool.borrow(self._settings)
        self.guard.start()
        try:
            self._connect(self._emulator)
        except BaseException:
            self.guard.stop()
            self._emulator = None
            raise
        return self

    def stop(self) -> None:
        """Be gone; stopping twice does no harm."""
        emulator, self._emulator = self._emulator, None
        if emulator is None:
            return
        if self._session is not None:
            self._session.close()
            self._session = None
        self._disconnect()
        self.guard.stop()
        pool.give_back(self._settings, emulator)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        self.stop()
        if kind is None:
            self.guard.check()

    def _connect(self, emulator: Emulator) -> None:
        host = _host()
        self.url = f"http://{host}"
        door = InProcess(self._app, self.clock.advance)

        def claims(name: str) -> bool:
            return name == host or (self.mock and is_real(name))

        self._interception = Interception(claims, door.send, self.clock.advance)
        self._interception.start()
        _HOSTS.append(host)

    def _disconnect(self) -> None:
        if self._interception is not None:
            self._interception.stop()
            self._interception = None
            _HOSTS.remove(self.url.removeprefix("http://"))

    def _app(self, environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        """Answer a request, adding what it does not say: its test, and what it is to break."""
        emulator = self.emulator
        if self._expects:
            environ.setdefault(_EXPECTS, ", ".join(self._expects))
        if _TEST not in environ and not environ["PATH_INFO"].startswith(PREFIX):
            environ[ENGINE] = emulator.engine
            if self._test:
                environ[_TEST] = self._test
        if self.mock:
            _keep_to_its_host(environ)
        return emulator.wsgi_app(environ, start_response)

    # What it is made of

    @property
    def emulator(self) -> Emulator:
        """The emulator itself.

        Raises:
            RuntimeError: It is not started.
        """
        if self._emulator is None:
            raise RuntimeError("this Aep is not started; use it in a with statement, or call start")
        return self._emulator

    @property
    def token_url(self) -> str:
        """In place of `https://ims-na1.adobelogin.com/ims/token/v3`."""
        return f"{self.url}/ims/token/v3"

    @property
    def headers(self) -> dict[str, str]:
        """What every call to the platform carries, in valid form."""
        return {
            "Authorization": "Bearer any-token",
            "x-api-key": GIVEN["apiKey"],
            "x-gw-ims-org-id": GIVEN["organization"],
            "x-sandbox-name": GIVEN["sandbox"],
        }

    @property
    def session(self) -> AepSession:
        """A `requests.Session` with these headers, which takes paths as well as URLs.

        Raises:
            ModuleNotFoundError: `requests` is not installed.
        """
        if self._session is None:
            from emulator.testing.session import AepSession

            self._session = AepSession(self.url, self.headers)
        return self._session

    @property
    def clock(self) -> ManualClock:
        """The emulator's clock: `set` it, `advance` it."""
        clock = self.emulator.platform.runtime.clock
        assert isinstance(clock, ManualClock)  # noqa: S101 - the pool makes no other
        return clock

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
        self.emulator.engine.enforce = _with_options(Settings(), {"enforce": name}).enforce

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

    def seed(self, **wish: Any) -> dict[str, int]:
        """Add a random world, by default to the sandbox of `headers`; return how much of what.

        Args:
            wish: How much: `datasets`, `flows`, `schemas`, `connections`, `runs` and others, as
                docs/scenarios.md lists them.

        Raises:
            SeedError: It cannot be made as it is asked for; nothing was added.
        """
        return self.emulator.seed(**wish)

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
    def findings(self) -> list[Broken]:
        """Every rule that a call broke, and every refusal without one, in order."""
        return [item for entry in self.journal for item in entry.broken]

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
        self._switch.app = self._app
        self.url = f"http://127.0.0.1:{server.port}"

    def _disconnect(self) -> None:
        self._switch.app = _gone


def _gone(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
    """Answer a client that outlives its test."""
    start_response("410 Gone", [("Content-Type", "application/json")])
    return [b'{"message":"the test that this emulator belonged to has ended"}']


def _keep_to_its_host(environ: WSGIEnvironment) -> None:
    """Let a request under one of Adobe's own names reach only what is at that host."""
    host, path = environ["SERVER_NAME"].rstrip("."), environ["PATH_INFO"]
    if is_real(host):
        environ[ADOBE_HOST] = host
        if not any(pattern.fullmatch(host) and path.startswith(own) for pattern, own in _OWN_PATHS):
            # There is no operation at such a path.
            environ["PATH_INFO"] = f"//{host}{path}"


_HOSTS: list[str] = []


def _host() -> str:
    number = len(_HOSTS) + 1
    return HOST if number == 1 else f"aep-{number}.test"


def _with_options(settings: Settings, options: dict[str, Any]) -> Settings:
    """Return settings with single ones changed; text is read as a flag would be.

    Raises:
        SettingError: There is no such setting, or it cannot have this value.
    """
    from emulator.settings import table

    rows = {row.name: row for row in table()}
    read = {}
    for name, value in options.items():
        if name not in rows:
            raise SettingError(f"there is no setting {name!r}; there are {', '.join(rows)}")
        try:
            read[name] = rows[name].read(value) if isinstance(value, str) else value
        except ValueError as error:
            raise SettingError(f"{name}: {value!r} {error}") from error
    return replace(settings, **read)
