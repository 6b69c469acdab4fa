"""A page of another origin, and what it calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FETCH = """async ([url, headers]) => {
    try {
        const answer = await fetch(url, {headers});
        return [answer.status, answer.headers.get("x-emulator-operation")];
    } catch (error) { return [0, error.message]; }
}"""
"""Calls a URL; returns the status and a header of the answer, or 0 and why there is none."""


@contextmanager
def page_elsewhere() -> Iterator[str]:
    """An empty page of another origin; yields that origin."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title><link rel=icon href=data:,>")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
