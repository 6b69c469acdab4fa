"""Which recorded requests went to the platform: its hosts, a local emulator, given base URLs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

PLATFORM_HOST = re.compile(
    r"platform(-[a-z0-9-]+)?\.adobe\.io"  # regions and stages: platform-va7.adobe.io
    r"|ims(-[a-z0-9-]+)?\.adobelogin\.com"
    r"|localhost|127\.0\.0\.1|\[?::1\]?",
    re.IGNORECASE,
)
"""Hosts of the platform's APIs and of IMS, and this machine, where an emulator answers."""

_VARIABLE = re.compile(r"\{\{[^{}]+\}\}")


def target_of(url: str, base_urls: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return path and query of a request to the platform, or None if it went elsewhere.

    A URL without a host is a path; one that begins with a variable without a value, as in Postman
    collections, has that for its base URL.
    """
    for base in base_urls:
        if url.startswith(base.rstrip("/") + "/"):
            return _split(url[len(base.rstrip("/")) :])
    if url.startswith("/"):
        return _split(url)
    if started := _VARIABLE.match(url):
        return _split("/" + url[started.end() :].lstrip("/"))
    host = host_of(url)
    if not host or not PLATFORM_HOST.fullmatch(host):
        return None
    rest = url.partition("://")[2]
    return _split(rest[rest.find("/") :] if "/" in rest else "/")


def host_of(url: str) -> str:
    """Return the host that a URL names, or an empty text."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _split(target: str) -> tuple[str, str]:
    path, _, query = target.partition("#")[0].partition("?")
    return path, query
