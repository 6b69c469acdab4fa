"""Parquet files, by pyarrow: the only module that knows it. It comes with the extra `parquet`.

pyarrow allocates what a file says. So the footer's length and the headers of all pages are read
first (`parquet_costs.py`), and rows are decoded in batches that fit the budgets. A value that is
damaged, or that Python cannot have (a day beyond the year 9999), makes its row corrupt.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Any, BinaryIO

from emulator.budgets import (
    COMPRESSED_PARQUET_BYTES,
    LARGE_PARQUET_BYTES,
    MIB,
    PARQUET_FOOTER_BYTES,
    ROW_BYTES,
    TURN_SECONDS,
)
from emulator.data_plane.arrow_values import Convert, converter, expanded_size, plain
from emulator.data_plane.errors import FileError, OverBudget, ParquetNotInstalled
from emulator.data_plane.parquet_costs import Plan, plan
from emulator.data_plane.rows import ReadOptions, Row, corrupt
from emulator.json_types import Json, JsonObject, dumps

_BYTES_AT_ONCE = 16 * MIB
"""How much of a batch is made values of Python at once."""

_LARGE = Semaphore()
"""Who decodes a large file."""

_MAGIC = b"PAR1"
_TAIL_BYTES = 8


def is_installed() -> bool:
    """Tell whether Parquet can be read and written."""
    try:
        import pyarrow.parquet  # noqa: F401 - whether it can be imported is the question
    except ImportError:
        return False
    return True


def parquet_rows(source: BinaryIO, options: ReadOptions | None = None) -> Iterator[Row]:
    """Yield the rows of a Parquet file as JSON values.

    Moments and days become texts in ISO 8601, decimals numbers, bytes Base64, maps objects.

    Raises:
        ParquetNotInstalled: pyarrow is missing.
        FileError: The content is not a Parquet file, is damaged, or is more than may be read.
    """
    file, planned = _planned(_seekable(source))
    number = 1
    try:
        names = file.schema_arrow.names
        with _turn(planned.size):
            for group in range(file.num_row_groups):  # each has dictionaries of its own
                for batch in file.iter_batches(planned.rows, [group], use_threads=False):
                    for part in _parts(batch):
                        yield from _rows(part, names, number)
                        number += part.num_rows
    except Exception as error:  # of a damaged page pyarrow raises whatever it makes it
        raise _unreadable(error) from error


def parquet_columns(source: BinaryIO) -> list[str]:
    """Return the names of a Parquet file's columns; errors as `parquet_rows`."""
    file = _opened(_seekable(source))
    try:
        return list(file.schema_arrow.names)
    except UnicodeError as error:
        raise _unreadable(error) from error


def write_parquet(rows: Iterable[JsonObject]) -> bytes:
    """Return rows as a Parquet file; what has different types in different rows becomes text.

    Raises:
        ParquetNotInstalled: pyarrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow.parquet import write_table
    except ImportError as error:
        raise ParquetNotInstalled from error
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    columns = [_column(pa, [row.get(name) for row in listed]) for name in names]
    sink = io.BytesIO()
    write_table(pa.table(columns, names=names), sink)
    return sink.getvalue()


def _column(pa: Any, values: list[Json]) -> Any:
    try:
        made = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        made = None
    if made is None or _has_empty_struct(made.type):
        return pa.array([None if value is None else dumps(value).decode() for value in values])
    return made


def _has_empty_struct(type: Any) -> bool:
    """Tell whether a type has an object without members, which Parquet cannot write."""
    from pyarrow import types

    if types.is_struct(type):
        return not type.num_fields or any(_has_empty_struct(field.type) for field in type)
    return types.is_list(type) and _has_empty_struct(type.value_type)


def _seekable(source: BinaryIO) -> BinaryIO:
    """Return a stream that can seek: what is unpacked as it is read cannot."""
    if source.seekable():
        return source
    content = source.read(COMPRESSED_PARQUET_BYTES + 1)
    if len(content) > COMPRESSED_PARQUET_BYTES:
        text = f"The Parquet file unpacks to more than {COMPRESSED_PARQUET_BYTES} bytes."
        raise OverBudget(text)
    return io.BytesIO(content)


@contextmanager
def _turn(size: int) -> Iterator[None]:
    """Let one large file be decoded at a time, in all of the process.

    Who has waited long goes on all the same: it may be this thread that decodes another one.
    """
    has_turn = size > LARGE_PARQUET_BYTES and _LARGE.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if has_turn:
            _LARGE.release()


def _planned(content: BinaryIO) -> tuple[Any, Plan]:
    """Return a file to read, and how it is to be read."""
    metadata = _opened(content).metadata
    try:
        planned = plan(content, metadata)
    except FileError:
        raise
    except Exception as error:  # what a damaged footer says is asked for one by one
        raise _unreadable(error) from error
    return _opened(content, list(planned.dictionaries)), planned


def _opened(content: BinaryIO, dictionaries: list[str] | None = None) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ParquetNotInstalled from error
    _check_tail(content)
    content.seek(0)
    try:
        return ParquetFile(
            content,
            read_dictionary=dictionaries,
            pre_buffer=False,
            coerce_int96_timestamp_unit="us",
            thrift_string_size_limit=PARQUET_FOOTER_BYTES,
        )
    except Exception as error:  # pyarrow raises its own, OSError, ValueError, UnicodeError, …
        raise _unreadable(error) from error


def _check_tail(content: BinaryIO) -> None:
    size = content.seek(0, io.SEEK_END)
    content.seek(max(0, size - _TAIL_BYTES))
    end = content.read(_TAIL_BYTES)
    tail = end[-4:]
    if size < 12 or tail != _MAGIC:
        raise FileError(
            "200",
            "Error in validating schema: the file is not a Parquet file. expected magic number at"
            f" tail {list(_MAGIC)} but found {list(tail)}",
        )
    if min(int.from_bytes(end[:4], "little"), size) > PARQUET_FOOTER_BYTES:
        raise OverBudget(f"The footer of the file has more than {PARQUET_FOOTER_BYTES} bytes.")


def _unreadable(error: Exception) -> FileError:
    return FileError("200", f"Error in validating schema: {error}")


def _parts(batch: Any) -> Iterator[Any]:
    """Yield a batch in parts that are not too large as values of Python, or have one row."""
    if batch.num_rows > 1 and expanded_size(batch.columns) > _BYTES_AT_ONCE:
        half = batch.num_rows // 2
        yield from _parts(batch.slice(0, half))
        yield from _parts(batch.slice(half))
    else:
        yield batch


def _rows(batch: Any, names: list[str], number: int) -> Iterator[Row]:
    """Yield the rows of a part of a batch, the first of which has this number."""
    if batch.num_rows == 1 and expanded_size(batch.columns) > ROW_BYTES:
        yield corrupt(number, "", f"the row has more than {ROW_BYTES} bytes")
        return
    try:
        batch = plain(batch)
        converters = [converter(column.type) for column in batch.columns]
        columns = [
            _values(column, convert)
            for column, convert in zip(batch.columns, converters, strict=True)
        ]
    except Exception as error:  # noqa: BLE001 - a value that Python cannot have raises anything
        if batch.num_rows == 1:
            yield corrupt(number, "", str(error) or repr(error))
            return
        for index in range(batch.num_rows):
            yield from _rows(batch.slice(index, 1), names, number + index)
        return
    for index, values in enumerate(zip(*columns, strict=True), number):
        yield Row(index, dict(zip(names, values, strict=True)))


def _values(column: Any, convert: Convert | None) -> list[Json]:
    values: list[Json] = column.to_pylist()
    return values if convert is None else list(map(convert, values))
