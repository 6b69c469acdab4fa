"""Writers that work on a served emulator, and what they know of its answers."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from tests.bodies import (
    CATALOG,
    FLOW_SERVICE,
    HEADERS,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    profile_schema,
    source_connection,
)
from tests.services.lake import IMPORT

CONNECTIONS = f"{FLOW_SERVICE}/connections"
SOURCES = f"{FLOW_SERVICE}/sourceConnections"
SANDBOXES = ("prod", "dev")
LARGEST_FILE = 300_000
"""Bytes that an uploaded file has at most."""


class Cut(Exception):
    """The emulator was killed before it answered."""


@dataclass
class Connection:
    """A base connection: what was answered about it, and what was asked and not answered."""

    sandbox: str
    etag: str = ""
    descriptions: tuple[str, ...] = ("",)
    """The one that was acknowledged last; behind it one that was asked for, if it was cut off."""
    sources: set[str] = field(default_factory=set)
    is_deleted: bool = False
    may_be_deleted: bool = False


@dataclass
class Ledger:
    """All that was acknowledged. `lock` guards it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    ids: list[str] = field(default_factory=list)
    connections: dict[str, Connection] = field(default_factory=dict)
    files: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Digests by sandbox and key: of what was acknowledged last, and of what was cut off."""
    orders: list[list[str]] = field(default_factory=list)
    """The ids that each client was answered, in that order."""
    answered: list[list[tuple[str, float]]] = field(default_factory=list)
    """The calls of each client that were answered, by their request ids, and when."""
    batches: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many rows each acknowledged batch has that ended with success."""
    calls: int = 0

    def gone(self) -> set[str]:
        """Return the ids of what may have been deleted."""
        found = {id for id, known in self.connections.items() if known.may_be_deleted}
        return found.union(*(self.connections[id].sources for id in found))


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


class Writer:
    """One client that writes until the emulator is gone, or `is_over` is set."""

    def __init__(self, url: str, ledger: Ledger, seed: str) -> None:
        self.url = url
        self.ledger = ledger
        self.chance = random.Random(seed)
        self.sandbox = self.chance.choice(SANDBOXES)
        self.session = requests.Session()
        self.session.headers.update({**HEADERS, "x-sandbox-name": self.sandbox})
        self.own: list[str] = []
        self.order: list[str] = []
        self.answered: list[tuple[str, float]] = []
        self.failed: list[str] = []
        self.is_cut = False
        self.has_begun = threading.Event()
        self.is_over = threading.Event()

    def call(self, method: str, path: str, status: int, **how: Any) -> requests.Response:
        """Call, and return the answer, which has to have this status.

        Raises:
            Cut: There is none.
        """
        request = f"{self.chance.getrandbits(96):024x}"
        headers = {"x-request-id": request, **how.pop("headers", {})}
        try:
            answer = self.session.request(
                method, self.url + path, timeout=30, headers=headers, **how
            )
        except requests.RequestException as error:
            raise Cut from error
        self.answered.append((request, time.monotonic()))
        self.ledger.calls += 1
        assert answer.status_code == status, (method, path, answer.status_code, answer.text[:300])
        return answer

    def took(self, id: str) -> str:
        """Note an id that was answered."""
        with self.ledger.lock:
            self.ledger.ids.append(id)
        self.order.append(id)
        return id

    def run(self) -> None:
        try:
            self.make_lake()
            self.has_begun.set()
            while not self.is_over.is_set():
                self.chance.choice(self.STEPS)(self)
        except Cut:
            self.is_cut = True
        except BaseException as error:  # noqa: BLE001 - the test tells it
            self.failed.append(repr(error))
        finally:
            self.has_begun.set()
            self.ledger.orders.append(self.order)
            self.ledger.answered.append(self.answered)
            self.session.close()

    def make_lake(self) -> None:
        schemas = f"{SCHEMA_REGISTRY}/tenant/schemas"
        body = profile_schema(f"Schema {self.chance.random()}")
        self.schema = self.took(self.call("POST", schemas, 201, json=body).json()["$id"])
        body = dataset(self.schema, fileDescription={"format": "json"})
        made = self.call("POST", f"{CATALOG}/dataSets", 201, json=body).json()[0]
        self.dataset = self.took(made.removeprefix("@/dataSets/"))

    def create(self) -> None:
        made = self.call("POST", CONNECTIONS, 201, json=base_connection()).json()
        with self.ledger.lock:
            self.ledger.connections[made["id"]] = Connection(self.sandbox, made["etag"])
        self.own.append(self.took(made["id"]))

    def create_source(self) -> None:
        if self.own:
            base = self.chance.choice(self.own)
            made = self.call("POST", SOURCES, 201, json=source_connection(base)).json()
            self.ledger.connections[base].sources.add(self.took(made["id"]))

    def patch(self) -> None:
        if self.own:
            id = self.chance.choice(self.own)
            known = self.ledger.connections[id]
            wanted = str(self.chance.random())
            known.descriptions = (known.descriptions[0], wanted)
            operation = {"op": "add", "path": "/description", "value": wanted}
            headers = {"If-Match": known.etag}
            made = self.call("PATCH", f"{CONNECTIONS}/{id}", 200, json=[operation], headers=headers)
            known.etag, known.descriptions = made.json()["etag"], (wanted,)

    def delete(self) -> None:
        """Delete a base connection, and with it the source connections on it."""
        if len(self.own) > 3:
            id = self.own.pop(self.chance.randrange(len(self.own)))
            self.ledger.connections[id].may_be_deleted = True
            self.call("DELETE", f"{CONNECTIONS}/{id}", 204)
            self.ledger.connections[id].is_deleted = True

    def upload(self) -> None:
        """Put a file into the area of a connection, new or in place of another one."""
        if self.own:
            id, name = self.chance.choice(self.own), self.chance.choice("abc")
            content = os.urandom(self.chance.randrange(LARGEST_FILE))
            key = (self.sandbox, f"files/{id}/{name}.bin")
            self.ledger.files[key] = [*self.ledger.files.get(key, [""])[:1], digest(content)]
            self.put(id, f"{name}.bin", content)
            self.ledger.files[key] = [digest(content)]

    def put(self, connection: str, path: str, content: bytes) -> None:
        path = f"/_emulator/files/{quote(connection)}/{path}"
        try:
            answer = self.session.put(self.url + path, data=content, timeout=30)
        except requests.RequestException as error:
            raise Cut from error
        assert answer.status_code in (200, 201), answer.text

    def ingest(self) -> None:
        """Complete a batch, and see that it has succeeded."""
        body = {"datasetId": self.dataset, "inputFormat": {"format": "json"}}
        batch = self.call("POST", f"{IMPORT}/batches", 201, json=body).json()["id"]
        self.took(batch)
        rows = self.chance.randrange(1, 200)
        content = b"".join(b'{"_id": "%d"}\n' % number for number in range(rows))
        path = f"{IMPORT}/batches/{batch}/datasets/{self.dataset}/files/a.json"
        headers = {"Content-Type": "application/octet-stream"}
        self.call("PUT", path, 200, data=content, headers=headers)
        self.call("POST", f"{IMPORT}/batches/{batch}?action=COMPLETE", 200)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            found = self.call("GET", f"{CATALOG}/batches/{batch}", 200).json()[batch]
            if found["status"] == "success":
                self.ledger.batches[self.sandbox, batch] = rows
                return
        raise AssertionError(f"{batch} has the status {found['status']}")

    STEPS: tuple[Callable[[Writer], None], ...] = (
        create, create_source, create_source, patch, patch, delete, upload, ingest,
    )  # fmt: skip
