"""`aep-emulator scenarios`: lists the starting states that there are, or loads one."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from emulator.commands import add_settings, settings_of
from emulator.commands.remote import add_url, ask, print_json, url_asked

HELP = "list the scenarios, or load one into a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the command its verbs."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    help = "list the scenarios that there are"
    every = verbs.add_parser("list", help=help, description=help)
    add_settings(every, "fixtures")
    every.set_defaults(run=_list)
    help = "print the JSON Schema of a scenario's file"
    form = verbs.add_parser("schema", help=help, description=help)
    form.set_defaults(run=_schema)
    help = "put a scenario in place of what a running emulator holds"
    one = verbs.add_parser("load", help=help, description=help)
    one.add_argument("name")
    one.add_argument("--organization", help="replace only what this organization holds")
    one.add_argument("--sandbox", help="in which of its sandboxes (default: prod)")
    add_url(one)
    one.set_defaults(run=_load)


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
        print(f"{scenario.name:<{width}}  {scenario.file.title}: {scenario.file.states}")
    return 0


def _schema(_: argparse.Namespace) -> int:
    from emulator.seeding.model import ScenarioFile

    return print_json(ScenarioFile.model_json_schema())


def _load(arguments: argparse.Namespace) -> int:
    where = {"organization": arguments.organization, "sandbox": arguments.sandbox}
    sent = {name: value for name, value in where.items() if value}
    path = f"/_emulator/scenarios/{quote(arguments.name, safe='')}"
    ask(url_asked(arguments), "POST", path, sent)
    print(f"{arguments.name}: loaded")
    return 0
