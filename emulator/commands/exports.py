"""`aep-emulator contracts openapi|request-schemas|pages`: exports of the contract."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands import CommandError, add_settings, edition_name, load_contract_of
from emulator.commands.answers import add_json, show
from emulator.commands.progress import waiting
from emulator.commands.terminal import say
from emulator.output import write_file

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.json_types import JsonObject


def add_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands that export the contract."""
    openapi = add_parser("openapi", help="write a service's OpenAPI document")
    openapi.add_argument("service", metavar="SERVICE", help="name, such as flow_service")
    add_settings(openapi, "edition", "contracts")
    openapi.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: stdout)"
    )
    add_json(openapi)
    openapi.set_defaults(run=run_openapi)

    schemas = add_parser("request-schemas", help="write a JSON Schema of each operation's requests")
    schemas.add_argument("folder", type=Path, help="folder to write to")
    add_settings(schemas, "edition", "contracts")
    add_json(schemas)
    schemas.set_defaults(run=run_request_schemas)

    pages = add_parser("pages", help="write the rule catalogue as Markdown pages")
    pages.add_argument("folder", type=Path, help="folder to write to")
    add_settings(pages, "contracts")
    add_json(pages)
    pages.set_defaults(run=run_pages)


def run_openapi(arguments: argparse.Namespace) -> int:
    """Write the OpenAPI document of a service in an edition."""
    from emulator.export.openapi import openapi

    contract = load_contract_of(arguments)
    edition = contract.edition(edition_name(contract, arguments.edition))
    if arguments.service not in contract.services:
        known = ", ".join(contract.services)
        raise CommandError(f"{arguments.service!r} is not a service; expected one of {known}")
    text = json_text(openapi(contract, edition, arguments.service))
    if arguments.output is None:
        say(text, end="")
        return 0
    write(arguments.output, text)
    return show(arguments, {"written": [str(arguments.output)]})


def run_request_schemas(arguments: argparse.Namespace) -> int:
    """Write a JSON Schema for each operation, in a folder for each service."""
    from emulator.export.requests import request_schema

    contract = load_contract_of(arguments)
    edition = contract.edition(edition_name(contract, arguments.edition))
    written = []
    with waiting("writing schemas"):
        for operation in contract.operations.values():
            service, _, name = operation.id.partition(".")
            path = arguments.folder / service / f"{name}.json"
            write(path, json_text(request_schema(edition, operation)))
            written.append(str(path))
    said = f"{len(written)} schemas of edition {edition.name} in {arguments.folder}"
    return show(arguments, {"written": written}, said)


def run_pages(arguments: argparse.Namespace) -> int:
    """Write the pages of the rule catalogue."""
    written = write_pages(load_contract_of(arguments), arguments.folder)
    said = f"{len(written)} pages in {arguments.folder}"
    return show(arguments, {"written": written}, said)


def write_pages(contract: Contract, folder: Path) -> list[str]:
    """Write the pages of the rule catalogue into a folder and return the names of their files."""
    from emulator.export.rule_pages import pages

    with waiting("writing pages"):
        made = pages(contract)
        for name, text in made.items():
            write(folder / name, text)
    return [str(folder / name) for name in made]


def write(path: Path, text: str) -> None:
    """Write a file; folders are created as needed.

    Raises:
        CommandError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from error


def json_text(document: JsonObject) -> str:
    """Return a JSON document, indented, with a line feed at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
