"""The input format of a batch: what a request says of its files, and how they are read by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from emulator.data_plane.readers import ReadOptions

_MEMBERS = ("delimiter", "quote", "escape", "charset", "header", "isMultiLineJson", "format")


def asked_format(query: JsonObject) -> JsonObject:
    """Return what the query of a preview says of the format, where it says anything."""
    asked = {name: query[name] for name in _MEMBERS if name in query}
    return {**asked, "format": asked["format"].lower()} if "format" in asked else asked


def input_format(sent: JsonObject | None) -> JsonObject:
    """Return a batch's input format: Parquet where a request says nothing, names in lower case."""
    format = {name: value for name, value in (sent or {}).items() if value is not None}
    return {**format, "format": str(format.get("format", "parquet")).lower()}


def read_options(format: JsonObject, columns: tuple[str, ...] = ()) -> ReadOptions:
    """Return how files of an input format are read; without a header their columns are these."""
    from emulator.data_plane.readers import ReadOptions

    usual = ReadOptions()
    marker = format.get("nullMarker")
    return ReadOptions(
        delimiter=_character(format.get("delimiter"), usual.delimiter) or usual.delimiter,
        quote=_character(format.get("quote"), usual.quote),
        escape=_character(format.get("escape"), usual.escape),
        header=str(format.get("header", True)).lower() != "false",
        columns=columns,
        charset=str(format.get("charset") or usual.charset),
        null_markers=(str(marker),) if marker else (),
        is_multi_line_json=str(format.get("isMultiLineJson", False)).lower() == "true",
    )


def _character(value: object, usual: str) -> str:
    """Return a single character; a tabulator may be written as backslash and t."""
    if value is None:
        return usual
    return str(value).replace("\\t", "\t")[:1]
