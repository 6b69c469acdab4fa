"""How a source is read: which files its path means, of which form they are, and their rows.

What a path may be is documented (file, folder or wildcard), and which parts a wildcard may match is
not: here `*` and `?` stay within one step of the path, `**` means any number of steps (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from emulator.data_plane.compression import COMPRESSIONS, CompressionError, unpack
from emulator.data_plane.errors import SourceError
from emulator.data_plane.files import LANDING_ZONE, File, clean
from emulator.data_plane.readers import ReadOptions, Row, column_names, read_rows
from emulator.json_types import Json, JsonObject

FILE_TYPES = ("delimited", "json", "parquet")
_WILD = re.compile(r"[*?]")
_COMPRESSIONS = {name.lower(): name for name in COMPRESSIONS}
_CHARSETS = {"iso-8859-1": "ISO-8859-1"}
"""The documented encodings besides UTF-8."""

_DELIMITERS = (",", "\t", ";", "|", "~", "^", "\x01")
_SPELLED = {"\\t": "\t"}
"""A tab as one tutorial's query spells it."""


@dataclass(frozen=True, slots=True)
class Form:
    """Of which form a file is. `type` is one of `FILE_TYPES`; `compression` may be empty.

    `looks` says that the file itself tells: the older tutorial calls the format of its `data.csv`
    by what becomes of it, `parquet_xdm`.
    """

    type: str = "delimited"
    delimiter: str = ","
    compression: str = ""
    charset: str = "UTF-8"
    looks: bool = False

    @property
    def options(self) -> ReadOptions:
        return ReadOptions(delimiter=self.delimiter, charset=self.charset)


class Piece(NamedTuple):
    """A file as it is read, on its own or out of an archive: its name and unpacked content."""

    name: str
    content: bytes


def form_of(sent: JsonObject) -> Form:
    """Return the form that properties say: of a source connection's `data`, or of a query.

    Unknown values count as not sent; whether they refuse is the contract's business.
    """
    properties = sent.get("properties")
    said = {**sent, **(properties if isinstance(properties, dict) else {})}
    kind = str(said.get("format") or said.get("fileType") or "").lower()
    delimiter = said.get("columnDelimiter")
    delimiter = _SPELLED.get(delimiter, delimiter) if isinstance(delimiter, str) else None
    return Form(
        type=kind if kind in FILE_TYPES else "delimited",
        delimiter=delimiter if delimiter and len(delimiter) == 1 else ",",
        compression=_COMPRESSIONS.get(str(said.get("compressionType") or "").lower(), ""),
        charset=_CHARSETS.get(str(said.get("encoding")).lower(), "UTF-8"),
        looks=kind == "parquet_xdm",
    )


def pieces(name: str, content: bytes, form: Form) -> Iterator[Piece]:
    """Yield what a file holds, unpacked.

    Raises:
        SourceError: It is not of its compression type.
    """
    try:
        for file in unpack(name, content, form.compression):
            yield Piece(file.name, file.content)
    except CompressionError as error:
        raise SourceError(str(error)) from error


def rows(piece: Piece, form: Form) -> Iterator[Row]:
    """Return the rows of an unpacked file.

    Raises:
        FileError: The file as a whole cannot be read; at the first row.
    """
    return read_rows(piece.content, form.type, form.options)


def columns(piece: Piece, form: Form) -> list[str]:
    """Return the names of an unpacked file's columns; errors as `rows`."""
    return column_names(piece.content, form.type, form.options)


def container_of(source: JsonObject) -> str:
    """Return the area that a source connection reads from: of its base, or the landing zone."""
    base = source.get("baseConnectionId")
    return base if isinstance(base, str) and base else LANDING_ZONE


def within(container: str, path: str) -> str:
    """Return a path as areas know it; paths of the landing zone may begin with its name."""
    plain = clean(path)
    return clean(plain.removeprefix(LANDING_ZONE)) if container == LANDING_ZONE else plain


def chosen(files: list[File], path: str, recursive: bool) -> list[File] | None:
    """Return the files that a path means, by path; None if it names what is not there.

    A wildcard that matches nothing is no mistake: it waits for files. With `recursive` it is
    looked for in the folders below as well.
    """
    if not _WILD.search(path):
        return _named(files, path, recursive)
    folder, _, name = path.rpartition("/")
    deeper = f"{folder}/**/{name}".lstrip("/") if recursive else path
    pattern = _pattern(deeper)
    return [file for file in files if pattern.fullmatch(file.path)]


def _named(files: list[File], path: str, recursive: bool) -> list[File] | None:
    exact = [file for file in files if file.path == path]
    if exact:
        return exact
    head = f"{path}/" if path else ""
    below = [file for file in files if file.path.startswith(head)]
    if not below and path:
        return None
    return [file for file in below if recursive or "/" not in file.path[len(head) :]]


@lru_cache(maxsize=256)
def _pattern(path: str) -> re.Pattern[str]:
    """Return the expression of a wildcard path."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    written = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(written.get(part) or re.escape(part) for part in parts), re.DOTALL)


def detected(content: bytes) -> Form:
    """Return the form that a file looks like, by its first bytes and lines."""
    compression = _compression(content)
    if compression:
        try:
            content = next(iter(unpack("file", content, compression))).content
        except (CompressionError, StopIteration):
            return Form(compression=compression)
    head = content[:65536].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        return Form("parquet", compression=compression)
    if head[:1] in (b"{", b"["):
        return Form("json", compression=compression)
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=line.count)
    return Form("delimited", delimiter if delimiter in line else ",", compression)


def _compression(content: bytes) -> str:
    if content[257:262] == b"ustar":
        return "tar"
    if content[:2] == b"\x1f\x8b":
        try:
            inside = next(iter(unpack("file", content, "gzip"))).content
        except CompressionError:
            return "gzip"
        return "tarGzip" if inside[257:262] == b"ustar" else "gzip"
    if content[:3] == b"BZh":
        return "bzip2"
    if content[:4] == b"PK\x03\x04":
        return "zipDeflate"
    return "deflate" if content[:2] in (b"\x78\x01", b"\x78\x9c", b"\x78\xda") else ""


def is_true(value: Json) -> bool:
    """Tell whether a flag is set, as boolean or as text in any case."""
    return str(value).lower() == "true"
