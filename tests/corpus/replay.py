"""Replays printed requests over a socket: each page against an emulator of its own, in order.

What a page leaves to its reader is filled in: placeholders of headers get valid values, an id that
the page prints for what it creates becomes the id that the emulator has given, and what the page
takes for granted (a schema, a data set, a flow) is made before it is first used:
`substitution.py` and `preparation.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

from emulator.testing import AepServer
from emulator.testing.client import AepClient, Response, Send
from tests.corpus.preparation import Preparation, first
from tests.corpus.printed_requests import Outcome, Printed
from tests.corpus.samples import ROWS, file_named
from tests.corpus.substitution import Substitution

BOUNDARY = "0boundary0"
SAFE = "%/?&=:;,@!$'()*+[]~._-"
"""Characters of printed paths that are sent as they are."""


def replay(page: list[Printed]) -> list[Outcome]:
    """Send a page's requests to a new emulator of its edition, over a socket."""
    edition = page[0].row["edition"]
    with (
        AepServer(edition=edition, self_check=True) as server,
        closing(HTTPConnection(urlsplit(server.url).netloc, timeout=60)) as connection,
    ):
        client = AepClient(over_socket(connection), server.emulator.contract)
        preparation = Preparation(client, wait=server.clock.advance)
        substitution = Substitution(preparation, [printed.row for printed in page])
        reader = Reader(client, substitution)
        return [reader.follow(printed) for printed in page]


def over_socket(connection: HTTPConnection) -> Send:
    """Return a way to send requests over a connection, which is opened anew where it was closed."""

    def send(method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        connection.request(method, path, content, dict(headers))
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return Response(reply.status, found, reply.read())

    return send


@dataclass(frozen=True)
class Reader:
    """Follows one page: sends its requests, with what stands for what it prints."""

    client: AepClient
    substitution: Substitution

    def follow(self, printed: Printed) -> Outcome:
        """Send a printed request and return what became of it."""
        row = printed.row
        self.substitution.known.update(row.get("values", {}))
        body = row.get("repaired", row.get("body"))
        self.substitution.prepare_for(row, row["path"] + " " + json.dumps(body))
        path = quote(self.substitution.filled(row["path"]), safe=SAFE)
        content = self._content(row, body)
        headers = self._headers(row, path, content)
        response = self.client.exchange(row["method"], path, headers, content)
        if response.status < 300:
            self.substitution.keep(row, response)
        return Outcome(printed, response)

    def _content(self, row: dict[str, Any], body: Any) -> bytes | None:
        if body is not None:
            return self.substitution.filled(json.dumps(body)).encode()
        if parts := _parts(row):
            return _form([self.substitution.filled(part).replace('"', "") for part in parts])
        form = str(row.get("form", ""))
        if "Content-Range" in row["headers"] or "@" in form:
            return file_named(form) or ROWS
        return row.get("text", "").encode() or (b"" if "form" in row else None)

    def _headers(self, row: dict[str, Any], path: str, content: bytes | None) -> dict[str, str]:
        valid = {name.lower(): value for name, value in self.client.headers.items()}
        headers = {name: valid[name] for name in ("authorization", "x-api-key", "x-gw-ims-org-id")}
        if content is not None:
            headers["content-type"] = "application/json"  # the pages say so before their first call
        for name, value in row["headers"].items():
            headers[name.lower()] = valid.get(name.lower(), self.substitution.filled(value))
        if _parts(row) or headers.get("content-type") == "multipart/form-data":
            headers["content-type"] = f"multipart/form-data; boundary={BOUNDARY}"  # as curl does
        if "content-range" in headers:
            size = len(content or b"")
            headers["content-range"] = f"bytes 0-{size - 1}/{size}"
        if "if-match" in headers:
            found = self.client.call("GET", path.partition("?")[0], Accept="application/json")
            if found.status < 300:
                headers["if-match"] = found.headers.get("etag") or first(found)["etag"]
        return headers


def _parts(row: dict[str, Any]) -> list[str]:
    """Return the arguments of `curl -F`; that of `-T` names a file and no part."""
    form = row.get("form", ())
    return [part for part in ([form] if isinstance(form, str) else form) if "=" in part]


def _form(parts: list[str]) -> bytes:
    """Return a form as `curl -F` sends it, once for each part; `name=@path` is a file."""
    lines = []
    for name, _, value in (part.partition("=") for part in parts):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        content = value.encode()
        if value.startswith("@"):
            head += '; filename="file"'
            content = file_named(value) or ROWS.partition(b"\n")[0]
        lines.append(head.encode() + b"\r\n\r\n" + content)
    return b"\r\n".join([*lines, f"--{BOUNDARY}--\r\n".encode()])
