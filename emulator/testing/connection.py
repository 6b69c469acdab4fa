"""An emulator that a test uses, and how clients in its process reach it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from time import sleep
from typing import TYPE_CHECKING, Any, Self

from emulator.clock import MovableClock
from emulator.journal.entry import EXPECTS_HEADER, TEST_HEADER
from emulator.journal.journal import CONTROL_PATHS
from emulator.settings import SettingError, Settings
from emulator.testing import pool, run
from emulator.testing.client import AepClient, in_process, valid_headers
from emulator.testing.clock import AepClock
from emulator.testing.guard import IMS, PLATFORM, NetworkGuard, is_real
from emulator.testing.in_flight import InFlight
from emulator.testing.in_process import InProcessTransport
from emulator.testing.interception import Interception
from emulator.testing.remarked_calls import OPEN, RemarkedCalls
from emulator.web.isolation import PREFIX
from emulator.web.message import Request, Response

if TYPE_CHECKING:
    from emulator.emulator import Emulator
    from emulator.testing.session import AepSession

HOST = "aep.test"
"""The host name of the emulator in this process; names in `.test` never leave a machine."""

LAST_CALLS_TIMEOUT = 10.0
"""How long, in seconds, the end of a test waits for calls that are still being answered."""

_OWN_PATHS = ((PLATFORM, "/data/"), (IMS, "/ims/"))


class Connection:
    """An emulator, taken from the pool at `start` and returned at `stop`, and the way to it.

    In between, `requests` and `httpx` reach it at `url` and cannot reach Adobe's own hosts.
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
        """Remember the settings; `AEP_EMULATOR_*` in the environment has no effect.

        Args:
            settings: Those of the emulator.
            mock: Whether Adobe's own hosts lead here too.
            test: What the journal calls the test that sends the calls.
            options: Single settings by name, such as `edition` and `enforce`.

        Raises:
            SettingError: There is no such setting.
        """
        self._settings = with_options(settings or Settings(), options)
        self.mock = mock
        self._test = test
        self._expects: tuple[str, ...] = ()
        self._emulator: Emulator | None = None
        self._remarked: RemarkedCalls | None = None
        self._session: AepSession | None = None
        self._interception: Interception | None = None
        self._in_flight = InFlight()
        self.guard = NetworkGuard()

    # Its life

    def start(self) -> Self:
        """Take an emulator from the pool; it is empty.

        Raises:
            RuntimeError: It is started already.
            SettingError, ContractError, FixtureError: The settings cannot be used.
        """
        if self._emulator is not None:
            raise RuntimeError("this Aep is started already")
        self._emulator = pool.borrow(self._settings)
        self._remarked = RemarkedCalls(self._emulator.contract)
        self._emulator.observe(self._remarked)
        self.guard.start()
        try:
            self._connect(self._emulator)
        except BaseException:
            self.guard.stop()
            self._emulator.stop_observing(self.remarked)
            self._emulator = None
            raise
        OPEN.append(self.remarked)
        return self

    def stop(self) -> None:
        """Return it to the pool; stopping twice does no harm.

        Calls that are being answered are waited for. One that takes too long keeps its emulator.
        """
        emulator = self._emulator
        if emulator is None:
            return
        if self._session is not None:
            self._session.close()
            self._session = None
        self._disconnect()
        self.guard.stop()
        is_idle = self._in_flight.wait(LAST_CALLS_TIMEOUT)
        self._emulator = None
        emulator.stop_observing(self.remarked)
        self.remarked.has_ended = True
        if not run.sessions:
            OPEN.remove(self.remarked)
        if is_idle:
            pool.give_back(self._settings, emulator)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        self.stop()
        if kind is None:
            self.guard.check()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        self.__exit__(kind)

    def _connect(self, emulator: Emulator) -> None:
        host = _host()
        self.url = f"http://{host}"
        client = InProcessTransport(self.handle, self._wait)

        def claims(name: str) -> bool:
            return name == host or (self.mock and is_real(name))

        self._interception = Interception(claims, client)
        self._interception.start()
        _HOSTS.append(host)

    def _disconnect(self) -> None:
        if self._interception is not None:
            self._interception.stop()
            self._interception = None
            _HOSTS.remove(self.url.removeprefix("http://"))

    def handle(self, request: Request) -> Response:
        """Answer a request, adding what it does not say: its test, and what it is to break."""
        with self._in_flight:
            return self._answer(request)

    def _answer(self, request: Request) -> Response:
        application, headers = self.emulator.application, request.headers
        if self._expects:
            headers.setdefault(EXPECTS_HEADER, ", ".join(self._expects))
        if TEST_HEADER not in headers and not request.target.startswith(PREFIX):
            request.isolate = False
            is_control = request.target.startswith(CONTROL_PATHS)
            # A control call that names a test sees only what belongs to it.
            if test := self._test or ("" if is_control else run.running_test()):
                headers[TEST_HEADER] = test
        if request.adobe_host and not _is_at_its_host(request):
            return application.refuse_unmatched(request)
        return application.handle(request)

    def body_limit(self, method: str, target: str) -> int:
        """Return how many bytes of a request's body are to be read."""
        return self.emulator.application.body_limit(method, target)

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
    def is_started(self) -> bool:
        """Whether it has an emulator now."""
        return self._emulator is not None

    @property
    def remarked(self) -> RemarkedCalls:
        """The calls since the start that there is something to say of, also after the end.

        Raises:
            RuntimeError: It has never been started.
        """
        if self._remarked is None:
            raise RuntimeError("this Aep was never started")
        return self._remarked

    @property
    def token_url(self) -> str:
        """In place of `https://ims-na1.adobelogin.com/ims/token/v3`."""
        return f"{self.url}/ims/token/v3"

    @property
    def headers(self) -> dict[str, str]:
        """What every call to the platform carries, in valid form."""
        return valid_headers()

    @property
    def client(self) -> AepClient:
        """A client with these headers that needs no library and no socket: `call` and `ok`."""
        transport = InProcessTransport(self.handle, self._wait)
        return AepClient(in_process(transport, self.url), self.emulator.contract, self.headers)

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
    def clock(self) -> AepClock:
        """The emulator's clock: `set` it, `advance` it."""
        return AepClock(self.emulator)

    def _wait(self, seconds: float) -> None:
        """Let time pass for a client that waits: on the emulator's clock, if it can be moved."""
        clock = self.emulator.platform.clock
        if isinstance(clock, MovableClock):
            clock.advance(seconds)
        else:
            sleep(seconds)


def _is_at_its_host(request: Request) -> bool:
    """Tell whether what a request asks one of Adobe's own hosts for is at that host."""
    host, target = request.adobe_host, request.target
    return any(pattern.fullmatch(host) and target.startswith(own) for pattern, own in _OWN_PATHS)


_HOSTS: list[str] = []
"""The names of the emulators that are started."""


def _host() -> str:
    """Return a name that no other emulator of this process has now."""
    names = (HOST if number == 1 else f"aep-{number}.test" for number in count(1))
    return next(name for name in names if name not in _HOSTS)


def with_options(settings: Settings, options: dict[str, Any]) -> Settings:
    """Return settings with single ones changed; text is read as a flag would be.

    Raises:
        SettingError: There is no such setting, or it cannot have this value.
    """
    from emulator.settings import table

    rows = {row.name: row for row in table()}
    read = {}
    for name, value in options.items():
        if name not in rows:
            raise SettingError(f"unknown setting {name!r}; expected one of {', '.join(rows)}")
        try:
            read[name] = rows[name].read(value) if isinstance(value, str) else value
        except ValueError as error:
            raise SettingError(f"{name}: {value!r} {error}") from error
    return replace(settings, **read)
