"""The session of `Aep.session`: with valid headers, for paths as well as URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    import requests
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "aep.session needs the library requests: pip install 'aep-emulator[testing]'"
    ) from error


class AepSession(requests.Session):
    """A `requests.Session` that is bound to an emulator."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Send these headers with every request; paths are relative to the URL."""
        super().__init__()
        self.headers.update(headers)
        # Tests must not depend on proxies or a .netrc of this machine.
        self.trust_env = False
        self._url = url

    def request(
        self, method: str | bytes, url: str | bytes, *given: Any, **named: Any
    ) -> requests.Response:
        """Send a request; a path is one of the emulator."""
        if isinstance(url, str) and url.startswith("/"):
            url = self._url + url
        return super().request(method, url, *given, **named)
