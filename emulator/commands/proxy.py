"""`aep-emulator proxy`: stand between a client and another endpoint, and report on both."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from emulator import __version__
from emulator.commands import (
    CommandError,
    add_settings,
    build_emulator,
    edition_name,
    settings_of,
    url_of,
)
from emulator.commands.reporting import add_report, add_save, finish, listed_operations, save

if TYPE_CHECKING:
    from emulator.traffic.proxy import Watcher
    from emulator.traffic.relay import Relay

HELP = "send requests on to another endpoint, unchanged, and judge what goes through"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the upstream, the address, the edition and the report be chosen."""
    parser.add_argument(
        "--upstream",
        required=True,
        metavar="URL",
        help="where every request is sent on to, such as https://platform.adobe.io; it acts there",
    )
    parser.add_argument(
        "--authorities",
        metavar="FILE",
        help="certificates to trust instead of the system's, for an upstream with its own",
    )
    add_settings(parser, "host", "port", "edition", "enforce", "default_sandbox")
    add_settings(parser, "contracts", "fixtures", "journal", "log_level")
    add_report(parser)
    add_save(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Relay until the process is told to end, and write the report; 1 if it misses a demand.

    Raises:
        CommandError: The upstream or a setting cannot be used, or the address is taken.
    """
    from emulator.traffic.proxy import Watcher
    from emulator.traffic.relay import Relay
    from emulator.traffic.upstream import Upstream, UpstreamError

    settings = settings_of(arguments)
    if not settings.journal:
        raise CommandError("--journal: a proxy without a journal has nothing to report")
    logging.basicConfig(stream=sys.stderr, level=settings.log_level.upper())
    try:
        upstream = Upstream.of(arguments.upstream, arguments.authorities)
    except UpstreamError as error:
        raise CommandError(f"--upstream: {error}") from error
    emulator = build_emulator(settings)
    edition_name(emulator.contract, settings.edition)
    watcher = Watcher(emulator)
    try:
        relay = Relay(upstream, watcher.see, watcher.own, settings.host, settings.port)
    except OSError as error:
        watcher.close()
        place = f"{settings.host}:{settings.port}"
        raise CommandError(f"cannot listen on {place}: {error.strerror}") from error
    _relay_until_told(relay, emulator.engine.edition)
    watcher.close()
    return _finish(watcher, arguments)


def _relay_until_told(relay: Relay, edition: str) -> None:
    """Relay from threads until Ctrl-C or SIGTERM."""
    told = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    thread = threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    print(_banner(relay, edition), file=sys.stderr, flush=True)
    try:
        told.wait()
    finally:
        relay.shutdown()
        relay.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _banner(relay: Relay, edition: str) -> str:
    """Return what the start says; its first line ends with the URL, for scripts that wait."""
    host, port = relay.server_address[:2]
    url = url_of(str(host), int(port))
    upstream = relay.upstream
    return "\n".join(
        (
            f"aep-emulator {__version__} proxy, edition {edition}, on {url}",
            f"  WARNING  every request goes on to {upstream.url} and acts there",
            f"  journal  {url}/_emulator/journal",
            "Ctrl-C ends it and writes the report.",
        )
    )


def _finish(watcher: Watcher, arguments: argparse.Namespace) -> int:
    from emulator.reports.recording import with_recording
    from emulator.reports.report import build
    from emulator.reports.scope import ReportScope, ReportScopeError

    emulator = watcher.emulator
    try:
        listed = listed_operations(arguments)
        scope = ReportScope.of(emulator.contract, listed, edition=emulator.engine.edition)
    except ReportScopeError as error:
        raise CommandError(f"{arguments.operations}: {error}") from error
    if arguments.save is not None:
        save(watcher.coverage().to_json(), arguments.save)
    report = build(emulator.contract, watcher.coverage(), scope)
    return finish(with_recording(report, watcher.counted.to_json(), None), arguments, [])
