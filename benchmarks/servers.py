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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
CONNECTIONS = (1, 16, 64)
CHOSEN = "chosen"
_START_LIMIT = 20.0
_STOP_LIMIT = 15.0


def echo_app() -> Any:
    """Return the app every server runs: POST / answers its JSON body, GET / a fixed one."""
    from flask import Flask, jsonify, request

    app = Flask("echo")

    @app.post("/")
    def post() -> Any:
        return jsonify(request.get_json())

    @app.get("/")
    def get() -> Any:
        return jsonify(status="ok", items=[1, 2, 3])

    return app


def serve_chosen(port: int) -> None:
    from emulator.server import Server, run

    run(Server(echo_app(), HOST, port))


def serve_cheroot(port: int) -> None:
    from cheroot.wsgi import Server

    _end_on_sigterm()
    Server((HOST, port), echo_app(), numthreads=10).safe_start()


def serve_gevent(port: int) -> None:
    from gevent import signal_handler
    from gevent.pywsgi import WSGIServer

    server = WSGIServer((HOST, port), echo_app(), log=None)
    signal_handler(signal.SIGTERM, server.stop)
    server.serve_forever()


def serve_waitress(port: int) -> None:
    from waitress import serve

    _end_on_sigterm()
    serve(echo_app(), host=HOST, port=port, threads=4, _quiet=True)


def serve_tornado(port: int) -> None:
    import asyncio

    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    async def main() -> None:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        HTTPServer(WSGIContainer(echo_app())).listen(port, HOST)
        await ended.wait()

    asyncio.run(main())


def serve_fastwsgi(port: int) -> None:
    import fastwsgi

    fastwsgi.run(wsgi_app=echo_app(), host=HOST, port=port, loglevel=0)


def serve_bjoern(port: int) -> None:
    import bjoern

    bjoern.run(echo_app(), HOST, port)


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


def _become(module: str, *arguments: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])


def _end_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


SERVERS: dict[str, tuple[str, Callable[[int], None]]] = {
    CHOSEN: ("emulator.server", serve_chosen),
    "gevent": ("gevent", serve_gevent),
    "cheroot": ("cheroot", serve_cheroot),
    "granian-1": ("granian", _granian(1)),
    "granian-8": ("granian", _granian(8)),
    "gunicorn": ("gunicorn", serve_gunicorn),
    "waitress": ("waitress", serve_waitress),
    "tornado": ("tornado", serve_tornado),
    "fastwsgi": ("fastwsgi", serve_fastwsgi),
    "bjoern": ("bjoern", serve_bjoern),
    "werkzeug": ("werkzeug", serve_werkzeug),
}
