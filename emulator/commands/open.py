"""`aep-emulator open`: opens the page of a running emulator in the browser."""

from __future__ import annotations

import argparse
import http
import sys

from emulator.commands import CommandError
from emulator.commands.answers import show
from emulator.commands.health import ask
from emulator.commands.remote import add_remote, remote_asked

HELP = "open the page of a running emulator in the browser, or print its address"
PATH = "/_emulator/ui/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the address be printed alone."""
    parser.add_argument("--print", action="store_true", help="print the address, open no browser")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the page and print its address.

    Raises:
        CommandError: No emulator answers.
    """
    remote = remote_asked(arguments)
    status, said = ask(remote)
    if status != http.HTTPStatus.OK:
        raise CommandError(said)
    address = remote.url.rstrip("/") + PATH
    opened = not arguments.print and _opened(address)
    return show(arguments, {"address": address, "opened": opened}, address)


def _opened(address: str) -> bool:
    """Open an address; tell whether there is a browser for it.

    A browser of the terminal, such as lynx, is used only where somebody can see it.
    """
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser and not sys.stdout.isatty():
        return False
    return browser.open(address)
