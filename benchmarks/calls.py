"""The emulator's requests under test: the tutorial's source connection, created and read."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from benchmarks.load import prepare, run_load
from benchmarks.process import HEADERS

FLOW_SERVICE = "/data/foundation/flowservice"
_BLOB = {"id": "4c10e202-c428-4796-9208-5f1f5732b1cf", "version": "1.0"}
BASE_CONNECTION = {
    "name": "b",
    "auth": {"specName": "ConnectionString", "params": {"connectionString": "AccountKey=a"}},
    "connectionSpec": _BLOB,
}


@dataclass(frozen=True)
class Target:
    """Where to create and what to read, in an emulator that listens on `port`."""

    port: int
    headers: dict[str, str]
    create_path: str
    create_body: bytes
    read_path: str


def set_up(port: int) -> Target:
    """Create the base connection and one source connection."""
    base = _create(port, "connections", BASE_CONNECTION)
    body = {
        "name": "Cloud storage source connection for delimited files",
        "description": "Cloud storage source connector",
        "baseConnectionId": base,
        "data": {"format": "delimited", "columnDelimiter": "\t"},
        "params": {"path": "/ingestion-demos/leads/tsv_data/*.tsv", "recursive": "true"},
        "connectionSpec": _BLOB,
    }
    source = _create(port, "sourceConnections", body)
    path = f"{FLOW_SERVICE}/sourceConnections"
    return Target(port, HEADERS, path, json.dumps(body).encode(), f"{path}/{source}")


def fill(target: Target, objects: int) -> None:
    """Create objects until there are at least so many."""
    request = prepare("POST", target.create_path, target.create_body, target.headers)
    while _count(target) < objects:
        run_load("127.0.0.1", target.port, request, connections=16, seconds=5.0)


def _count(target: Target) -> int:
    answer = _call(target.port, "GET", f"{target.create_path}?count=true")
    count: int = answer["count"]
    return count


def _create(port: int, collection: str, body: dict[str, Any]) -> str:
    id: str = _call(port, "POST", f"{FLOW_SERVICE}/{collection}", body)["id"]
    return id


def _call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    content = None if body is None else json.dumps(body)
    headers = {**HEADERS, "Content-Type": "application/json"} if body else HEADERS
    connection.request(method, path, content, headers)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    if reply.status >= 300:
        raise RuntimeError(f"{method} {path}: {reply.status} {text.decode()}")
    return json.loads(text)
