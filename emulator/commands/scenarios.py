"""`aep-emulator scenarios`: lists the scenarios, or loads one into a running emulator."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from emulator.commands import add_settings, settings_of
from emulator.commands.remote import add_remote, ask, print_json, remote_asked
from emulator.commands.terminal import say

HELP = "list the scenarios, or load one into a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    help = "list the scenarios"
    listing = commands.add_parser("list", help=help, description=help)
    add_settings(listing, "fixtures")
    listing.set_defaults(run=_list)
    help = "print the JSON Schema of scenario files"
    schema = commands.add_parser("schema", help=help, description=help)
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
        found = [read_scenario(name, overlay) for name in names(overlay)]
    except SeedError as error:
        raise CommandError(str(error)) from error
    width = max(len(scenario.name) for scenario in found)
    for scenario in found:
        say(f"{scenario.name:<{width}}  {scenario.file.title}: {scenario.file.states}")
    return 0


def _schema(_: argparse.Namespace) -> int:
    from emulator.seeding.model import ScenarioFile

    return print_json(ScenarioFile.model_json_schema())


def _load(arguments: argparse.Namespace) -> int:
    where = {"organization": arguments.organization, "sandbox": arguments.sandbox}
    sent = {name: value for name, value in where.items() if value}
    path = f"/_emulator/scenarios/{quote(arguments.name, safe='')}"
    ask(remote_asked(arguments), "POST", path, sent)
    say(f"{arguments.name}: loaded")
    return 0
