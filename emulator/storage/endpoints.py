"""Which storages and databases may be connected to: those that the setting `storage` names.

What the file names is an allow list. A connection without an entry has the emulator's own files;
no address comes from what a client sends, only credentials do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from emulator.form_errors import form_errors
from emulator.json_types import Json, JsonObject, as_object
from emulator.settings import SettingError
from emulator.storage.kept import KeptDrivers

if TYPE_CHECKING:
    from emulator.storage.form import EndpointForm


class StorageFileError(SettingError):
    """The file of the setting `storage` cannot be used; a line for each mistake."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a connection leads.

    Args:
        selector: What it is for: `connection`, `host` or `connectionSpec`.
        value: Which one.
        url: Where it is, such as `s3://bucket/folder` or `postgresql+psycopg://host/database`.
        options: Arguments of its driver. They may be secret, and are never shown.
    """

    selector: str
    value: str
    url: str = field(repr=False)
    options: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @property
    def scheme(self) -> str:
        """The URL's scheme, without the driver of a database."""
        return self.url.partition("://")[0].partition("+")[0]

    @property
    def is_files(self) -> bool:
        """Whether files lie there; else tables do."""
        from emulator.storage.form import FILE_SCHEMES

        return self.scheme in FILE_SCHEMES

    @property
    def shown(self) -> str:
        """The URL without user and password, for people."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


_SELECTORS = ("connection", "host", "connectionSpec")
"""What an endpoint may be for, the most exact first."""


class Endpoints:
    """All endpoints that the file names; none without a file."""

    def __init__(self, entries: tuple[Endpoint, ...] = ()) -> None:
        self.entries = entries
        self.drivers = KeptDrivers()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def of(self, connection: JsonObject, spec: JsonObject) -> Endpoint | None:
        """Return where a connection leads; None if it has the emulator's own files.

        An entry for a connection counts before one for a host, and that before one for a spec.

        Args:
            connection: A base connection; empty for the landing zone, which is reached without.
            spec: The connection spec.
        """
        if not self.entries:
            return None
        named: dict[str, set[object]] = {
            "connection": {connection.get("id"), connection.get("name")},
            "host": set(hosts_of(as_object(as_object(connection.get("auth")).get("params")))),
            "connectionSpec": {
                spec.get("id"),
                spec.get("name"),
                as_object(spec.get("x-emulator")).get("aliasOf"),
            },
        }
        for selector in _SELECTORS:
            for entry in self.entries:
                if entry.selector == selector and entry.value in named[selector]:
                    return entry
        return None


def read_endpoints(path: Path) -> Endpoints:
    """Return the endpoints that a file names.

    Raises:
        StorageFileError: It cannot be read, or is not of the form; a line for each mistake.
    """
    # Only who has such a file waits for it.
    from pydantic import ValidationError

    from emulator.storage.form import StorageForm

    try:
        form = StorageForm.model_validate(orjson.loads(path.read_bytes()))
    except OSError as error:
        raise StorageFileError(f"storage: {path} cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise StorageFileError(f"storage: {path} is not JSON: {error}") from error
    except ValidationError as error:
        lines = (f"storage: {path}: {line}" for line in form_errors(error, "the file"))
        raise StorageFileError("\n".join(lines)) from error
    return Endpoints(tuple(map(_endpoint, form.endpoints)))


def _endpoint(entry: EndpointForm) -> Endpoint:
    selector, value = entry.for_.named
    return Endpoint(
        selector, value.lower() if selector == "host" else value, entry.url, entry.options
    )


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+]{0,30}://[^;\s]+")
_HOST_PARAMS = ("host", "hostname", "server", "serverName", "url", "endpoint")
_HOST_PARTS = ("server", "data source", "host", "datasource", "address", "addr")


def hosts_of(params: JsonObject) -> Iterator[str]:
    """Yield the hosts that the auth params of a connection name, in lower case.

    They stand in a param of their own, in a URL, or in a connection string
    (`Server=db.internal,1433;Database=…`).
    """
    for name, value in params.items():
        if not isinstance(value, str):
            continue
        for url in _URL.findall(value):
            yield from _host_of_url(url)
        for part in value.split(";"):
            key, _, item = part.partition("=")
            if key.strip().lower() in _HOST_PARTS and item and "://" not in item:
                yield _without_port(item)
        if name in _HOST_PARAMS and value and "://" not in value:
            yield _without_port(value)


def _host_of_url(url: str) -> Iterator[str]:
    try:
        host = urlsplit(url.strip()).hostname
    except ValueError:
        return
    if host:
        yield host.lower()


def _without_port(text: str) -> str:
    plain = text.strip().lower().removeprefix("tcp:")
    return plain.partition(",")[0].partition(":")[0].strip()
