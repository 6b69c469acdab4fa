"""Side-by-side measurement of WSGI servers with one bare Flask JSON app.

`python -m benchmarks.servers [names…]` starts each installed server in a process of its own and
drives it from this one, in rounds of alternating order, so both directions see the same noise.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.echo import echo_app
from benchmarks.load import LoadResult, RequestSource, prepare, run_load
from benchmarks.process import await_answer, free_port

HOST = "127.0.0.1"
CONNECTIONS = (1, 16, 64)
CHOSEN = "chosen"
TIME_LIMIT = 20.0


def serve_chosen(port: int) -> None:
    from emulator.serving.server import Server, run
    from emulator.web.wsgi import WsgiHandler

    run(Server(WsgiHandler(echo_app()), HOST, port))


def serve_cheroot(port: int) -> None:
    from cheroot.wsgi import Server

    _end_on_sigterm()
    # The stock backlog of 5 drops connection attempts when 16 clients arrive together.
    Server((HOST, port), echo_app(), numthreads=10, request_queue_size=1024).safe_start()


def serve_gevent(port: int) -> None:
    from gevent import signal_handler
    from gevent.pywsgi import WSGIHandler, WSGIServer

    class Handler(WSGIHandler):  # type: ignore[misc]
        def __init__(self, sock: socket.socket, *rest: Any) -> None:
            # Stock gevent leaves Nagle on and writes twice: every answer takes 44 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().__init__(sock, *rest)

    server = WSGIServer((HOST, port), echo_app(), log=None, handler_class=Handler)
    signal_handler(signal.SIGTERM, server.stop)
    server.serve_forever()


def serve_waitress(port: int) -> None:
    import logging

    from waitress import serve

    logging.getLogger("waitress.queue").disabled = True
    _end_on_sigterm()
    serve(echo_app(), host=HOST, port=port, threads=4, _quiet=True)


def serve_tornado(port: int) -> None:
    import asyncio
    import logging

    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    logging.getLogger("tornado.access").disabled = True

    async def main() -> None:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        HTTPServer(WSGIContainer(echo_app())).listen(port, HOST)
        await ended.wait()

    asyncio.run(main())


def serve_fastwsgi(port: int) -> None:
    import fastwsgi

    fastwsgi.run(wsgi_app=echo_app(), host=HOST, port=port, loglevel=0)


def serve_werkzeug(port: int) -> None:
    import logging

    from werkzeug.serving import WSGIRequestHandler, make_server

    logging.getLogger("werkzeug").disabled = True
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    _end_on_sigterm()
    make_server(HOST, port, echo_app(), threaded=True).serve_forever()


def _granian(threads: int) -> Callable[[int], None]:
    def serve(port: int) -> None:
        arguments = ["--interface", "wsgi", "--host", HOST, "--port", str(port), "--no-ws"]
        arguments += ["--blocking-threads", str(threads), "--no-log", "--factory"]
        _become("granian", *arguments, "benchmarks.servers:echo_app")

    return serve


def serve_gunicorn(port: int) -> None:
    arguments = ["--worker-class", "gthread", "--threads", "8", "--bind", f"{HOST}:{port}"]
    _become("gunicorn", *arguments, "--log-level", "error", "benchmarks.servers:echo_app()")


def _become(*module_and_arguments: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", *module_and_arguments])


def _end_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


SERVERS: dict[str, tuple[str, Callable[[int], None]]] = {
    CHOSEN: ("uvicorn", serve_chosen),
    "gevent": ("gevent", serve_gevent),
    "cheroot": ("cheroot", serve_cheroot),
    "granian-1": ("granian", _granian(1)),
    "granian-8": ("granian", _granian(8)),
    "gunicorn": ("gunicorn", serve_gunicorn),
    "waitress": ("waitress", serve_waitress),
    "tornado": ("tornado", serve_tornado),
    "fastwsgi": ("fastwsgi", serve_fastwsgi),
    "werkzeug": ("werkzeug", serve_werkzeug),
}


@dataclass
class Figures:
    """Everything measured of one server, one entry per round."""

    start_ms: list[float] = field(default_factory=list)
    stop_ms: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    loaded_rss_mib: list[float] = field(default_factory=list)
    loads: dict[int, list[LoadResult]] = field(default_factory=lambda: defaultdict(list))

    def rate(self, connections: int) -> float:
        """Return the median requests per second at this many connections."""
        return statistics.median(load.requests_per_second for load in self.loads[connections])

    def failures(self) -> int:
        """Return how many requests failed or were not answered with success."""
        return sum(load.errors + load.non_2xx for runs in self.loads.values() for load in runs)


def mixed_requests() -> RequestSource:
    """Return a source of POSTs of a small document and GETs by turns."""
    document = {"name": "profile", "identities": [{"id": n, "value": "abc"} for n in range(10)]}
    pair = prepare("POST", "/echo", json.dumps(document).encode()), prepare("GET", "/health")
    return lambda number: pair[number & 1]


def measure(name: str, figures: Figures, seconds: float) -> None:
    """Start the server, put it under load, stop it, and add what was seen to `figures`."""
    port = free_port()
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.servers", "--serve", name, "--port", str(port)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_answer(port, "/health", child)
        figures.start_ms.append((time.perf_counter() - started) * 1000)
        figures.rss_mib.append(_tree_rss_mib(child.pid))
        for connections in CONNECTIONS:
            run_load(HOST, port, mixed_requests(), connections, seconds / 5)
            load = run_load(HOST, port, mixed_requests(), connections, seconds)
            figures.loads[connections].append(load)
        figures.loaded_rss_mib.append(_tree_rss_mib(child.pid))
        stopped = time.perf_counter()
        child.terminate()
        child.wait(TIME_LIMIT)
        figures.stop_ms.append((time.perf_counter() - stopped) * 1000)
    finally:
        child.kill()
        child.wait()


def _tree_rss_mib(pid: int) -> float:
    """Return the resident memory of a process and all below it; NaN where /proc is missing."""
    process = Path("/proc") / str(pid)
    if not process.exists():
        return float("nan")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    children = [
        int(child)
        for listing in process.glob("task/*/children")
        for child in listing.read_text().split()
    ]
    own = int(status["VmRSS"].split()[0]) / 1024
    return own + sum(_tree_rss_mib(child) for child in children)


def _row(name: str, figures: Figures, reference: Figures | None) -> list[str]:
    costs = (figures.start_ms, figures.stop_ms, figures.rss_mib, figures.loaded_rss_mib)
    row = [name, *(f"{statistics.median(cost):.0f}" for cost in costs)]
    for connections in CONNECTIONS:
        runs = figures.loads[connections]
        rate = figures.rate(connections)
        ratio = f" ({rate / reference.rate(connections):.2f})" if reference else ""
        row.append(f"{rate:.0f}{ratio}")
        row.append(f"{statistics.median(load.p50_ms for load in runs):.2f}")
        row.append(f"{statistics.median(load.p99_ms for load in runs):.2f}")
    return [*row, str(figures.failures())]


def table(results: dict[str, Figures]) -> str:
    """Return the medians as a Markdown table; in brackets, throughput against the chosen one."""
    head = ["server", "start ms", "stop ms", "RSS MiB", "after load"]
    for connections in CONNECTIONS:
        head += [f"req/s @{connections}", "p50 ms", "p99 ms"]
    lines = [[*head, "failed"], ["---"] * (len(head) + 1)]
    reference = results.get(CHOSEN)
    lines += [_row(name, figures, reference) for name, figures in results.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def compare(names: list[str], rounds: int, seconds: float) -> dict[str, Figures]:
    """Measure the servers in turn, every other round in reverse."""
    results = {name: Figures() for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            print(f"round {turn + 1}: {name}", file=sys.stderr)
            measure(name, results[name], seconds)
    return results


def main() -> None:
    """Compare the servers named, or all that are installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SERVERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="per load")
    parser.add_argument("--serve", choices=list(SERVERS), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        SERVERS[options.serve][1](options.port)
        return
    if unknown := set(options.names) - set(SERVERS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    names = [
        name for name in options.names or SERVERS if importlib.util.find_spec(SERVERS[name][0])
    ]
    print(table(compare(names, options.rounds, options.seconds)))


if __name__ == "__main__":
    main()
