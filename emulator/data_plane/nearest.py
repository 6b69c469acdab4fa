"""What a source has where nothing is at the path, or of the table's name, that it is told to read.

A mistyped path is the commonest reason of a run that reads nothing. Only what lies in the emulator
or in a folder of this machine is looked at; asking a real storage would take its time.
"""

from __future__ import annotations

import shlex
from contextlib import closing
from difflib import get_close_matches
from typing import TYPE_CHECKING

from emulator.data_plane import sources
from emulator.data_plane.areas import area_of, endpoint_of, files_at
from emulator.data_plane.errors import SourceError
from emulator.data_plane.files import LANDING_ZONE
from emulator.json_types import JsonObject, as_object
from emulator.plurals import counted
from emulator.scope import Scope
from emulator.storage.base import StorageError

if TYPE_CHECKING:
    from emulator.data_plane.areas import Area

MAX_NAMED = 3
"""How many files or tables are named."""

MAX_COMPARED = 1000
"""How many are compared with what was asked for."""

_MAX_PATH = 300


def nearest_at_source(scope: Scope, source: JsonObject) -> str:
    """Return in words what a source has instead of what it is told to read.

    It is empty if that is there now, if the source cannot be read, or if it has tables of a real
    database.

    Args:
        scope: Where the source connection is.
        source: The source connection.
    """
    try:
        source = sources.under_names_of_spec(scope, source)
        container = sources.container_of(scope, source)
        endpoint = endpoint_of(scope, container)
        if endpoint is not None:
            listed = f"aep-emulator files ls {_argument(scope, container)} lists what is there"
            return listed if endpoint.is_files else ""
        with closing(area_of(scope, container)) as area:
            wanted, known = _wanted_and_known(area, container, as_object(source.get("params")))
    except (SourceError, StorageError):
        return ""
    return _told(scope, container, wanted, known) if wanted else ""


def _wanted_and_known(area: Area, container: str, params: JsonObject) -> tuple[str, list[str]]:
    """Return what is to be read and what there is; nothing is wanted if it is there."""
    if "tableName" in params:
        name, tables = str(params["tableName"]), sources.tables(area.below(""))
        return ("", []) if name in tables else (name, [*tables])
    path = sources.area_path(container, str(params.get("path", "")))
    if not path or files_at(area, path, recursive=sources.is_true(params.get("recursive"))):
        return "", []
    return path, [file.path for file in area.below("")]


def _told(scope: Scope, container: str, wanted: str, known: list[str]) -> str:
    name = _argument(scope, container)
    if not known:
        return f"{name} has nothing yet: aep-emulator files put {name} FILE"
    return f"{name} has {nearest(wanted, known)}: aep-emulator files ls {name}"


def nearest(wanted: str, known: list[str]) -> str:
    """Return in words which paths or names are nearest to one, and how many others there are."""
    compared = {name.casefold(): name for name in known[:MAX_COMPARED]}
    found = get_close_matches(wanted[:_MAX_PATH].casefold(), compared, MAX_NAMED, cutoff=0)
    more = len(known) - len(found)
    others = f" and {counted(more, 'other')}" if more else ""
    return f"{', '.join(compared[folded] for folded in found)}{others}"


def _argument(scope: Scope, container: str) -> str:
    """Return a connection as the command line takes it."""
    if container == LANDING_ZONE:
        return LANDING_ZONE
    connection = scope.find("connection", container) or {}
    return shlex.quote(str(connection.get("name") or container))
