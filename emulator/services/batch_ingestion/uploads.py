"""Files on their way into a batch: small ones whole, large ones in ranges of bytes.

Knows no HTTP. A file is a document (`upload`) that says how far it has come, and its bytes lie in
the blob store below `batches/{batch}/upload/`: whole, or each range by itself until completion.

Source: "Batch Ingestion API guide", upload files; "Batch Ingestion API, OpenAPI document".
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from emulator.byte_ranges import ContentRange
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.store import Hint

UPLOAD = "upload"

_RANGE = re.compile(r"(\d{15})-(\d{15})-(\d{15})")


class FileId(NamedTuple):
    """What names a file: its batch, its data set, and its name, which may have slashes."""

    batch_id: str
    dataset_id: str
    name: str

    @property
    def key(self) -> str:
        """Its key in the store."""
        return "/".join(self)

    @property
    def whole(self) -> str:
        """Where its bytes lie once it is complete."""
        return self._folder("whole")

    @property
    def ranges(self) -> str:
        """Below what its ranges lie until then."""
        return f"{self._folder('parts')}/"

    def _folder(self, kind: str) -> str:
        place = f"batches/{self.batch_id}/upload/{self.dataset_id}"
        return f"{place}/{kind}/{quote(self.name, safe='')}"


def find(scope: Scope, id: FileId) -> JsonObject | None:
    """Return a file with its `state` and `size`, and its `parts` if it comes in ranges."""
    file = scope.read(UPLOAD, id.key)
    blobs = scope.platform.blobs
    if file is None:
        return None
    if file["state"] == "complete":
        return {**file, "size": blobs.size(scope.sandbox, id.whole) or 0, "parts": []}
    found = map(_range, blobs.keys(scope.sandbox, id.ranges))
    parts = [part for part in found if part is not None]
    return {**file, "parts": [list(part) for part in parts], "size": _reach(parts)}


def of_batch(scope: Scope, batch_id: str) -> list[JsonObject]:
    """Return the files of a batch by their names, as they are stored."""
    files = scope.bodies(UPLOAD, Hint(prefix=f"{batch_id}/"))
    mine = [file for file in files if file["batchId"] == batch_id]
    return sorted(mine, key=lambda file: (file["datasetId"], file["name"]))


def complete_files(scope: Scope, batch_id: str) -> list[JsonObject]:
    """Return the complete files of a batch, with their sizes."""
    found = (find(scope, id_of(file)) for file in of_batch(scope, batch_id))
    return [file for file in found if file and file["state"] == "complete"]


def id_of(file: JsonObject) -> FileId:
    """Return what names a stored file."""
    return FileId(file["batchId"], file["datasetId"], file["name"])


def content(scope: Scope, file: JsonObject) -> BinaryIO:
    """Return a complete file as a stream that can seek; an empty one if it has gone meanwhile."""
    return scope.platform.blobs.open(scope.sandbox, id_of(file).whole) or BytesIO()


def put(scope: Scope, id: FileId, content: bytes) -> bool:
    """Take a file whole, in place of what there is of it; tell whether it is new."""
    known = scope.read(UPLOAD, id.key) is not None
    scope.platform.blobs.put(scope.sandbox, id.whole, content)
    scope.platform.blobs.delete_all(scope.sandbox, id.ranges)
    _write(scope, id, "complete")
    return not known


def begin(scope: Scope, id: FileId) -> None:
    """Begin a file that comes in ranges, anew if there is one of its name."""
    scope.platform.blobs.delete(scope.sandbox, id.whole)
    scope.platform.blobs.delete_all(scope.sandbox, id.ranges)
    _write(scope, id, "initialized")


def add(scope: Scope, id: FileId, span: ContentRange, content: bytes) -> None:
    """Take a range of a file's bytes; the same range again replaces it."""
    name = f"{span.first:015d}-{span.last:015d}-{span.total:015d}"
    scope.platform.blobs.put(scope.sandbox, id.ranges + name, content)


def complete(scope: Scope, id: FileId) -> None:
    """Put the ranges of a file together, which a rule has found to fit; once more is safe."""
    file, blobs = scope.read(UPLOAD, id.key), scope.platform.blobs
    if file is None or file["state"] != "complete":
        blobs.join(scope.sandbox, id.whole, blobs.keys(scope.sandbox, id.ranges))
        _write(scope, id, "complete")


def forget(scope: Scope, batch_id: str) -> None:
    """Remove all files of a batch."""
    gone = [id_of(file).key for file in of_batch(scope, batch_id)]
    scope.write(*(scope.change(UPLOAD, key, None) for key in gone))
    scope.platform.blobs.delete_all(scope.sandbox, f"batches/{batch_id}/upload/")


def _write(scope: Scope, id: FileId, state: str) -> None:
    names = {"batchId": id.batch_id, "datasetId": id.dataset_id, "name": id.name}
    scope.write(scope.change(UPLOAD, id.key, {**names, "state": state}))


def _range(key: str) -> ContentRange | None:
    """Return the range that a blob holds; None for a blob that `add` has not written."""
    numbers = _RANGE.fullmatch(key.rpartition("/")[2])
    return ContentRange(*map(int, numbers.groups())) if numbers else None


def _reach(parts: list[ContentRange]) -> int:
    """Return how many bytes there are from the beginning on without a hole."""
    reach = 0
    for part in parts:
        if part.first > reach:
            break
        reach = max(reach, part.last + 1)
    return reach
