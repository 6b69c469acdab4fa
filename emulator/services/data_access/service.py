"""What can be read of batches and data sets, from the blob store. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from emulator.data_plane.errors import FileError, ParquetNotInstalled
from emulator.json_types import JsonObject
from emulator.platform import Platform
from emulator.problem import Problem
from emulator.scope import Scope
from emulator.services.interfaces import Domain
from emulator.store import Hint

MAX_PREVIEW_ROWS = 100
"""How many rows of a data set its preview shows: "Data Access API, OpenAPI document"."""

_SPELLINGS = {"row_errors_sample.json": "row_error_samples.json"}
"""The reference spells the samples' name in two ways."""

_OLD_PATHS = {"parse_errors": "parsing_errors", "conversion_errors": "conversion_errors"}
"""Where the guide of March 2020 looks for diagnostics among the failed files."""


class Entry(NamedTuple):
    """A file or folder in a listing, with its size in bytes."""

    name: str
    length: int


class DataAccess(Domain):
    """Reads what ingestion has written."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._blobs = platform.blobs

    def part_size(self, scope: Scope, file_id: str, name: str) -> int | None:
        """Return how many bytes a part of a data set file has; None if it cannot be read."""
        size = self._blobs.size(scope.sandbox, data_place(file_id) + name)
        return size if size is not None and self.file(scope, file_id) is not None else None

    def has(self, scope: Scope, batch_id: str, folder: str, path: str) -> bool:
        """Tell whether a folder of a batch, `failed` or `meta`, has this file or inner folder."""
        is_file = self.content(scope, batch_id, folder, path) is not None
        return is_file or bool(self.entries(scope, batch_id, folder, path))

    def file(self, scope: Scope, id: str) -> JsonObject | None:
        """Return a data set file, if its data can be read."""
        found = scope.find("dataset_file", id)
        served = self.files(scope, found["batchId"]) if found else []
        return next((file for file in served if file["id"] == id), None)

    def files(self, scope: Scope, batch_id: str) -> list[JsonObject]:
        """Return the data set files of a batch; none while its data cannot be read."""
        return self._platform.services.catalog.files.served(scope, batch_id)

    def parts(self, scope: Scope, file_id: str) -> list[Entry]:
        return self._listed(scope, data_place(file_id))

    def part(
        self, scope: Scope, file_id: str, name: str, start: int = 0, length: int | None = None
    ) -> bytes:
        """Return the bytes of a part, or a range of them."""
        return self._blobs.read(scope.sandbox, data_place(file_id) + name, start, length) or b""

    def entries(self, scope: Scope, batch_id: str, folder: str, path: str = "") -> list[Entry]:
        """Return what lies in a folder of a batch, `failed` or `meta`, at its root or below."""
        inner = f"{path.strip('/')}/" if path.strip("/") else ""
        return self._listed(scope, f"batches/{batch_id}/{folder}/{inner}")

    def content(self, scope: Scope, batch_id: str, folder: str, path: str) -> bytes | None:
        """Return a failed or diagnostic file, by one of its documented names; None if not there."""
        root = f"batches/{batch_id}"
        found = self._blobs.read(scope.sandbox, f"{root}/{folder}/{_SPELLINGS.get(path, path)}")
        stem = _OLD_PATHS.get(path) if folder == "failed" else None
        if found is not None or stem is None:
            return found
        keys = self._blobs.keys(scope.sandbox, f"{root}/meta/row_errors/{stem}_")
        return (
            b"".join(self._blobs.read(scope.sandbox, key) or b"" for key in keys) if keys else None
        )

    def preview(self, scope: Scope, dataset_id: str) -> list[JsonObject]:
        """Return the first rows of a data set, the oldest batch's first.

        Raises:
            Problem: They lie in a file that cannot be read.
        """
        from emulator.data_plane.readers import read_rows
        from emulator.data_plane.rows import first_rows

        found: list[JsonObject] = []
        for key in self._data_of(scope, dataset_id):
            content = self._blobs.open(scope.sandbox, key) or BytesIO()
            try:
                rows = read_rows(content, key.rpartition(".")[2])
                found += first_rows(rows, MAX_PREVIEW_ROWS - len(found))
            except ParquetNotInstalled as error:
                here = "data_access.preview_dataset"
                raise Problem("platform.not_emulated", operation=here, reason=error) from error
            except FileError as error:  # a state that somebody else has written can have such
                reason = f"{key} cannot be read: {error}"
                raise Problem("data_access.unreadable_part", reason=reason) from error
            if len(found) == MAX_PREVIEW_ROWS:
                break
        return found

    def rows(self, scope: Scope, dataset_id: str) -> Iterator[JsonObject]:
        from emulator.data_plane.readers import read_rows

        for key in self._data_of(scope, dataset_id):
            content = self._blobs.open(scope.sandbox, key) or BytesIO()
            for row in read_rows(content, key.rpartition(".")[2]):
                yield row.value

    def _data_of(self, scope: Scope, dataset_id: str) -> Iterator[str]:
        for stored in scope.scan("dataset_file", hint=Hint(texts=(dataset_id,))):
            file = stored.body
            if file["dataSetId"] == dataset_id and self.file(scope, file["id"]):
                yield from self._blobs.keys(scope.sandbox, data_place(file["id"]))

    def _listed(self, scope: Scope, prefix: str) -> list[Entry]:
        lengths: dict[str, int] = {}
        for key in self._blobs.keys(scope.sandbox, prefix):
            name = key.removeprefix(prefix).partition("/")[0]
            lengths[name] = lengths.get(name, 0) + (self._blobs.size(scope.sandbox, key) or 0)
        return [Entry(name, length) for name, length in lengths.items()]


def data_place(file_id: str) -> str:
    """Return where the parts of a data set file lie in the blob store."""
    batch_id = file_id.rpartition("-")[0]
    return f"batches/{batch_id}/data/{file_id}/"


def content_type(name: str) -> str:
    """Return the media type of a file by its name; bytes where no document says another one."""
    from emulator.data_plane.dataset_files import CONTENT_TYPES

    suffix = name.rpartition(".")[2]
    return CONTENT_TYPES.get(suffix, "application/octet-stream")
