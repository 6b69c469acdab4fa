"""All settings in one table, from which flags, environment variables, help and docs are made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from emulator.environment import PREFIX, is_of_a_service, remarks
from emulator.setting_values import (
    OneOf,
    byte_count,
    clock_text,
    name_list,
    number,
    optional_path,
    origin_list,
    port_number,
    positive_number,
    self_signed,
    switch,
    token_text,
)

TOKEN_HEADER = "x-emulator-admin-token"  # noqa: S105 - the name of a header
"""Carries the token of the setting `admin_token`."""


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names both."""


def _setting(
    default: Any,
    read: Callable[[str], Any],
    help: str,
    show: str = "",
    *,
    is_secret: bool = False,
) -> Any:
    metadata = {"read": read, "help": help, "show": show, "is_secret": is_secret}
    return field(default=default, repr=not is_secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of an emulator. Each has a flag and an environment variable `AEP_EMULATOR_*`."""

    host: str = _setting("127.0.0.1", str, "address to listen on")
    port: int = _setting(8080, port_number, "port to listen on; 0 takes a free one and prints it")
    workers: int = _setting(
        1,
        positive_number,
        "how many processes of serve answer at the address; more than one needs a store that they "
        "share, SQLite or PostgreSQL",
    )
    edition: str = _setting("", str, "edition of the contract in force", show="latest")
    enforce: str = _setting(
        "documented",
        OneOf("documented", "strict", "observe"),
        "documented: errors refuse, warnings are reported; strict: warnings refuse too; "
        "observe: everything is reported, only what cannot be carried out is refused",
    )
    seed: str = _setting("aep-emulator", str, "seed of all ids; same seed and calls, same ids")
    auth: str = _setting(
        "any",
        OneOf("any", "issued"),
        "any: any non-empty bearer token; issued: only unexpired ones from this emulator's IMS",
    )
    default_sandbox: str = _setting(
        "", str, "sandbox of requests without x-sandbox-name, which are then not remarked on"
    )
    sandboxes: tuple[str, ...] = _setting(
        ("prod", "dev"),
        name_list,
        "sandboxes that every organization has; prod always exists; * means any name",
    )
    organizations: tuple[str, ...] = _setting(
        (), name_list, "organizations that exist; empty means any with a well-formed id"
    )
    api_keys: tuple[str, ...] = _setting((), name_list, "API keys that exist; empty means any")
    tenant: str = _setting(
        "", str, "tenant id of every organization; empty derives one from the organization"
    )
    max_body: int = _setting(
        16 * 1024**2,
        byte_count,
        "largest request body, in bytes or with a unit: KiB, MiB",
        "16MiB",
    )
    max_upload: int = _setting(
        128 * 1024**2,
        byte_count,
        "largest file, or part of a file, that one request uploads",
        "128MiB",
    )
    max_stored: int = _setting(
        192 * 1024**2,
        byte_count,
        "largest content of all files and resources in memory, those of isolated emulators "
        "included; the request is refused",
        "192MiB",
    )
    max_unpacked: int = _setting(
        128 * 1024**2,
        byte_count,
        "largest content of a compressed file, or of all files in an archive; it cannot be read",
        "128MiB",
    )
    batch_polls: int = _setting(
        0, number, "how many reads show a completed batch as loaded or staging before it succeeds"
    )
    contracts: Path | None = _setting(
        None, optional_path, "overlay folder for the contract: house rules, own editions"
    )
    fixtures: Path | None = _setting(
        None, optional_path, "overlay folder for the fixtures: own specs, schemas and field groups"
    )
    store: str = _setting(
        "memory",
        str,
        "where the state lies: memory, sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE",
    )
    blobs: str = _setting(
        "",
        str,
        "where files lie: memory, database, file:///DIR or a URL of fsspec; empty takes a folder "
        "beside a SQLite file, and else the store",
    )
    files: Path | None = _setting(
        None,
        optional_path,
        "folder in which connections have folders of files, each by the name or id of a connection "
        "or of its spec; it is read as it is at the time",
    )
    storage: Path | None = _setting(
        None,
        optional_path,
        "JSON file with the real storages and databases that connections lead to; nothing else is "
        "connected to",
    )
    scenario: str = _setting("", str, "scenario to start with; see aep-emulator scenarios list")
    state: Path | None = _setting(
        None,
        optional_path,
        "state file of serve: loaded at the start if it is there, saved at the end and now and "
        "then; it has secrets of connections",
    )
    state_seconds: int = _setting(
        30,
        number,
        "how often the state file is saved if something has changed; 0 for only at the end",
    )
    faults: Path | None = _setting(
        None, optional_path, "JSON file with the faults that are active from the start"
    )
    clock: str = _setting(
        "",
        clock_text,
        "system; manual: stands still at 2020-09-13T12:26:40Z until it is moved; a time such as "
        "2026-01-01T00:00:00Z: stands still there; +P30D or -P30D: the system's, so much later or "
        "earlier. See aep-emulator clock",
        show="system",
    )
    runs: str = _setting(
        "background",
        OneOf("background", "on-look"),
        "when flow runs that are due are carried out, if the clock does not stand still: "
        "background: at their time; on-look: when runs or flows are read. In process: on-look",
    )
    journal: int = _setting(
        2000,
        number,
        "how many of the latest calls the journal keeps; 0 switches journal and coverage off",
    )
    world_by: str = _setting(
        "header",
        OneOf("header", "organization"),
        "what selects a request's isolated emulator: header: x-emulator-test or /t/NAME; "
        "organization: these, or else its organization",
    )
    max_worlds: int = _setting(
        1000, number, "maximum number of isolated emulators; requests to more are refused"
    )
    self_check: bool = _setting(
        False,
        switch,
        "compares every response with the contract and reports deviations in the header "
        "x-emulator-self-check, the journal and the log: for finding errors of the emulator",
        "false",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        name_list,
        "host names under which the control API answers, beside those of this machine and of one "
        "label; *.example.com for all below one, * for any",
    )
    admin_token: str = _setting(
        "",
        token_text,
        "token that every call of the control API has to carry, in x-emulator-admin-token; "
        "empty asks for none",
        is_secret=True,
    )
    cors: tuple[str, ...] = _setting(
        (),
        origin_list,
        "origins whose pages may call the APIs in a browser, such as http://localhost:3000; * for "
        "any, without cookies; empty for none",
    )
    tls: str = _setting(
        "",
        self_signed,
        "self-signed: HTTPS with a certificate that is made at the start, for this machine's names",
    )
    tls_cert: Path | None = _setting(
        None,
        optional_path,
        "HTTPS with the certificate in this PEM file, and those that lead to its root",
    )
    tls_key: Path | None = _setting(
        None, optional_path, "PEM file with the certificate's key", show="the file of --tls-cert"
    )
    tls_ca: Path | None = _setting(
        None,
        optional_path,
        "PEM file to trust: --tls self-signed writes it, commands that call an emulator read it",
    )
    log_level: str = _setting(
        "info",
        OneOf("debug", "info", "warning", "error"),
        "level of the log on stderr; info has a line about each request",
    )
    log_format: str = _setting(
        "text",
        OneOf("text", "json"),
        "text: lines for people, coloured on a terminal; json: a JSON object in each line",
    )

    @property
    def scheme(self) -> str:
        """The scheme of the URLs at which an emulator with these settings is served."""
        return "https" if self.tls or self.tls_cert is not None else "http"


def is_loopback(host: str) -> bool:
    """Tell whether what listens on a host can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table: a setting with its flag, its environment name and its help."""

    name: str
    flag: str
    environment: str
    default: str
    help: str
    read: Callable[[str], Any]
    is_secret: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """What it can be, if that is one of a few."""
        return self.read.choices if isinstance(self.read, OneOf) else ()


def table() -> list[SettingRow]:
    """Return all settings, in the order of their definition."""
    return [
        SettingRow(
            name=item.name,
            flag="--" + item.name.replace("_", "-"),
            environment=PREFIX + item.name.upper(),
            default=item.metadata["show"] or _text(item.default),
            help=item.metadata["help"],
            read=item.metadata["read"],
            is_secret=item.metadata["is_secret"],
        )
        for item in fields(Settings)
    ]


def mistaken_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a line about each variable that looks like a setting and is not read."""
    return remarks(environment, [row.environment for row in table()])


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def read_settings(
    given: Mapping[str, str | None], environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings given by flags, by name or None, and else by environment variables.

    An empty variable is as one that is not set, and so is the address of a service named like the
    emulator, which Kubernetes puts into `AEP_EMULATOR_PORT`.

    Raises:
        SettingError: A value cannot be read.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for row in table():
        text = given.get(row.name)
        source = row.flag
        if text is None:
            text, source = _from(environment, row.environment), row.environment
        if text is None:
            continue
        try:
            values[row.name] = row.read(text)
        except ValueError as error:
            reason = str(error) if " is " in f" {error} " else "is not a number"
            raise SettingError(f"{source}: {text!r} {reason}") from error
    return Settings(**values)


def _from(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    return value if value and not is_of_a_service(name, value) else None
