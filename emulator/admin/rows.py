"""The first rows of a data set, by its id or name: for whoever wants to see what has arrived."""

from __future__ import annotations

from itertools import islice

from flask import Response

from emulator.admin.places import catch_up_all, only_one
from emulator.admin.replies import QueryError, Routes, answer, error, read_query
from emulator.data_plane.errors import FileError
from emulator.json_types import JsonObject
from emulator.web.engine import Engine

USUAL, MOST = 10, 1000
"""How many rows are shown without `limit`, and at most."""


def routes(engine: Engine) -> Routes:
    """Return path, method and view of the call."""
    return [("/rows/<path:dataset>", "GET", _Views(engine).first)]


class _Views:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def first(self, dataset: str) -> Response:
        """Return the first rows of a data set, the oldest batch's first, after what is due."""
        try:
            asked, limit = read_query(("organization", "sandbox"), USUAL, MOST)
        except QueryError as problem:
            return error(400, "invalid query", str(problem))
        where = (asked.get("organization"), asked.get("sandbox"))
        engine = self._engine
        catch_up_all(engine, *where)
        found = only_one(list(engine.scopes("dataset", *where)), "dataset", dataset, "data set")
        if isinstance(found, Response):
            return found
        scope, body = found
        rows: list[JsonObject] = []
        try:
            rows += islice(engine.platform.services.data_access.rows(scope, body["id"]), limit)
        except FileError as unreadable:
            return error(
                409, "unreadable", f"the rows of {body['id']} cannot be read: {unreadable}"
            )
        place = {"organization": scope.organization, "sandbox": scope.sandbox.name}
        return answer({"id": body["id"], "name": body.get("name"), **place, "rows": rows})
