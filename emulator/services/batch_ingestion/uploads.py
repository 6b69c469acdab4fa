"""Files on their way into a batch: small ones whole, large ones in ranges of bytes.

Knows no HTTP. A file is a document (`upload`) that says how far it has come, and its bytes lie in
the blob store below `batches/{batch}/upload/`: whole, or each range by itself until completion.

Source: "Batch Ingestion API guide", upload files; "Batch Ingestion API, OpenAPI document".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from emulator.byte_ranges import ContentRange
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.store import Change

if TYPE_CHECKING:
    from emulator.platform import Platform

UPLOAD = "upload"


class Uploads:
    """The files of every batch. A stored file has `batchId`, `datasetId`, `name` and `state`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._blobs = platform.blobs

    def find(self, sandbox: Sandbox, key: str) -> JsonObject | None:
        """Return a file by its key, with its `size`, and its `parts` if it comes in ranges."""
        stored = self._store.read(sandbox, UPLOAD, key)
        if stored is None:
            return None
        file: JsonObject = stored.body
        if file["state"] == "complete":
            return {**file, "size": self._blobs.size(sandbox, _place(file)) or 0, "parts": []}
        parts = [_part(key) for key in self._blobs.keys(sandbox, _parts(file))]
        return {**file, "parts": [list(part) for part in parts], "size": _reach(parts)}

    def of_batch(self, sandbox: Sandbox, batch_id: str) -> list[JsonObject]:
        """Return the files of a batch by their names."""
        found = (stored.body for stored in self._store.scan(sandbox, UPLOAD))
        mine = [file for file in found if file["batchId"] == batch_id]
        return sorted(mine, key=lambda file: (file["datasetId"], file["name"]))

    def content(self, sandbox: Sandbox, file: JsonObject) -> bytes:
        """Return the bytes of a complete file."""
        return self._blobs.read(sandbox, _place(file)) or b""

    def put(self, sandbox: Sandbox, file: JsonObject, content: bytes) -> bool:
        """Take a file whole, in place of what there is of it; tell whether it is new."""
        known = self._store.read(sandbox, UPLOAD, file_key(file)) is not None
        self._blobs.delete_all(sandbox, _parts(file))
        self._blobs.put(sandbox, _place(file), content)
        self._write(sandbox, file, "complete")
        return not known

    def begin(self, sandbox: Sandbox, file: JsonObject) -> None:
        """Begin a file that comes in ranges, anew if there is one of its name."""
        self._blobs.delete(sandbox, _place(file))
        self._blobs.delete_all(sandbox, _parts(file))
        self._write(sandbox, file, "initialized")

    def add(self, sandbox: Sandbox, file: JsonObject, span: ContentRange, content: bytes) -> None:
        """Take a range of a file's bytes; the same range again replaces it."""
        name = f"{span.first:015d}-{span.last:015d}-{span.total:015d}"
        self._blobs.put(sandbox, _parts(file) + name, content)

    def complete(self, sandbox: Sandbox, file: JsonObject) -> None:
        """Put the ranges of a file together; a rule has seen to it that they fit."""
        stored = self._store.read(sandbox, UPLOAD, file_key(file))
        if stored is not None and stored.body["state"] == "complete":
            return  # once more is safe
        self._blobs.join(sandbox, _place(file), self._blobs.keys(sandbox, _parts(file)))
        self._write(sandbox, file, "complete")

    def forget(self, sandbox: Sandbox, batch_id: str) -> None:
        """Remove all files of a batch."""
        gone = [file_key(file) for file in self.of_batch(sandbox, batch_id)]
        self._store.write(*(Change(sandbox, UPLOAD, key, None) for key in gone))
        self._blobs.delete_all(sandbox, f"batches/{batch_id}/upload/")

    def _write(self, sandbox: Sandbox, file: JsonObject, state: str) -> None:
        body = {name: file[name] for name in ("batchId", "datasetId", "name")}
        self._store.write(Change(sandbox, UPLOAD, file_key(file), {**body, "state": state}))


def file_key(file: JsonObject) -> str:
    """Return the key of a file: batch, data set and name, which may have slashes."""
    return f"{file['batchId']}/{file['datasetId']}/{file['name']}"


def _place(file: JsonObject) -> str:
    name = quote(file["name"], safe="")
    return f"batches/{file['batchId']}/upload/{file['datasetId']}/whole/{name}"


def _parts(file: JsonObject) -> str:
    name = quote(file["name"], safe="")
    return f"batches/{file['batchId']}/upload/{file['datasetId']}/parts/{name}/"


def _part(key: str) -> ContentRange:
    first, last, total = key.rpartition("/")[2].split("-")
    return ContentRange(int(first), int(last), int(total))


def _reach(parts: list[ContentRange]) -> int:
    """Return how many bytes there are from the beginning on without a hole."""
    reach = 0
    for part in parts:
        if part.first > reach:
            break
        reach = max(reach, part.last + 1)
    return reach
