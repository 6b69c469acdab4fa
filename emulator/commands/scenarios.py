"""`aep-emulator scenarios`: lists the scenarios, or loads one into a running emulator."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from emulator.commands import add_settings, settings_of
from emulator.commands.answers import add_json, print_json, show, show_table
from emulator.commands.parsers import add_commands
from emulator.commands.remote import add_remote, ask, remote_asked

HELP = "list the scenarios, or load one into a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = add_commands(parser)
    help = "list the scenarios"
    listing = commands.add_parser("list", help=help, description=help)
    add_settings(listing, "fixtures")
    add_json(listing)
    listing.set_defaults(run=_list)
    help = "print the JSON Schema of scenario files"
    schema = commands.add_parser("schema", help=help, description=help)
    add_json(schema)
    schema.set_defaults(run=_schema)
    help = "replace the state of a running emulator by a scenario"
    load = commands.add_parser("load", help=help, description=help)
    load.add_argument("name", help="name of the scenario")
    load.add_argument("--organization", help="replace only the data of this organization")
    load.add_argument("--sandbox", help="the organization's sandbox to build it in (default: prod)")
    add_remote(load)
    load.set_defaults(run=_load)


def _list(arguments: argparse.Namespace) -> int:
    from emulator.commands import CommandError
    from emulator.seeding import SeedError
    from emulator.seeding.scenario_files import names, read_scenario

    overlay = settings_of(arguments).fixtures
    try:
        read = [read_scenario(name, overlay) for name in names(overlay)]
    except SeedError as error:
        raise CommandError(str(error)) from error
    listed = [
        {"name": found.name, "title": found.file.title, "states": found.file.states}
        for found in read
    ]
    rows = [(each["name"], f"{each['title']}: {each['states']}") for each in listed]
    return show_table(arguments, {"scenarios": listed}, ("scenario", "what it has"), rows)


def _schema(_: argparse.Namespace) -> int:
    from emulator.seeding.model import ScenarioFile

    return print_json(ScenarioFile.model_json_schema())


def _load(arguments: argparse.Namespace) -> int:
    where = {"organization": arguments.organization, "sandbox": arguments.sandbox}
    sent = {name: value for name, value in where.items() if value}
    path = f"/_emulator/scenarios/{quote(arguments.name, safe='')}"
    ask(remote_asked(arguments), "POST", path, sent)
    return show(arguments, {"loaded": arguments.name}, f"{arguments.name}: loaded")
