"""The first rows of a data set, by its id or name: for whoever wants to see what has arrived."""

from __future__ import annotations

from itertools import islice

from flask import Response, request

from emulator.admin.places import catch_up_all, holding, only_one
from emulator.admin.replies import Routes, answer, error
from emulator.data_plane.errors import FileError
from emulator.json_types import JsonObject
from emulator.near_names import unknown_name
from emulator.web.engine import Engine

USUAL = 10
MOST = 1000
_PARAMETERS = ("organization", "sandbox", "limit")


def routes(engine: Engine) -> Routes:
    """Return path, method and view of the call."""
    return [("/rows/<path:dataset>", "GET", _Views(engine).first)]


class _Views:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def first(self, dataset: str) -> Response:
        """Return the first rows of a data set, the oldest batch's first, after what is due."""
        asked = {name: value for name, value in request.args.items() if value}
        if unknown := next((name for name in request.args if name not in _PARAMETERS), None):
            return error(400, "invalid query", unknown_name("parameter", unknown, _PARAMETERS))
        limit = asked.get("limit", str(USUAL))
        if not limit.isdecimal() or not 0 < int(limit[:9]) <= MOST:
            return error(400, "invalid query", f"limit: expected a number from 1 to {MOST}")
        where = (asked.get("organization"), asked.get("sandbox"))
        engine = self._engine
        catch_up_all(engine, *where)
        found = only_one(list(holding(engine, "dataset", *where)), "dataset", dataset, "data set")
        if isinstance(found, Response):
            return found
        scope, body = found
        rows: list[JsonObject] = []
        try:
            rows += islice(engine.platform.services.data_access.rows(scope, body["id"]), int(limit))
        except FileError as unreadable:
            return error(
                409, "unreadable", f"the rows of {body['id']} cannot be read: {unreadable}"
            )
        place = {"organization": scope.organization, "sandbox": scope.sandbox.name}
        return answer({"id": body["id"], "name": body.get("name"), **place, "rows": rows})
