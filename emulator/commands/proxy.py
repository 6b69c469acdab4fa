"""`aep-emulator proxy`: forwards requests to another endpoint, and reports on both sides."""

from __future__ import annotations

import argparse
import signal
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
    who_controls,
)
from emulator.commands.answers import add_json
from emulator.commands.reporting import add_report, add_save, build_report, finish
from emulator.commands.terminal import say

if TYPE_CHECKING:
    from emulator.traffic.proxy import Watcher
    from emulator.traffic.relay import Relay

HELP = "forward requests unchanged to another endpoint, and judge requests and responses"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the upstream, the settings, and the arguments of a report."""
    parser.add_argument(
        "--upstream",
        required=True,
        metavar="URL",
        help="endpoint where requests are forwarded and take effect, as at https://platform.adobe.io",
    )
    parser.add_argument(
        "--authorities",
        metavar="FILE",
        help="certificate authorities to trust instead of the system's",
    )
    add_settings(parser, "host", "port", "edition", "enforce", "default_sandbox")
    add_settings(parser, "contracts", "fixtures", "journal", "log_level")
    add_settings(parser, "allowed_hosts", "admin_token")
    add_report(parser)
    add_save(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Relay until Ctrl-C or SIGTERM, and write the report; return 1 if it misses a threshold.

    Raises:
        CommandError: The upstream or a setting cannot be used, or the address is taken.
    """
    from emulator.masking.logs import log_to_stderr
    from emulator.traffic.proxy import Watcher
    from emulator.traffic.relay import Relay
    from emulator.traffic.upstream import Upstream, UpstreamError

    settings = settings_of(arguments)
    if not settings.journal:
        raise CommandError("--journal: 0 leaves nothing to report; expected at least 1")
    log_to_stderr(settings.log_level)
    try:
        upstream = Upstream.of(arguments.upstream, arguments.authorities)
    except UpstreamError as error:
        raise CommandError(f"--upstream: {error}") from error
    emulator = build_emulator(settings)
    edition_name(emulator.contract, settings.edition)
    watcher = Watcher(emulator)
    try:
        relay = Relay(upstream, watcher.add, watcher.control, settings.host, settings.port)
    except OSError as error:
        watcher.close()
        place = f"{settings.host}:{settings.port}"
        raise CommandError(f"cannot listen on {place}: {error.strerror}") from error
    _relay_until_stopped(relay, emulator.engine.edition, who_controls(settings))
    watcher.close()
    return _finish(watcher, arguments)


def _relay_until_stopped(relay: Relay, edition: str, more: list[str]) -> None:
    """Relay from threads until Ctrl-C or SIGTERM."""
    stopped = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    thread = threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    say(_banner(relay, edition, more), is_error=True, flush=True)
    try:
        stopped.wait()
    finally:
        relay.shutdown()
        relay.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _banner(relay: Relay, edition: str, more: list[str]) -> str:
    """Return the startup message; its first line ends with the URL, for waiting scripts."""
    host, port = relay.server_address[:2]
    url = url_of(str(host), int(port))
    upstream = relay.upstream
    return "\n".join(
        (
            f"aep-emulator {__version__} proxy, edition {edition}, on {url}",
            f"  WARNING  every request is forwarded to {upstream.url} and takes effect there",
            f"  journal  {url}/_emulator/journal",
            *more,
            "Press Ctrl-C to stop and write the report.",
        )
    )


def _finish(watcher: Watcher, arguments: argparse.Namespace) -> int:
    from emulator.reports.recording import with_recording

    emulator = watcher.emulator
    report = build_report(emulator.contract, watcher.coverage(), arguments, emulator.engine.edition)
    return finish(with_recording(report, watcher.counted.to_json(), None), arguments)
