"""What the settings `store` and `blobs` may be."""

from __future__ import annotations

from urllib.parse import urlsplit

MEMORY = "memory"


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url
