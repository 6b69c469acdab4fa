"""What a connection reaches: folders and files of a storage, tables of a database, their structure.

Everything comes from the files that the connection reaches (`emulator/data_plane/areas.py`), which
are the emulator's own unless it leads to a real storage: a file of a storage is a file, a table
`Accounts` is the file `Accounts.csv`, `.tsv`, `.json` or `.parquet`. Where the setting `storage`
leads to a database, its own tables are explored. What there is to say is found
for the rules first, which refuse what is not there, and then answered by the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from emulator.data_plane import inference, sources
from emulator.data_plane.areas import Area, area_of
from emulator.data_plane.compression import UnpackedFile
from emulator.data_plane.errors import FileError, SourceError
from emulator.data_plane.files import LANDING_ZONE, File
from emulator.data_plane.real_tables import (
    NoSuchTable,
    RealTable,
    UnreachableDatabase,
    database_of,
    names_of_tables,
)
from emulator.data_plane.rows import Row, first_rows
from emulator.data_plane.source_query import SourceQuery, require_columns
from emulator.data_plane.sources import FileFormat, table_format, table_name, tables
from emulator.filters.pql import RowFilterError, decode_row_filter
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.flow_service.connections import found, spec_id
from emulator.storage.base import StorageError

if TYPE_CHECKING:
    from emulator.databases import Database

ROWS_SHOWN = 100
"""How many rows a preview has, and how many are looked at for types (assumed)."""

_FILES = ("root", "folder", "file")
_TABLES = ("root", "table")
_TYPED_BY_HAND = ("fileType", "FileType", "FILE_TYPE", "columnDelimiter", "compressionType")


def explorable_kinds(scope: Scope, connection_id: str) -> tuple[str, ...]:
    """Return what can be explored of a connection; nothing of an unknown one."""
    connection = scope.find("connection", connection_id) or {}
    spec = found(scope, "connection_spec", spec_id(connection, "connectionSpec"))
    return explored_kinds(spec or {})


def is_explored_without_connection(scope: Scope, spec_id: str) -> bool:
    """Tell whether a spec is the landing zone's: it needs no credentials."""
    return sources.is_landing_zone(scope.find("connection_spec", spec_id) or {})


def explore_connection(scope: Scope, id: str, query: JsonObject) -> JsonObject | None:
    """Return what a query finds on a connection, or its `fault` with the `reason`."""
    kinds = explorable_kinds(scope, id)
    if "table" not in kinds:
        return _explore(scope, id, query, tabular=False) if kinds else None
    try:
        database = database_of(scope, id)
        if database is None:
            return _explore(scope, id, query, tabular=True)
        return _explore_database(database, query)
    except RowFilterError as error:
        return {"fault": "filter", "reason": str(error)}
    except NoSuchTable as error:
        return {"fault": "missing", "reason": str(error)}
    except UnreachableDatabase as error:
        return {"fault": "provider", "reason": str(error)}
    except FileError as error:
        return {"fault": "unreadable", "reason": str(error)}


def _explore_database(database: Database, query: JsonObject) -> JsonObject | None:
    """Return the tables of a real database, or the structure of one of them."""
    kind, path = str(query.get("objectType", "")).lower(), str(query.get("object", ""))
    if kind == "root":
        found = names_of_tables(database)
        return {"objects": [_object("table", name, path) for path, name in found.items()]}
    if kind != "table":
        return None
    with closing(RealTable(database, path)) as table:
        answer: JsonObject = {"format": "flat", "schema": {"columns": table.shown_columns}}
        text = query.get("filters")
        wanted = SourceQuery(None if text is None else decode_row_filter(text))
        require_columns(wanted.names, table.columns)
        if sources.is_true(query.get("preview")):
            answer["data"] = table.first_rows(wanted, ROWS_SHOWN)
        return {"file": answer}


def explore_landing_zone(scope: Scope, spec_id: str, query: JsonObject) -> JsonObject | None:
    """Return what a query finds in the landing zone, or its `fault` with the `reason`."""
    if not is_explored_without_connection(scope, spec_id):
        return None
    return _explore(scope, LANDING_ZONE, query, tabular=False)


def _explore(
    scope: Scope, container: str, query: JsonObject, *, tabular: bool
) -> JsonObject | None:
    try:
        with closing(area_of(scope, container)) as area:
            return _found(scope, area, container, query, tabular=tabular)
    except RowFilterError as error:
        return {"fault": "filter", "reason": str(error)}
    except FileError as error:
        return {"fault": "unreadable", "reason": str(error)}
    except StorageError as error:
        fault = "missing" if error.kind == "missing" else "provider"
        return {"fault": fault, "reason": str(error).rstrip(".")}


def _found(
    scope: Scope, area: Area, container: str, query: JsonObject, *, tabular: bool
) -> JsonObject | None:
    kind = str(query.get("objectType", "")).lower()
    path = sources.area_path(container, str(query.get("object", "")))
    if kind in ("root", "folder"):
        return _table_list(area.below("")) if tabular else _listing(container, area, kind, path)
    if kind == "table":
        return _table(scope, area, path, query)
    return _file(scope, area, container, path, query) if kind == "file" else None


def _file(
    scope: Scope, area: Area, container: str, path: str, query: JsonObject
) -> JsonObject | None:
    content = area.open(path)
    if content is None:
        return {"fault": "missing", "reason": f"There is no file {path}"}
    by_hand = any(name in query for name in _TYPED_BY_HAND)
    format = sources.format_of(_named_alike(query)) if by_hand else sources.detect_format(content)
    answer = _structure(_Explored(scope, path, content, format), query)
    if container == LANDING_ZONE or not by_hand:
        answer["file"] = {"properties": _properties(format), **answer["file"]}
    return answer


def _table(scope: Scope, area: Area, path: str, query: JsonObject) -> JsonObject | None:
    file = tables(area.below("")).get(path)
    content = area.open(file.path) if file else None
    if file is None or content is None:
        return {"fault": "missing", "reason": f"There is no table {path}"}
    explored = _Explored(scope, file.path, content, table_format(file.path))
    return _structure(explored, query, typed=True)


def explored_kinds(spec: JsonObject) -> tuple[str, ...]:
    """Return what can be explored of connections of a spec; nothing where it is not emulated."""
    named = spec.get("exploreSpec")
    if isinstance(named, dict) and named.get("name") == "FileSystem":
        return _FILES
    known = spec.get("x-emulator") or {}
    return _TABLES if "tabular" in known.get("dataFormats", ()) else ()


def _listing(container: str, area: Area, kind: str, path: str) -> JsonObject:
    """Return the files and folders right below a path, the folders behind the files."""
    if kind == "root" or (path == "root" and not any(area.level("root"))):
        path = ""  # one sample asks for the folder "root"
    files, folders = area.level(path)
    if path and not (files or folders):
        return {"fault": "missing", "reason": f"There is no folder {path}"}
    head = f"{path}/" if path else ""
    names = [file.path[len(head) :] for file in files]
    start = f"{container}/{head}" if container == LANDING_ZONE else f"/{head}"
    return {
        "objects": [
            *(_object("file", name, f"{start}{name}") for name in names),
            *(_object("folder", name, f"{start}{name}/") for name in folders),
        ]
    }


def _table_list(files: list[File]) -> JsonObject:
    return {"objects": [_object("table", table_name(path), path) for path in tables(files)]}


def _object(kind: str, name: str, path: str) -> JsonObject:
    readable = kind != "folder"
    return {
        "type": kind,
        "name": name,
        "path": path,
        "canPreview": readable,
        "canFetchSchema": readable,
    }


class _Explored:
    """The first file in what a path leads to, read anew for each question."""

    def __init__(self, scope: Scope, path: str, content: BinaryIO, format: FileFormat) -> None:
        self._largest = scope.platform.settings.max_unpacked
        self._path = path
        self._content = content
        self.format = format

    @property
    def columns(self) -> list[str]:
        return sources.columns(self._first(), self.format)

    def rows(self, query: SourceQuery | None = None) -> list[JsonObject]:
        """Return the first rows, of those that a query selects if there is one."""
        found: Iterable[Row] = sources.rows(self._first(), self.format)
        return first_rows(found if query is None else query.selected(found), ROWS_SHOWN)

    def _first(self) -> UnpackedFile:
        name = self._path.rpartition("/")[2]
        files = sources.unpacked(name, self._content, self.format, self._largest)
        self._files = files  # an archive is closed with what reads it
        file = next(files, None)
        if file is None:
            raise SourceError(f"{self._path} holds no file")
        return file


def _structure(file: _Explored, query: JsonObject, *, typed: bool = False) -> JsonObject:
    """Return the structure of a file, with its first rows if they are wanted.

    A row filter chooses the rows that are shown, not those from which types are guessed.
    """
    rows, format = file.rows(), file.format
    answer: JsonObject
    if format.type == "json" and not typed:
        answer = {"format": "hierarchical", "schema": inference.schema_of_all(rows)}
    else:
        names = file.columns
        typed = typed or format.type == "parquet"
        made = inference.typed_columns(names, rows) if typed else inference.text_columns(names)
        answer = {"format": "flat", "schema": {"columns": made}}
    if "filters" in query:
        wanted = SourceQuery(decode_row_filter(query["filters"]))
        if format.type != "json":
            require_columns(wanted.names, file.columns)
        rows = file.rows(wanted)
    if sources.is_true(query.get("preview")):
        answer["data"] = rows
    return {"file": answer}


def _named_alike(query: JsonObject) -> JsonObject:
    """Return a query's properties of a file under one spelling of their names."""
    spelled = {
        "FileType": "fileType",
        "FILE_TYPE": "fileType",
        "CompressionType": "compressionType",
    }
    return {spelled.get(name, name): value for name, value in query.items()}


def _properties(format: FileFormat) -> JsonObject:
    properties: JsonObject = {"fileType": format.type}
    if format.compression:
        properties["compressionType"] = format.compression
    if format.type == "delimited":
        properties["columnDelimiter"] = format.delimiter
    return properties
