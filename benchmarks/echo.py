"""The reference of every ratio: a bare Flask JSON echo on the emulator's own server."""

from __future__ import annotations

import sys
from typing import Any


def echo_app() -> Any:
    """Return a Flask application that answers what it is sent."""
    from flask import Flask, jsonify, request

    app = Flask("echo")

    @app.post("/echo")
    def echo() -> Any:
        return jsonify(request.get_json())

    @app.get("/health")
    def health() -> Any:
        return jsonify(status="ok")

    return app


def main(port: int) -> None:
    """Serve the echo on a port of the loopback."""
    from emulator.serving.server import Server, run
    from emulator.web.wsgi import WsgiHandler

    run(
        Server(WsgiHandler(echo_app()), "127.0.0.1", port),
        lambda server: print("ready", flush=True),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
