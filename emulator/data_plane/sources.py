"""How a source is read: which files its path means, in which format they are, and their rows.

What a path may be is documented (file, folder or wildcard), and which parts a wildcard may match is
not: here `*` and `?` stay within one step of the path, `**` means any number of steps (assumed).

Databases and applications have tables, one file each in the connection's area. The table `Accounts`
is `Accounts.csv`, `.tsv`, `.json` or `.parquet`; what a database calls `sales.orders`
may be that name, or a folder: `sales/orders.csv` (an invention of this emulator).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from emulator.data_plane.compression import COMPRESSIONS, CompressionError, UnpackedFile, unpack
from emulator.data_plane.errors import SourceError
from emulator.data_plane.files import LANDING_ZONE, File, clean_path
from emulator.data_plane.readers import ReadOptions, Row, column_names, read_rows
from emulator.filters.comparisons import Search, literally, regular_expression
from emulator.json_types import Json, JsonObject, as_object, dotted
from emulator.scope import Scope

FILE_TYPES = ("delimited", "json", "parquet")
_WILDCARD = re.compile(r"[*?]")
_COMPRESSIONS = {name.lower(): name for name in COMPRESSIONS}
_CHARSETS = {"iso-8859-1": "ISO-8859-1"}
"""The documented encodings besides UTF-8."""

_HEAD_BYTES = 64 * 1024
"""How much of a file its format is told from."""

_INSIDE_BYTES = 4 * 1024**2
"""How much may be unpacked for that: the heads of an archive come first."""

_DELIMITERS = (",", "\t", ";", "|", "~", "^", "\x01")
_ESCAPED = {"\\t": "\t"}
"""A tab as one tutorial's query spells it."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a file is written.

    Args:
        type: One of `FILE_TYPES`.
        delimiter: Between the columns of a delimited file.
        compression: One of `COMPRESSIONS`, or empty.
        charset: Of a delimited file.
        is_detected: Whether the file itself tells all this: the older tutorial calls the format of
            its `data.csv` by what becomes of it, `parquet_xdm`.
    """

    type: str = "delimited"
    delimiter: str = ","
    compression: str = ""
    charset: str = "UTF-8"
    is_detected: bool = False

    @property
    def options(self) -> ReadOptions:
        return ReadOptions(delimiter=self.delimiter, charset=self.charset)


def format_of(sent: JsonObject) -> FileFormat:
    """Return the format that properties say: of a source connection's `data`, or of a query.

    Unknown values count as not sent; whether they refuse is for the contract's rules to decide.
    """
    properties = sent.get("properties")
    properties = {**sent, **(properties if isinstance(properties, dict) else {})}
    kind = str(properties.get("format") or properties.get("fileType") or "").lower()
    delimiter = properties.get("columnDelimiter")
    delimiter = _ESCAPED.get(delimiter, delimiter) if isinstance(delimiter, str) else None
    return FileFormat(
        type=kind if kind in FILE_TYPES else "delimited",
        delimiter=delimiter if delimiter and len(delimiter) == 1 else ",",
        compression=_COMPRESSIONS.get(str(properties.get("compressionType") or "").lower(), ""),
        charset=_CHARSETS.get(str(properties.get("encoding")).lower(), "UTF-8"),
        is_detected=kind == "parquet_xdm",
    )


def unpacked(
    name: str, content: BinaryIO, format: FileFormat, largest: int
) -> Iterator[UnpackedFile]:
    """Return the files in a file, which are unpacked while they are read: one after the other.

    Args:
        name: Name of the file.
        content: The file, from the beginning.
        format: What it is compressed with.
        largest: How many bytes may come out.

    Raises:
        SourceError: It is not of its compression type, or unpacks to too much; also when a file in
            it is read.
    """
    content.seek(0)
    return unpack(name, content, format.compression, largest)


def rows(file: UnpackedFile, format: FileFormat) -> Iterator[Row]:
    """Return the rows of an unpacked file, which is read once.

    Raises:
        FileError: The file as a whole cannot be read; at the first row, or where it is found.
    """
    return read_rows(file.content, format.type, format.options)


def columns(file: UnpackedFile, format: FileFormat) -> list[str]:
    """Return the names of an unpacked file's columns, which is read once; errors as `rows`."""
    return column_names(file.content, format.type, format.options)


def container_of(scope: Scope, source: JsonObject) -> str:
    """Return the area that a source connection reads from: of its base, or the landing zone's.

    Raises:
        SourceError: It has no base connection, and its spec is not the landing zone's.
    """
    base = source.get("baseConnectionId")
    if isinstance(base, str) and base:
        return base
    if is_landing_zone(_spec_of(scope, source)):
        return LANDING_ZONE
    raise SourceError("The source connection has no base connection to read from.")


def under_names_of_spec(scope: Scope, source: JsonObject) -> JsonObject:
    """Return a source connection whose params have the names of its spec, not those of old pages.

    Some named a table by `path`; the spec's fixture says so in `sourceParamAliases`.
    """
    known = as_object(_spec_of(scope, source).get("x-emulator"))
    names = as_object(known.get("sourceParamAliases"))
    params = as_object(source.get("params"))
    if names.keys().isdisjoint(params):
        return source
    return {**source, "params": {names.get(name, name): item for name, item in params.items()}}


def _spec_of(scope: Scope, source: JsonObject) -> JsonObject:
    id = dotted(source, "connectionSpec.id")
    return (scope.find("connection_spec", id) if isinstance(id, str) else None) or {}


def is_landing_zone(spec: JsonObject) -> bool:
    """Tell whether a connection spec is the landing zone's, which is reached without an account."""
    return as_object(spec.get("x-emulator")).get("storage") == "landing-zone"


def area_path(container: str, path: str) -> str:
    """Return a path within an area; paths of the landing zone may begin with the zone's name."""
    plain = clean_path(path)
    return clean_path(plain.removeprefix(LANDING_ZONE)) if container == LANDING_ZONE else plain


def matching(files: list[File], path: str, recursive: bool) -> list[File] | None:
    """Return the files that a path means, by path; None if it names what does not exist.

    A wildcard that matches nothing is not a mistake: files may come later. With `recursive` it is
    looked for in the folders below as well.
    """
    if not _WILDCARD.search(path):
        return _named(files, path, recursive)
    folder, _, name = path.rpartition("/")
    deeper = f"{folder}/**/{name}".lstrip("/") if recursive else path
    is_meant = _wildcards(deeper)
    return None if is_meant is None else [file for file in files if is_meant(file.path)]


def _named(files: list[File], path: str, recursive: bool) -> list[File] | None:
    exact = [file for file in files if file.path == path]
    if exact:
        return exact
    head = f"{path}/" if path else ""
    below = [file for file in files if file.path.startswith(head)]
    if not below and path:
        return None
    return [file for file in below if recursive or "/" not in file.path[len(head) :]]


def _wildcards(path: str) -> Search | None:
    """Return what tells whether a wildcard path means a path; None for one that is too long."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    written = {"**/": "(?:[^/]+/)*", "**": r"[\s\S]*", "*": "[^/]*", "?": "[^/]"}
    return regular_expression(f"^{''.join(written.get(p) or literally(p) for p in parts)}$")


def detect_format(content: BinaryIO) -> FileFormat:
    """Return the format that a file looks to have, by its first bytes and lines."""
    compression, head = _compression(content)
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        return FileFormat("parquet", compression=compression)
    if head[:1] in (b"{", b"["):
        return FileFormat("json", compression=compression)
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=line.count)
    return FileFormat("delimited", delimiter if delimiter in line else ",", compression)


def _compression(content: BinaryIO) -> tuple[str, bytes]:
    """Return with what a file is compressed, and the first bytes of what is in it."""
    content.seek(0)
    head = content.read(_HEAD_BYTES)
    found = _compression_of(head)
    if not found:
        return "", head
    inside = _inside(content, found)
    if found == "gzip" and _compression_of(inside) == "tar":
        return "tarGzip", _inside(content, "tarGzip")
    return found, inside


def _inside(content: BinaryIO, compression: str) -> bytes:
    """Return the first bytes of the first file in a compressed one; none if it is damaged."""
    content.seek(0)
    try:
        for file in unpack("file", content, compression, _INSIDE_BYTES):
            return file.content.read(_HEAD_BYTES)
    except CompressionError:
        pass
    return b""


def _compression_of(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return "tar"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:3] == b"BZh":
        return "bzip2"
    if head[:4] == b"PK\x03\x04":
        return "zipDeflate"
    return "deflate" if head[:2] in (b"\x78\x01", b"\x78\x9c", b"\x78\xda") else ""


def is_true(value: Json) -> bool:
    """Tell whether a flag is set, as boolean or as text in any case."""
    return str(value).lower() == "true"


_TABLE_FORMATS = {
    "csv": FileFormat("delimited", ","),
    "tsv": FileFormat("delimited", "\t"),
    "json": FileFormat("json"),
    "parquet": FileFormat("parquet"),
}


def tables(files: list[File]) -> dict[str, File]:
    """Return the files that are tables, by the tables' paths."""
    found: dict[str, File] = {}
    for file in files:
        head, _, suffix = file.path.rpartition(".")
        if head and suffix.lower() in _TABLE_FORMATS:
            found.setdefault(head.replace("/", "."), file)
    return found


def table_format(path: str) -> FileFormat:
    """Return the format of a table's file, by its suffix."""
    return _TABLE_FORMATS.get(path.rpartition(".")[2].lower(), FileFormat())


def table_name(path: str) -> str:
    """Return a table's name without the schema that it is in."""
    return path.rpartition(".")[2]
