"""The compression types of source files: gzip, bzip2, deflate, zipDeflate, tarGzip and tar.

Source: "Create a source connection using compressed files" in the tutorial "Collect cloud storage
data". What the names mean beyond that is Azure's: `deflate` is the zlib format or the bare stream,
`zipDeflate` a ZIP archive, `tarGzip` a gzipped tape archive.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

MAX_UNPACKED_BYTES = 1024**3
"""How many bytes a file may unpack to, unless the caller says otherwise."""


class CompressionError(Exception):
    """A file is not of its compression type, is damaged, or unpacks to too much."""


class UnpackedFile(NamedTuple):
    """A file that was in a compressed one, with the name that it has inside."""

    name: str
    content: bytes


def unpack(
    name: str, content: bytes, compression: str = "", largest: int = MAX_UNPACKED_BYTES
) -> Iterator[UnpackedFile]:
    """Yield the files that a compressed file holds; without compression the file itself.

    Args:
        name: Name of the file; what is compressed alone keeps it, without its last suffix.
        content: The bytes of the file.
        compression: One of `COMPRESSIONS`, in any case, or nothing.
        largest: How many bytes may come out in total.

    Raises:
        CompressionError: The file is damaged; the files yielded before are good.
        KeyError: There is no such compression type.
    """
    if not compression:
        yield UnpackedFile(name, content)
        return
    left = largest
    for file in _UNPACKERS[compression.lower()](name, content, largest):
        left -= len(file.content)
        if left < 0:
            raise CompressionError(f"{name} unpacks to more than {largest} bytes")
        yield file


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read(stream: _Stream, name: str, largest: int) -> bytes:
    """Read a decompressing stream, which may turn out to be damaged or endless."""
    import lzma

    try:
        content = stream.read(largest + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise CompressionError(f"{name} cannot be unpacked: {error}") from error
    if len(content) > largest:
        raise CompressionError(f"{name} unpacks to more than {largest} bytes")
    return content


def _gzip(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    import gzip

    stream = gzip.GzipFile(fileobj=io.BytesIO(content))
    yield UnpackedFile(_bare(name), _read(stream, name, largest))


def _bzip2(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    import bz2

    yield UnpackedFile(_bare(name), _read(bz2.BZ2File(io.BytesIO(content)), name, largest))


def _deflate(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        decoder = zlib.decompressobj(bits)
        try:
            unpacked = decoder.decompress(content, largest + 1)
        except zlib.error:
            continue
        if len(unpacked) > largest:
            raise CompressionError(f"{name} unpacks to more than {largest} bytes")
        if decoder.eof:
            yield UnpackedFile(_bare(name), unpacked)
            return
    raise CompressionError(f"{name} cannot be unpacked: no deflated data, or cut short")


def _zip(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    import zipfile

    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as stream:
                    yield UnpackedFile(member.filename, _read(stream, name, largest))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise CompressionError(f"{name} cannot be unpacked: {error}") from error


def _tar(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    import tarfile

    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield UnpackedFile(member.name, _read(stream, name, largest))
    except tarfile.TarError as error:
        raise CompressionError(f"{name} cannot be unpacked: {error}") from error


def _tar_gzip(name: str, content: bytes, largest: int) -> Iterator[UnpackedFile]:
    for file in _gzip(name, content, largest):
        yield from _tar(name, file.content, largest)


def _bare(name: str) -> str:
    """Return `a.csv` for `a.csv.gz`; a name with one suffix keeps it."""
    head, _, _ = name.rpartition(".")
    return head if "." in head.rpartition("/")[2] else name


_UNPACKERS: dict[str, Callable[[str, bytes, int], Iterator[UnpackedFile]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "deflate": _deflate,
    "zipdeflate": _zip,
    "targzip": _tar_gzip,
    "tar": _tar,
}

COMPRESSIONS = ("bzip2", "gzip", "deflate", "zipDeflate", "tarGzip", "tar")
"""The documented compression types, in the documents' order."""
