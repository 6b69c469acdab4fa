"""What all readers of files have in common: rows, the options of reading, and how files begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from emulator.budgets import PREVIEW_BYTES
from emulator.data_plane.errors import FileError
from emulator.data_plane.streams import PIECE_BYTES, PieceStream
from emulator.json_types import JsonObject, dumps

CORRUPT = "_corrupt_record"
"""Under this name a row that cannot be read carries its text."""

MAX_CORRUPT_CHARACTERS = 4096
"""How many characters of a corrupt row are kept."""

_BOM = b"\xef\xbb\xbf"
_SURROGATES = re.compile("[\ud800-\udfff]")


class Row(NamedTuple):
    """One row of a file: its number from 1, its fields, and why it cannot be read if it cannot.

    `columns` are the names in the file's header; empty where each row has names of its own.
    """

    number: int
    value: JsonObject
    corrupt: str = ""
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is to be read; the defaults are those of the documents.

    Args:
        delimiter: One character between the columns of a delimited file.
        quote: The character around values that hold delimiters or line breaks; empty for none.
        escape: The character that takes its meaning from the next one; empty for none.
        header: Whether the first row of a delimited file names its columns.
        columns: The names of the columns of a file without a header; by default `_c0`, `_c1`, …
        charset: Encoding of a delimited file, by any of its names.
        null_markers: Texts that stand for nothing; the empty one always does.
        is_multi_line_json: A JSON file is one value, an array of records, instead of one record in
            each line. A file that begins with `[` is taken as an array in any case.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    header: bool = True
    columns: tuple[str, ...] = ()
    charset: str = "UTF-8"
    null_markers: tuple[str, ...] = ()
    is_multi_line_json: bool = False


def corrupt(number: int, text: str, fault: str) -> Row:
    """Return a row that cannot be read, with the beginning of its text."""
    shown = _SURROGATES.sub("\ufffd", text[:MAX_CORRUPT_CHARACTERS].rstrip("\r\n"))
    return Row(number, {CORRUPT: shown}, fault)


def first_rows(rows: Iterable[Row], most: int) -> list[JsonObject]:
    """Return what can be read of the first rows: at most so many, and of large ones fewer."""
    found: list[JsonObject] = []
    left = PREVIEW_BYTES
    for row in islice(rows, most):
        if row.corrupt:
            continue
        left -= len(dumps(row.value))
        if left < 0 and found:
            break
        found.append(row.value)
    return found


def begun(source: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Return the first bytes of a text file that are not blank, and a stream of the whole.

    The stream lacks a byte order mark, and pieces that are blank altogether.

    Raises:
        FileError: All of it is blank.
    """
    piece = source.read(PIECE_BYTES).removeprefix(_BOM)
    while piece.isspace():
        piece = source.read(PIECE_BYTES)
    if not piece:
        raise FileError("106", "Dataset file is empty. Please upload file with data.")
    rest = iter(partial(source.read, PIECE_BYTES), b"")
    return piece.lstrip(), PieceStream.of(chain((piece,), rest))
