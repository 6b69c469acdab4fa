"""Values of Arrow as JSON: how they are converted, and how large they become."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from emulator.budgets import MIB
from emulator.data_plane.parquet_pages import Page
from emulator.json_types import Json

Convert = Callable[[Any], Json]

MAX_DICTIONARY_BYTES = 4 * MIB
"""Dictionaries of more bytes are not looked at: writers end them at one or two."""

_VALUE_BYTES = 16
"""What a value counts at least, so that a row may have as many values as one of JSON."""


def converter(type: Any) -> Convert | None:
    """Return the conversion of an Arrow type's values to JSON; None where they are JSON already."""
    from pyarrow import types

    if types.is_dictionary(type):
        return converter(type.value_type)
    if types.is_map(type):
        return _map(converter(type.item_type))
    if types.is_struct(type):
        return _struct({field.name: converter(field.type) for field in type})
    if types.is_list(type) or types.is_large_list(type):
        inner = converter(type.value_type)
        return None if inner is None else _unless_none(lambda value: list(map(inner, value)))
    is_json = (
        types.is_integer(type)
        or types.is_floating(type)
        or types.is_boolean(type)
        or types.is_string(type)
        or types.is_large_string(type)
        or types.is_null(type)
    )
    return None if is_json else _plain


def _plain(value: Any) -> Json:
    """Return a value of Python as JSON, whatever it is."""
    match value:
        case None | str() | int() | float():
            return value
        case datetime() | date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return str(value)


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


def expanded_size(columns: Iterable[Any]) -> int:
    """Return about how many bytes arrays are as values of Python, each text counted where it is.

    Arrow keeps the texts of a dictionary once; as values of Python each is a copy.
    """
    return sum(map(_size, columns))


def _size(array: Any) -> int:
    from pyarrow import compute, types

    type, length = array.type, len(array)
    if types.is_dictionary(type):
        if not length or not _has_lengths(type.value_type):
            return length * _VALUE_BYTES
        lengths = compute.binary_length(array.dictionary).take(array.indices)
        return length * _VALUE_BYTES + (compute.sum(lengths).as_py() or 0)
    if _has_lengths(type):
        lengths = compute.binary_length(array)
        return length * _VALUE_BYTES + (compute.sum(lengths).as_py() or 0)
    if types.is_struct(type):
        return length * _VALUE_BYTES + sum(map(_size, array.flatten()))
    if types.is_map(type):
        first, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
        inner = (array.keys.slice(first, end - first), array.items.slice(first, end - first))
        return length * _VALUE_BYTES + expanded_size(inner)
    if types.is_nested(type):  # lists of every kind
        return length * _VALUE_BYTES + _size(array.flatten())
    return length * max(_VALUE_BYTES, int(array.nbytes) // max(1, length))


def _has_lengths(type: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_string(type)
        or types.is_large_string(type)
        or types.is_binary(type)
        or types.is_large_binary(type)
    )


def longest_value(file: BinaryIO, page: Page, codec: str) -> int:
    """Return how many bytes the longest text of a dictionary has, or what none can have more than.

    Args:
        file: The file.
        page: The dictionary's page, in which each text stands behind its length.
        codec: What it is compressed with, by its name in Parquet.
    """
    import pyarrow as pa

    if page.size > MAX_DICTIONARY_BYTES:
        return page.size
    file.seek(page.at)
    data = file.read(page.packed)
    try:
        if codec != "UNCOMPRESSED":
            name = "lz4_raw" if codec.startswith("LZ4") else codec.lower()
            unpacked = pa.decompress(data, page.size, name)
            data = unpacked.to_pybytes()
    except (pa.ArrowException, OSError, ValueError):
        return page.size
    longest = at = 0
    for _ in range(page.values):
        length = int.from_bytes(data[at : at + 4], "little")
        longest = max(longest, length)
        at += 4 + length
        if at > len(data):
            return page.size
    return longest


def plain(batch: Any) -> Any:
    """Return a batch without dictionaries, and with microseconds where it has nanoseconds.

    Python has no nanoseconds, and makes its values of dictionaries one by one.
    """
    import pyarrow as pa

    schema = pa.schema([field.with_type(_plain_type(field.type)) for field in batch.schema])
    return batch if schema == batch.schema else batch.cast(schema, safe=False)


def _plain_type(type: Any) -> Any:
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(type):
        return _plain_type(type.value_type)
    if types.is_timestamp(type) and type.unit == "ns":
        return pa.timestamp("us", type.tz)
    if types.is_time64(type) and type.unit == "ns":
        return pa.time64("us")
    if types.is_duration(type) and type.unit == "ns":
        return pa.duration("us")
    if types.is_struct(type):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in type])
    if types.is_map(type):
        return pa.map_(_plain_type(type.key_type), _plain_type(type.item_type))
    if types.is_list(type):
        return pa.list_(type.value_field.with_type(_plain_type(type.value_type)))
    if types.is_large_list(type):
        return pa.large_list(type.value_field.with_type(_plain_type(type.value_type)))
    return type
