"""The commands, a module for each: `HELP`, `add_arguments(parser)`, and a function that runs it.

Their modules import at the top only what is quick; an emulator is imported when one is built.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from emulator.settings import SettingError, Settings, read_settings, switch, table

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.emulator import Emulator

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names them, binds nothing
"""Addresses that are listened on but cannot be called, and what to call instead."""


class CommandError(Exception):
    """A command was used in a way that cannot work; the message is one line for its user."""


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Give a command flags for the named settings, or for all of them."""
    for row in table():
        if names and row.name not in names:
            continue
        default = f"default {row.default}; " if row.default else ""
        alone: dict[str, Any] = {"nargs": "?", "const": "true"} if row.read is switch else {}
        parser.add_argument(
            row.flag,
            **alone,
            dest=row.name,
            metavar=row.name.rpartition("_")[2].upper(),
            help=f"{row.help} ({default}{row.environment})".replace("%", "%%"),
        )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the flags and the environment give."""
    try:
        return read_settings(vars(arguments))
    except SettingError as error:
        raise CommandError(str(error)) from error


def build_emulator(settings: Settings) -> Emulator:
    """Return an emulator; what is wrong with its settings and overlays becomes one line."""
    from emulator.app import create_emulator
    from emulator.contract import ContractError
    from emulator.faults import FaultError
    from emulator.fixtures.library import FixtureError
    from emulator.seeding import SeedError

    try:
        return create_emulator(settings)
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
    """Return the name of an edition, or of the default one if none is named."""
    name = name or contract.default_edition
    if name not in contract.entries:
        raise CommandError(f"{name!r} is no edition; there are {', '.join(contract.entries)}")
    return name


def one_line(error: Exception) -> str:
    """Return the first line of a message and how many more there are."""
    first, *rest = str(error).splitlines()
    return f"{first} (and {len(rest)} more)" if rest else first


def url_of(host: str, port: int) -> str:
    """Return the URL under which this machine reaches what listens on a host and a port."""
    name = WILDCARDS.get(host, host)
    if ":" in name:
        name = f"[{name}]"
    return f"http://{name}:{port}"
