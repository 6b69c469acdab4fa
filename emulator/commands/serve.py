"""`aep-emulator serve`: one emulator behind one address, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import errno
import os
import signal
from typing import TYPE_CHECKING

from emulator import __version__
from emulator.commands import (
    CommandError,
    add_settings,
    build_emulator,
    one_line,
    settings_of,
    url_of,
    who_controls,
)
from emulator.commands.https import tls_line, tls_of
from emulator.commands.terminal import say

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import TextIO

    from emulator.emulator import Emulator
    from emulator.serving.background_runs import BackgroundRuns
    from emulator.serving.kept_state import KeptState
    from emulator.serving.request_log import RequestLog
    from emulator.serving.server import Server
    from emulator.serving.shared_listener import SharedSocket
    from emulator.serving.tls import Tls
    from emulator.settings import Settings

HELP = "serve the emulated APIs over HTTP"

PLATFORM_URL = "https://platform.adobe.io"
IMS_URL = "https://ims-na1.adobelogin.com"
END_SECONDS = 0.3
"""How long the end waits for runs that have been interrupted, so that they say so."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting."""
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM.

    Raises:
        CommandError: A setting or an overlay cannot be used, or the address is taken.
    """
    # Arrow's usual allocator sets a gigabyte of address space aside and keeps what is freed.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    settings = settings_of(arguments)
    require_shared_store(settings)
    tls = tls_of(settings)
    try:
        return _serve_with(settings, tls)
    finally:
        if tls is not None:
            tls.close()


def _serve_with(settings: Settings, tls: Tls | None) -> int:
    """Serve with one process or with several; return the exit code. CommandError as in `run`."""
    from emulator.masking.logs import log_to_stderr

    log = log_to_stderr(settings.log_level, settings.log_format)
    emulator = build_emulator(settings)
    if settings.workers > 1:
        return _serve_with_workers(emulator, log, tls)
    kept = kept_state(emulator)

    def announce(started: Server) -> None:
        say(start_lines(emulator, started.host, started.port, tls), flush=True)
        if kept is not None and settings.state_seconds:
            kept.start(settings.state_seconds)

    serve(emulator, log, announce, kept=kept, tls=tls)
    return 0


def serve(
    emulator: Emulator,
    log: logging.StreamHandler[TextIO],
    announce: Callable[[Server], object],
    *,
    kept: KeptState | None = None,
    listener: SharedSocket | None = None,
    tls: Tls | None = None,
) -> None:
    """Serve an emulator until Ctrl-C or SIGTERM, with all that works beside its answers.

    With a `listener` this is a worker: it is SIGTERM alone that ends it.

    Raises:
        CommandError: The address is taken, or the state file cannot be saved.
    """
    from emulator.serving.background_runs import BackgroundRuns
    from emulator.serving.server import run as serve_until_stopped

    settings, runs = emulator.settings, BackgroundRuns(emulator)
    requests = request_log(emulator, log, settings)

    def begin(started: Server) -> None:
        announce(started)
        emulator.stores.processes.start()
        if requests is not None:
            requests.start()
        if settings.runs == "background":
            runs.start()

    ends = (signal.SIGTERM,) if listener is not None else (signal.SIGINT, signal.SIGTERM)
    try:
        server = _server(emulator, requests, runs, listener, tls)
        serve_until_stopped(server, begin, ends)
        runs.wait(END_SECONDS)
        save_last(kept)
    except OSError as error:
        raise CommandError(_unusable(settings.host, settings.port, error)) from error
    finally:
        emulator.close()
        if requests is not None:
            requests.close()


def _server(
    emulator: Emulator,
    requests: RequestLog | None,
    runs: BackgroundRuns,
    listener: SharedSocket | None,
    tls: Tls | None,
) -> Server:
    from emulator.serving.server import Server

    def interrupt() -> None:
        emulator.stores.end_soon()
        runs.stop()
        emulator.application.interrupt()

    return Server(
        emulator.application if requests is None else requests,
        emulator.settings.host,
        emulator.settings.port,
        interrupt=interrupt,
        listener=listener,
        tls=None if tls is None else tls.context,
    )


def _serve_with_workers(
    emulator: Emulator, log: logging.StreamHandler[TextIO], tls: Tls | None
) -> int:
    """Serve with several processes until Ctrl-C or SIGTERM; return the exit code.

    `emulator` is the parent's: it has shown that the settings can be used, and each worker makes
    one like it, on the same contract. The parent keeps nothing open that a fork must not share.

    Raises:
        CommandError: The address is taken.
    """
    from emulator.app import create_emulator
    from emulator.serving.server import freeze_garbage, listen
    from emulator.serving.shared_listener import SharedSocket, Shares
    from emulator.serving.supervisor import Supervisor

    settings = emulator.settings
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        emulator.close()
        raise CommandError(_unusable(settings.host, settings.port, error)) from error
    lines = start_lines(emulator, settings.host, listener.getsockname()[1], tls)
    emulator.close()
    freeze_garbage()

    shares = Shares(settings.workers)

    def work(number: int, tell_ready: Callable[[], None]) -> int:
        made = create_emulator(settings, like=emulator)
        shared = SharedSocket(listener, shares, number)
        serve(made, log, lambda _: tell_ready(), listener=shared, tls=tls)
        return 0

    with listener:
        return Supervisor(settings.workers, work).run(lambda: say(lines, flush=True))


def require_shared_store(settings: Settings) -> None:
    """Refuse several workers that would have nothing in common.

    Raises:
        CommandError: They would not.
    """
    if settings.workers == 1:
        return
    is_shared = settings.store.partition("://")[2].strip("/") not in ("", ":memory:")
    if settings.store == "memory" or settings.state is not None or not is_shared:
        raise CommandError(
            "--workers needs a store that they share: --store sqlite:///PATH or"
            " postgresql+psycopg://USER@HOST/DATABASE, without --state"
        )
    if not hasattr(os, "fork"):
        raise CommandError("--workers needs fork, which this system does not have")


def start_lines(emulator: Emulator, host: str, port: int, tls: Tls | None) -> str:
    """Return what the start says about an emulator at an address."""
    settings = emulator.settings
    where = state_line(settings) or _where_state_is(emulator)
    said = [*clock_line(emulator), *where, *tls_line(tls), *who_controls(settings)]
    url = url_of(host, port, settings.scheme)
    return banner(url, emulator.engine.edition, settings.enforce, *said)


def request_log(
    emulator: Emulator, log: logging.StreamHandler[TextIO], settings: Settings
) -> RequestLog | None:
    """Return what writes a line about each request, if the level of the log has them."""
    if settings.log_level not in ("debug", "info"):
        return None
    from emulator.serving.request_lines import writer
    from emulator.serving.request_log import RequestLog

    is_coloured = log.stream.isatty() and not os.environ.get("NO_COLOR")
    is_json = settings.log_format == "json"
    write = writer(log, is_json=is_json, is_coloured=is_coloured)
    return RequestLog(emulator.application, write)


def _where_state_is(emulator: Emulator) -> list[str]:
    """Return the line that says where state is kept; none if it is in memory."""
    stores = emulator.stores
    return [] if emulator.settings.store == "memory" else [f"  state      {stores.describes}"]


def banner(url: str, edition: str, enforce: str, *more: str) -> str:
    """Return the startup message. Its first line ends with the URL, for scripts that wait for it.

    The lines in the middle have the URLs for a client's configuration and for a browser; `more`
    follow them.
    """
    return "\n".join(
        (
            f"aep-emulator {__version__}, edition {edition}, enforce {enforce}, on {url}",
            f"  base URL   {url}  instead of  {PLATFORM_URL}",
            f"  token URL  {url}/ims/token/v3  instead of  {IMS_URL}/ims/token/v3",
            f"  page       {url}/_emulator/ui/  in a browser",
            *more,
            "Press Ctrl-C to stop.",
        )
    )


def kept_state(emulator: Emulator) -> KeptState | None:
    """Return the state file that the settings name, if they do; the emulator begins with it.

    Raises:
        CommandError: It cannot be used.
    """
    path = emulator.settings.state
    if path is None:
        return None
    if emulator.settings.store != "memory":
        raise CommandError("--state is for --store memory; what other stores hold lasts anyway")
    from emulator.serving.kept_state import KeptState
    from emulator.state.file import StateError

    kept = KeptState(emulator, path)
    try:
        kept.load()
    except StateError as error:
        raise CommandError(f"{path} is not a state to begin with: {one_line(error)}") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be used: {error.strerror}") from error
    return kept


def save_last(kept: KeptState | None) -> None:
    """Save the state file, if there is one.

    Raises:
        CommandError: It cannot be written; what was saved before is there.
    """
    if kept is None:
        return
    try:
        kept.finish()
    except OSError as error:
        raise CommandError(f"{kept.path} cannot be saved: {error.strerror}") from error


def state_line(settings: Settings) -> list[str]:
    """Return a line for the start that says where the state is kept, if it is."""
    if settings.state is None:
        return []
    every = f"every {settings.state_seconds} s and " if settings.state_seconds else ""
    return [f"  state      {settings.state}, saved {every}at the end"]


def clock_line(emulator: Emulator) -> list[str]:
    """Return a line for the start that says what time it is, unless it is the machine's."""
    from emulator.clock import MovableClock
    from emulator.moments import from_milliseconds, utc_text

    clock = emulator.platform.clock
    moment = from_milliseconds(clock.now())
    if not isinstance(clock, MovableClock) or moment is None:
        return []
    how = "stands still" if clock.kind == "manual" else "runs"
    return [f"  clock      {utc_text(moment)}, {how}; aep-emulator clock moves it"]


def _unusable(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{host}:{port} is in use; choose another port with --port, 0 for a free one"
    return f"cannot listen on {host}:{port}: {error.strerror}"
