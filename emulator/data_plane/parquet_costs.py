"""What reading a Parquet file costs, and how many rows of it may be decoded at once for that."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO

from emulator.budgets import FILE_COLUMNS, MIB, PARQUET_BYTES, PARQUET_PAGES
from emulator.data_plane.arrow_values import longest_value
from emulator.data_plane.errors import FileError, OverBudget
from emulator.data_plane.parquet_pages import (
    DELTA_BYTE_ARRAY,
    DELTA_LENGTH_BYTE_ARRAY,
    Chunk,
    Page,
    chunks,
    pages,
)

_ROWS_AT_ONCE = (4096, 1024, 256, 64, 16, 4, 1)
_BYTES_AT_ONCE = 64 * MIB
"""What a batch of rows should decode to; one row may be more."""

_CELLS_AT_ONCE = 400_000
_LEVEL_BYTES = 4
_NESTED_BYTES = 8
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}


@dataclass(slots=True)
class _Column:
    """The pages of one column in one row group."""

    is_repeated: bool
    is_nested: bool
    width: int
    """Bytes of one value; 0 where values have lengths of their own."""
    pages: list[Page] = field(default_factory=list)
    dictionary: Page | None = None
    largest: int = 0
    longest: int = 0
    """Bytes of the longest value of the dictionary."""

    def add(self, page: Page) -> None:
        if page.is_dictionary:
            self.dictionary = page
        else:
            self.pages.append(page)
            self.largest = max(self.largest, page.size)

    @property
    def held(self) -> int:
        """How many bytes are held while pages are decoded."""
        return self.largest + (self.dictionary.size if self.dictionary else 0)

    @property
    def is_of_dictionary(self) -> bool:
        """Whether the reader can leave the values in the dictionary.

        Where other pages follow those that refer to it, it can in columns that are not nested.
        """
        if self.width:
            return False
        if self.is_nested:
            return all(page.refers for page in self.pages)
        deltas = (DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY)
        return not any(page.encoding in deltas for page in self.pages)

    def cost(self, rows: int, *, keeps_dictionary: bool) -> int:
        """Return how many bytes so many rows decode to at most, wherever they stand."""
        if self.is_repeated:  # one row may have all values
            rows = sum(page.values for page in self.pages)
        sizes = [self._decoded(page, rows, keeps_dictionary) for page in self.pages]
        most, total, end, values = 0, 0, 0, 0
        for page, size in zip(self.pages, sizes, strict=True):
            while end < len(sizes) and values < rows + page.values:
                total, values = total + sizes[end], values + self.pages[end].values
                end += 1
            most = max(most, total)
            total, values = total - size, values - page.values
        return most

    def _decoded(self, page: Page, rows: int, keeps_dictionary: bool) -> int:
        """Return how many bytes of a page's values are decoded at most."""
        values = min(page.values, rows)
        if self.width:
            size = values * self.width
        elif page.refers:
            size = values * (_LEVEL_BYTES if keeps_dictionary else _LEVEL_BYTES + self.longest)
        elif page.encoding == DELTA_BYTE_ARRAY:
            size = values * page.size
        else:
            size = page.size + values * _LEVEL_BYTES
        return size + (values * _NESTED_BYTES if self.is_repeated else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a file: how many rows at once, and which columns to leave as dictionaries.

    `size` is how many bytes that takes at most.
    """

    rows: int
    size: int
    dictionaries: tuple[str, ...]


def plan(file: BinaryIO, metadata: Any) -> Plan:
    """Return how to read a Parquet file within the budgets.

    Args:
        file: The file.
        metadata: pyarrow's FileMetaData of it.

    Raises:
        FileError: A page's header cannot be read.
        OverBudget: The file has too many columns or pages, or a row needs too much.
    """
    if metadata.num_columns > FILE_COLUMNS:
        raise OverBudget(f"The file has more than {FILE_COLUMNS} columns.")
    schema = metadata.schema
    known = [schema.column(index) for index in range(metadata.num_columns)]
    left = PARQUET_PAGES
    groups: list[list[_Column]] = []
    found = chunks(file)
    for group in found:
        if len(group) != len(known):
            raise FileError("200", "Error in validating schema: a row group lacks columns")
        columns = [
            _column(file, chunk, column, left) for chunk, column in zip(group, known, strict=True)
        ]
        left -= sum(len(column.pages) for column in columns)
        groups.append(columns)
    kept = [
        all(columns[index].is_of_dictionary for columns in groups) and bool(groups)
        for index in range(metadata.num_columns)
    ]
    for number, columns in enumerate(groups):
        for index, (column, keeps) in enumerate(zip(columns, kept, strict=True)):
            if column.dictionary and not (keeps or column.width):
                codec = found[number][index].codec
                column.longest = longest_value(file, column.dictionary, codec)
    costs = [_rows(columns, kept) for columns in groups]
    rows, size = min((cost[0] for cost in costs), default=1), max((c[1] for c in costs), default=0)
    paths = tuple(column.path for column, keeps in zip(known, kept, strict=True) if keeps)
    return Plan(rows, size, paths)


def _column(file: BinaryIO, chunk: Chunk, known: Any, most_pages: int) -> _Column:
    width = known.length if known.physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
    width = width or _WIDTHS.get(known.physical_type, 0)
    column = _Column(known.max_repetition_level > 0, "." in known.path, width)
    counted = count(1)
    for page in pages(file, chunk.begin, chunk.length, chunk.values):
        if next(counted) > most_pages:
            raise OverBudget(f"The file has more than {PARQUET_PAGES} pages.")
        column.add(page)
    return column


def _rows(columns: list[_Column], kept: list[bool]) -> tuple[int, int]:
    """Return how many rows of a row group may be decoded at once, and the bytes they take."""
    held = sum(column.held for column in columns)
    most = max(1, _CELLS_AT_ONCE // max(1, len(columns)))
    for rows in _ROWS_AT_ONCE:
        if rows > most and rows > 1:
            continue
        decoded = sum(
            column.cost(rows, keeps_dictionary=keeps)
            for column, keeps in zip(columns, kept, strict=True)
        )
        if decoded <= _BYTES_AT_ONCE:
            break
    if held + decoded > PARQUET_BYTES:
        text = f"Its pages decode to more than {PARQUET_BYTES} bytes at once."
        raise OverBudget(f"The file cannot be read: {text}")
    return rows, held + decoded
