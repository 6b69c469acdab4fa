"""An emulator for tests that are coroutines, whatever event loop and plugin runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.json_types import Json
from emulator.testing.client import Response

if TYPE_CHECKING:
    import httpx

    from emulator.testing.aep import Aep


class AsyncAep:
    """A started `Aep` in the hand of a coroutine: what sends calls is awaited.

    It needs neither pytest-asyncio nor anyio and starts no event loop: calls are answered in this
    process, before control goes back to the loop, so that a test is as reproducible as any other.

    Attributes:
        aep: The emulator, with its clock, journal, data and assertions.
    """

    def __init__(self, aep: Aep) -> None:
        """Send to an emulator that is started."""
        self.aep = aep
        self._session: httpx.AsyncClient | None = None

    @property
    def url(self) -> str:
        """In place of `https://platform.adobe.io`."""
        return self.aep.url

    @property
    def token_url(self) -> str:
        """In place of `https://ims-na1.adobelogin.com/ims/token/v3`."""
        return self.aep.token_url

    @property
    def headers(self) -> dict[str, str]:
        """What every call to the platform carries, in valid form."""
        return self.aep.headers

    @property
    def session(self) -> httpx.AsyncClient:
        """An `httpx.AsyncClient` with these headers, which takes paths as well as URLs.

        It holds no connection, so it need not be closed.

        Raises:
            ModuleNotFoundError: `httpx` is not installed.
        """
        if self._session is None:
            try:
                import httpx
            except ModuleNotFoundError as error:
                said = "aep_async.session needs the library httpx: pip install httpx"
                raise ModuleNotFoundError(said) from error
            # Tests must not depend on proxies or a .netrc of this machine.
            self._session = httpx.AsyncClient(
                base_url=self.url, headers=self.headers, trust_env=False
            )
        return self._session

    async def call(self, method: str, path: str, body: Json = None, **more: Any) -> Response:
        """Send a request and return the response, whatever its status, without a library.

        Args:
            method: Of HTTP.
            path: With its query; or a whole URL, such as a link of a response.
            body: Sent as JSON.
            more: As `AepClient.call` takes it: `content`, `without`, `headers`, and headers by
                name.

        Raises:
            ConnectionResetError, http.client.IncompleteRead: A fault asked for it.
        """
        return self.aep.client.call(method, path, body, **more)

    async def ok(self, method: str, path: str, body: Json = None, **more: Any) -> Json:
        """Send a request that has to be accepted; return the response's JSON, None without content.

        Raises:
            AssertionError: It was refused; the message explains why.
        """
        __tracebackhide__ = True
        return self.aep.client.ok(method, path, body, **more)
