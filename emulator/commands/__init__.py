"""The commands, a module for each, with `HELP`, `add_arguments(parser)` and `run(arguments)`.

The modules import at the top only what loads fast; the rest is imported when it is needed.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from emulator.setting_values import switch
from emulator.settings import SettingError, Settings, is_loopback, read_settings, table

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.emulator import Emulator

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names them, binds nothing
"""Wildcard addresses to listen on, with the address to connect to instead."""


class CommandError(Exception):
    """A command cannot do what was asked; the message is one line for the user."""


def add_settings(parser: argparse.ArgumentParser, *names: str, default: object = None) -> None:
    """Give a command flags for the named settings, or for all of them.

    What is not given has the `default`; `argparse.SUPPRESS` leaves it out of the namespace.
    """
    for row in table():
        if names and row.name not in names:
            continue
        usual = f"default {row.default}; " if row.default else ""
        is_switch = row.read is switch
        parser.add_argument(
            row.flag,
            nargs="?" if is_switch else None,
            const="true" if is_switch else None,
            dest=row.name,
            default=default,
            metavar=row.name.rpartition("_")[2].upper(),
            help=f"{row.help} ({usual}{row.environment})".replace("%", "%%"),
        )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the flags and the environment give."""
    try:
        return read_settings(vars(arguments))
    except SettingError as error:
        raise CommandError(str(error)) from error


def build_emulator(settings: Settings) -> Emulator:
    """Return a new emulator.

    Raises:
        CommandError: A setting or an overlay cannot be used.
    """
    from emulator.app import create_emulator
    from emulator.contract import ContractError
    from emulator.faults import FaultError
    from emulator.fixtures.library import FixtureError
    from emulator.seeding import SeedError
    from emulator.storage import StorageFileError

    try:
        return create_emulator(settings)
    except StorageFileError as error:
        raise CommandError(str(error)) from error  # a line for each mistake
    except (SettingError, ContractError, FixtureError, FaultError, SeedError) as error:
        raise CommandError(one_line(error)) from error


def load_contract_of(arguments: argparse.Namespace) -> Contract:
    """Return the shipped contract, with the overlay that a command's settings name."""
    from emulator.contract import ContractError, load_contract
    from emulator.package_data import data_folder

    overlay = settings_of(arguments).contracts
    folders = [data_folder("contracts"), *([overlay] if overlay else [])]
    try:
        return load_contract(*folders)
    except (ContractError, OSError) as error:
        raise CommandError(str(error)) from error


def edition_name(contract: Contract, name: str | None) -> str:
    """Return the name of an edition, by default that of the default edition."""
    name = name or contract.default_edition
    if name not in contract.entries:
        raise CommandError(
            f"{name!r} is not an edition; expected one of {', '.join(contract.entries)}"
        )
    return name


def one_line(error: Exception) -> str:
    """Return the first line of a message and the number of further lines."""
    first, *rest = str(error).splitlines()
    return f"{first} (and {len(rest)} more)" if rest else first


def who_controls(settings: Settings) -> list[str]:
    """Return a line for the start that says who can control the emulator, if others can too."""
    if settings.admin_token or is_loopback(settings.host):
        return []
    said = "whoever reaches this address can read and change all state"
    return [f"  controls   {said}; --admin-token asks for a token"]


def url_of(host: str, port: int, scheme: str = "http") -> str:
    """Return the URL at which this machine reaches a server listening on a host and port."""
    name = WILDCARDS.get(host, host)
    if ":" in name:
        name = f"[{name}]"
    return f"{scheme}://{name}:{port}"
