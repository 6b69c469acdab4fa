"""URL functions. A text without scheme and host is not a URL and gives null, as documented."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, unquote, urlsplit

from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category

CATEGORY = Category("URL")

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "ftps": 990, "sftp": 22}
_PORTS |= {"ssh": 22, "telnet": 23, "smtp": 25, "ldap": 389, "ldaps": 636, "imap": 143}


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        return parts if parts.scheme and parts.hostname else None
    except ValueError:
        return None


@CATEGORY.function()
def get_url_protocol(url: str) -> str | None:
    """Take the protocol out of a URL, null if it is not valid."""
    parts = _split(url)
    return parts.scheme if parts else None


@CATEGORY.function()
def get_url_host(url: str) -> str | None:
    """Take the host out of a URL, null if it is not valid.

    The host is in lower case (assumed).
    """
    parts = _split(url)
    return parts.hostname if parts else None


@CATEGORY.function()
def get_url_port(url: str) -> int | None:
    """Take the port out of a URL, else the protocol's own, null if it is not valid.

    A protocol without a port of its own gives null too (assumed).
    """
    parts = _split(url)
    try:
        return (parts.port or _PORTS.get(parts.scheme)) if parts else None
    except ValueError:
        return None


@CATEGORY.function()
def get_url_path(url: str, full_path: bool | None = None) -> str | None:
    """Take the path out of a URL, or with false only its last part."""
    parts = _split(url)
    if parts is None:
        return None
    return parts.path.rpartition("/")[2] if full_path is False else parts.path


@CATEGORY.function()
def get_url_query_str(url: str, anchor: str) -> dict[str, str] | None:
    """Take the parameters of the query out of a URL as a map.

    The anchor is kept with the last value, removed, or appended under the key `_anchor_`. Names and
    values are not decoded, and of a repeated name the last value counts (assumed).
    """
    parts = _split(url)
    if parts is None:
        return None
    if anchor not in ("retain", "remove", "append"):
        raise MappingError(f"{anchor!r} is not one of retain, remove and append")
    query, fragment = parts.query, parts.fragment
    if anchor == "retain" and fragment and query:
        query += f"#{fragment}"
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    found = {name: value for name, _, value in pairs}
    return found | ({"_anchor_": fragment} if anchor == "append" and fragment else {})


@CATEGORY.function()
def get_url_encoded(url: str) -> str:
    """Percent-encode the reserved characters of a text."""
    return quote(url, safe="")


@CATEGORY.function()
def get_url_decoded(url: str) -> str:
    """Decode a percent-encoded text."""
    return unquote(url)
