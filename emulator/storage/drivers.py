"""How each kind of URL is reached: the driver of fsspec, its arguments, and where files begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from emulator.budgets import CONNECT_SECONDS, READ_SECONDS
from emulator.json_types import JsonObject
from emulator.storage.azure import azure_arguments, give_up_soon, with_credential
from emulator.storage.base import Place, StorageError, steps_of
from emulator.storage.credentials import (
    login,
    private_key,
    s3_credentials,
    text_of,
)
from emulator.storage.endpoints import Endpoint
from emulator.storage.folder import Folder
from emulator.storage.kept import KeptDrivers
from emulator.storage.remote import Remote

_SHARED = ("s3", "gs")
"""Drivers that may serve several calls at the same time."""


class Driver(NamedTuple):
    """A driver of fsspec: its name, its arguments, and the folders to begin in; see `Remote`."""

    name: str
    arguments: dict[str, Any]
    folders: tuple[str, ...] = ()
    is_server: bool = False
    has_buckets: bool = False
    is_pages: bool = False


def open_place(
    endpoint: Endpoint,
    params: JsonObject,
    *,
    largest: int = 0,
    check: Callable[[], object] = lambda: None,
    drivers: KeptDrivers | None = None,
) -> Place:
    """Return where an endpoint leads with the credentials of a connection; nothing connects yet.

    Args:
        endpoint: One of the setting `storage`, with a URL of files.
        params: The auth params of the connection; empty where there is none.
        largest: How many bytes a file may have that is read; 0 for any.
        check: Raises an exception if whoever waits is not to wait any more.
        drivers: Where drivers are kept that can serve several calls.

    Raises:
        StorageError: The credentials cannot be used.
    """
    parts = urlsplit(endpoint.url)
    if endpoint.scheme == "file":
        return Folder(Path(unquote(parts.path)), largest)
    driver = _DRIVERS[endpoint.scheme](endpoint, params)
    make = partial(_made, driver)
    if drivers is not None and driver.name in _SHARED:
        make = partial(drivers.get, f"{driver.name} {sorted(driver.arguments.items())!r}", make)
    return Remote(
        make,
        _root(endpoint, driver),
        is_server=driver.is_server,
        has_buckets=driver.has_buckets,
        is_pages=driver.is_pages,
        largest=largest,
        check=check,
    )


def _made(driver: Driver) -> Any:
    arguments = driver.arguments
    if driver.name == "abfs":
        arguments = with_credential(arguments)
    system = _class(driver.name)(skip_instance_cache=True, **arguments)
    _give_up_soon(system)
    return system


def _give_up_soon(system: Any) -> None:
    """Have a driver give up in time: some try again and again, with longer and longer pauses."""
    if hasattr(system, "retries"):  # s3fs
        system.retries = 1
    if hasattr(system, "service_client"):  # adlfs
        give_up_soon(system)


def place_at(url: str) -> Place:
    """Return the folder that a URL of fsspec names; whoever runs the emulator has chosen it.

    Raises:
        ImportError: Its driver is not installed.
        ValueError, OSError: It cannot be used.
    """
    import fsspec

    system, root = fsspec.core.url_to_fs(url)
    return Remote(lambda: system, root, is_server=url.startswith(("sftp:", "ssh:", "ftp:")))


def _class(name: str) -> Any:
    import fsspec

    if name == "gs":  # what fsspec would take asks another service first, which not all have
        from gcsfs.core import GCSFileSystem

        return GCSFileSystem
    return fsspec.get_filesystem_class(name)


def _root(endpoint: Endpoint, driver: Driver) -> str:
    """Return the folder that paths begin in, as the driver names it."""
    parts = urlsplit(endpoint.url)
    if endpoint.scheme in ("http", "https"):
        return endpoint.url.rstrip("/")
    head = unquote(parts.path)
    if endpoint.scheme not in ("sftp", "ftp"):  # the first step is a bucket or container
        head = f"{parts.netloc}{head}"
    folders = [head.rstrip("/")]
    for folder in driver.folders:
        steps = steps_of(folder)
        if steps is None:
            raise StorageError("missing", "There is no such bucket, container or folder.")
        folders += steps
    return "/".join(folders)


def _s3(endpoint: Endpoint, params: JsonObject) -> Driver:
    """S3, and what speaks like it. Without keys nothing is asked for any: the call is anonymous."""
    timeouts = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"max_attempts": 1},
    }
    own = s3_credentials(params) or {"anon": True}
    if {"key", "profile"} & endpoint.options.keys():
        own = {}
    arguments = {"config_kwargs": timeouts, **own, **endpoint.options}
    folders = (text_of(params, "bucketName"), text_of(params, "folderPath"))
    return Driver("s3", arguments, folders, has_buckets=True)


def _azure(endpoint: Endpoint, params: JsonObject) -> Driver:
    arguments, folder = azure_arguments(endpoint, params)
    return Driver("abfs", arguments, (folder,), has_buckets=True)


def _google(endpoint: Endpoint, params: JsonObject) -> Driver:
    """Google Cloud Storage by its own API, whose tokens the file has to name.

    The keys of a connection are for the API that is like that of S3: `s3://` with the option
    `endpoint_url` leads there.
    """
    defaults = {"token": "anon", "requests_timeout": READ_SECONDS}
    arguments = {**defaults, **endpoint.options}
    return Driver("gs", arguments, has_buckets=True)


def _server(endpoint: Endpoint) -> dict[str, Any]:
    parts = urlsplit(endpoint.url)
    found: dict[str, Any] = {"host": parts.hostname}
    if parts.port:
        found["port"] = parts.port
    if parts.username:
        found["username"] = unquote(parts.username)
    if parts.password:
        found["password"] = unquote(parts.password)
    return found


def _sftp(endpoint: Endpoint, params: JsonObject) -> Driver:
    key = private_key(params)
    arguments = {
        "timeout": CONNECT_SECONDS,
        "banner_timeout": CONNECT_SECONDS,
        "auth_timeout": CONNECT_SECONDS,
        "channel_timeout": CONNECT_SECONDS,
        "allow_agent": False,
        "look_for_keys": False,
        **({"pkey": key} if key is not None else {}),
        **login(params),
        **_server(endpoint),
        **endpoint.options,
    }
    return Driver("sftp", arguments, (text_of(params, "folderPath"),), is_server=True)


def _ftp(endpoint: Endpoint, params: JsonObject) -> Driver:
    arguments = {
        "timeout": READ_SECONDS,
        **login(params),
        **_server(endpoint),
        **endpoint.options,
    }
    return Driver("ftp", arguments, is_server=True)


def _http(endpoint: Endpoint, params: JsonObject) -> Driver:
    """Pages with links to files. No redirection is followed: it could lead anywhere."""
    return Driver("http", {"allow_redirects": False, **endpoint.options}, is_pages=True)


def _memory(endpoint: Endpoint, params: JsonObject) -> Driver:
    return Driver("memory", dict(endpoint.options))


_DRIVERS: Mapping[str, Callable[[Endpoint, JsonObject], Driver]] = {
    "s3": _s3,
    "az": _azure,
    "abfs": _azure,
    "gs": _google,
    "sftp": _sftp,
    "ftp": _ftp,
    "http": _http,
    "https": _http,
    "memory": _memory,
}
