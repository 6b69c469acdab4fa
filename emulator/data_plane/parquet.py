"""Parquet files, by pyarrow: the only module that knows it. It comes with the extra `parquet`."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from emulator.data_plane.errors import FileError, ParquetNotInstalled
from emulator.json_types import Json, JsonObject, dumps

_ROWS_AT_ONCE = 4096
_MAGIC = b"PAR1"

Convert = Callable[[Any], Json]


def is_installed() -> bool:
    """Tell whether Parquet can be read and written."""
    try:
        import pyarrow.parquet  # noqa: F401 - whether it can be imported is the question
    except ImportError:
        return False
    return True


def parquet_rows(content: bytes) -> Iterator[JsonObject]:
    """Yield the rows of a Parquet file as JSON values.

    Moments and days become texts in ISO 8601, decimals numbers, bytes Base64, maps objects.

    Raises:
        ParquetNotInstalled: pyarrow is missing.
        FileError: The content is not a Parquet file.
    """
    file = _opened(content)
    converters = [_converter(field.type) for field in file.schema_arrow]
    names = file.schema_arrow.names
    for batch in file.iter_batches(_ROWS_AT_ONCE):
        columns = [
            column.to_pylist() if convert is None else list(map(convert, column.to_pylist()))
            for column, convert in zip(batch.columns, converters, strict=True)
        ]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def parquet_columns(content: bytes) -> list[str]:
    """Return the names of a Parquet file's columns; errors as `parquet_rows`."""
    return list(_opened(content).schema_arrow.names)


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
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else dumps(value).decode() for value in values])


def _opened(content: bytes) -> Any:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ParquetNotInstalled from error
    tail = content[-4:]
    if len(content) < 12 or tail != _MAGIC:
        raise FileError(
            "200",
            "Error in validating schema: the file is not a Parquet file. expected magic number at"
            f" tail {list(_MAGIC)} but found {list(tail)}",
        )
    try:
        return ParquetFile(io.BytesIO(content))
    except (ArrowException, OSError) as error:
        raise FileError("200", f"Error in validating schema: {error}") from error


def _converter(type: Any) -> Convert | None:
    """Return the conversion of an Arrow type's values to JSON; None where they are JSON already."""
    from pyarrow import types

    if types.is_timestamp(type) or types.is_date(type) or types.is_time(type):
        return _unless_none(lambda value: value.isoformat().replace("+00:00", "Z"))
    if types.is_decimal(type):
        return _unless_none(float)
    if types.is_binary(type) or types.is_large_binary(type) or types.is_fixed_size_binary(type):
        return _unless_none(lambda value: base64.b64encode(value).decode())
    if types.is_duration(type):
        return _unless_none(lambda value: value.total_seconds())
    if types.is_map(type):
        return _map(_converter(type.item_type))
    if types.is_struct(type):
        return _struct({field.name: _converter(field.type) for field in type})
    if types.is_list(type) or types.is_large_list(type):
        inner = _converter(type.value_type)
        return None if inner is None else _unless_none(lambda value: list(map(inner, value)))
    return None


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _map(convert: Convert | None) -> Convert:
    def to_object(pairs: Any) -> Json:
        return {str(name): convert(item) if convert else item for name, item in pairs}

    return _unless_none(to_object)


def _struct(converters: dict[str, Convert | None]) -> Convert | None:
    if not any(converters.values()):
        return None

    def to_object(value: Any) -> Json:
        return {
            name: convert(value[name]) if (convert := converters[name]) else value[name]
            for name in value
        }

    return _unless_none(to_object)
