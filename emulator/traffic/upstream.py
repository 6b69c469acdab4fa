"""The endpoint that a proxy sends requests on to."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


class UpstreamError(ValueError):
    """An upstream's URL cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests are sent on to. `prefix` comes before every path."""

    scheme: str
    host: str
    port: int
    prefix: str = ""
    context: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, authorities: str | None = None) -> Upstream:
        """Return the upstream of a URL.

        Args:
            authorities: A file with the certificates to trust instead of the system's.

        Raises:
            UpstreamError: The URL is not one of HTTP or HTTPS, or the file holds no certificates.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UpstreamError(f"{url!r}: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UpstreamError(f"{url!r} is not a URL such as https://platform.adobe.io")
        context = None
        if parts.scheme == "https":
            try:
                context = ssl.create_default_context(cafile=authorities)
            except OSError as error:
                raise UpstreamError(f"{authorities}: {error}") from error
            port = port or http.client.HTTPS_PORT
        prefix = parts.path.rstrip("/")
        return cls(parts.scheme, parts.hostname, port or http.client.HTTP_PORT, prefix, context)

    @property
    def name(self) -> str:
        """Host and port as a request's `Host` names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = http.client.HTTPS_PORT if self.context else http.client.HTTP_PORT
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL that requests are sent on to."""
        return f"{self.scheme}://{self.name}{self.prefix}"

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """Return a connection that is opened by its first request."""
        if self.context is not None:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=timeout, context=self.context
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
