"""The compression types of source files: gzip, bzip2, deflate, zipDeflate, tarGzip and tar.

Files are unpacked while they are read, piece by piece: whatever a file unpacks to, only a piece of
it is in memory, and what comes out is counted while it comes. What an archive holds as directory
or headers is limited as well, and so is the number of its files (`emulator/budgets.py`).

Source: "Create a source connection using compressed files" in the tutorial "Collect cloud storage
data". What the names mean beyond that is Azure's: `deflate` is the zlib format or the bare stream,
`zipDeflate` a ZIP archive, `tarGzip` a gzipped tape archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from emulator.budgets import ARCHIVE_FILES, ARCHIVE_HEADER_BYTES
from emulator.data_plane.decoders import Bzip2, Decoder, Zlib
from emulator.data_plane.errors import SourceError
from emulator.data_plane.streams import PIECE_BYTES, Forward, Guarded, PieceStream, opened


class CompressionError(SourceError):
    """A file is not of its compression type, is damaged, or unpacks to too much."""


class UnpacksToTooMuch(CompressionError):
    """A file unpacks to more bytes than may come out of it."""


class UnpackedFile(NamedTuple):
    """A file that was in a compressed one, with the name that it has inside.

    `content` is read once, from the beginning, and before the next file of the archive is asked
    for. Reading it raises a `CompressionError` where the file is damaged or unpacks to too much.
    """

    name: str
    content: BinaryIO


def unpack(
    name: str, content: bytes | BinaryIO, compression: str, largest: int
) -> Iterator[UnpackedFile]:
    """Yield the files that a compressed file holds; without compression the file itself.

    Args:
        name: Name of the file; what is compressed alone keeps it, without its last suffix.
        content: The file, as bytes or as a stream that can seek.
        compression: One of `COMPRESSIONS`, in any case, or nothing.
        largest: How many bytes may come out in total; what is not compressed may have any.

    Raises:
        CompressionError: The file is damaged; the files yielded before are good.
        KeyError: There is no such compression type.
    """
    if not compression:
        yield UnpackedFile(name, opened(content))
        return
    yield from _UNPACKERS[compression.lower()](name, opened(content), largest)


class _Meter:
    """Counts the bytes that come out of one file."""

    def __init__(self, name: str, largest: int) -> None:
        self._name = name
        self._largest = self._left = largest

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield pieces, as long as they are not too many.

        Raises:
            CompressionError: They are, or cannot be read.
        """
        try:
            for piece in pieces:
                self._left -= len(piece)
                if self._left < 0:
                    text = f"{self._name} unpacks to more than {self._largest} bytes"
                    raise UnpacksToTooMuch(text)
                yield piece
        except CompressionError:
            raise
        except Exception as error:  # the unpackers raise whatever a damaged file makes them
            raise _broken(self._name, error) from error


def _broken(name: str, error: Exception | str) -> CompressionError:
    return CompressionError(f"{name} cannot be unpacked: {error}")


def _decoded(source: BinaryIO, make: Callable[[], Decoder]) -> Iterator[bytes]:
    """Yield what compressed streams, one behind the other, unpack to."""
    data, streams = source.read(PIECE_BYTES), 0
    while data or not streams:
        decoder, streams = make(), streams + 1
        if streams > ARCHIVE_FILES:
            raise ValueError(f"it has more than {ARCHIVE_FILES} streams")
        while not decoder.eof:
            if not data and decoder.needs_input and not (data := source.read(PIECE_BYTES)):
                raise EOFError("it is cut short")
            try:
                piece, data = decoder.decode(data)
            except OSError:
                if streams > 1 and decoder.ignores_garbage:
                    return
                raise
            if piece:
                yield piece
        data = (decoder.unused or source.read(PIECE_BYTES)).lstrip(b"\0")
        while not data and (more := source.read(PIECE_BYTES)):
            data = more.lstrip(b"\0")  # tapes are filled up with zeros


def _alone(make: Callable[[bytes], Callable[[], Decoder]]) -> _Unpacker:
    """Return the unpacker of files that are compressed by themselves, by their first two bytes."""

    def unpack(name: str, source: BinaryIO, largest: int) -> Iterator[UnpackedFile]:
        head = source.read(2)
        source.seek(0)
        pieces = _decoded(source, make(head)) if head else iter((b"",))
        yield UnpackedFile(_bare(name), PieceStream.of(_Meter(name, largest).counted(pieces)))

    return unpack


def _zip(name: str, source: BinaryIO, largest: int) -> Iterator[UnpackedFile]:
    import zipfile

    readable = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
    guarded, meter = Guarded(source, ARCHIVE_HEADER_BYTES), _Meter(name, largest)
    try:
        archive = zipfile.ZipFile(guarded)
        guarded.is_guarded = False
        members = [member for member in archive.infolist() if not member.is_dir()]
        for member in members:
            if member.compress_type not in readable:  # of others the memory cannot be foreseen
                raise _broken(name, f"{member.filename} is not deflated")
            with archive.open(member) as stream:
                pieces = iter(lambda: stream.read(PIECE_BYTES), b"")
                yield UnpackedFile(member.filename, PieceStream.of(meter.counted(pieces)))
    except CompressionError:
        raise
    except Exception as error:  # zipfile raises whatever a damaged directory makes it
        raise _broken(name, error) from error


def _tar(name: str, source: BinaryIO, largest: int) -> Iterator[UnpackedFile]:
    import tarfile

    guarded, meter = Guarded(source, ARCHIVE_HEADER_BYTES), _Meter(name, largest)
    try:
        with tarfile.open(fileobj=guarded, mode="r:") as archive:
            for count, member in enumerate(archive):
                archive.members = []  # type: ignore[attr-defined] # else it remembers each
                guarded.is_guarded = False
                if count >= ARCHIVE_FILES:
                    raise _broken(name, f"it has more than {ARCHIVE_FILES} files")
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None:
                    pieces = iter(lambda: stream.read(PIECE_BYTES), b"")  # noqa: B023 - used at once
                    yield UnpackedFile(member.name, PieceStream.of(meter.counted(pieces)))
                guarded.is_guarded = True
    except CompressionError:
        raise
    except Exception as error:  # tarfile raises whatever a damaged header makes it
        raise _broken(name, error) from error


def _tar_gzip(name: str, source: BinaryIO, largest: int) -> Iterator[UnpackedFile]:
    pieces = _Meter(name, largest).counted(_decoded(source, Zlib.of_gzip))
    yield from _tar(name, Forward.over(PieceStream.of(pieces)), largest)


def _bare(name: str) -> str:
    """Return `a.csv` for `a.csv.gz`; a name with one suffix keeps it."""
    head, _, _ = name.rpartition(".")
    return head if "." in head.rpartition("/")[2] else name


_Unpacker = Callable[[str, BinaryIO, int], Iterator[UnpackedFile]]

_UNPACKERS: dict[str, _Unpacker] = {
    "gzip": _alone(lambda head: Zlib.of_gzip),
    "bzip2": _alone(lambda head: Bzip2),
    "deflate": _alone(Zlib.of_deflate),
    "zipdeflate": _zip,
    "targzip": _tar_gzip,
    "tar": _tar,
}

COMPRESSIONS = ("bzip2", "gzip", "deflate", "zipDeflate", "tarGzip", "tar")
"""The documented compression types, in the documents' order."""

ARCHIVES = ("zipDeflate", "tarGzip", "tar")
"""Those that hold several files."""
