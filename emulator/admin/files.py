"""The files that connections reach: a test author puts them where a storage would have them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from flask import Response, request

from emulator.admin.replies import Routes, answer, error
from emulator.data_plane.files import LANDING_ZONE, File, clean_path
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.storage.base import StorageError
from emulator.store import NoRoom
from emulator.web.call import Reply
from emulator.web.engine import Engine
from emulator.web.flask_app import flask_response

if TYPE_CHECKING:
    from emulator.data_plane.areas import Area


def routes(engine: Engine) -> Routes:
    """Return the calls about files, for the control API's blueprint."""
    views = _Views(engine)
    return [
        ("/files", "GET", views.everything),
        ("/files/<container>", "GET", views.all),
        ("/files/<container>/<file:path>", "PUT", views.put),
        ("/files/<container>/<file:path>", "GET", views.get),
        ("/files/<container>/<file:path>", "DELETE", views.delete),
    ]


class _Views:
    """Organization and sandbox come from the platform's headers, or from the query."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._platform = engine.platform
        self._limit = engine.platform.settings.max_upload

    def everything(self) -> Response:
        """List the connections of a sandbox and the landing zone, each with its files."""
        scope = self._scope()
        if scope is None:
            return _nowhere()
        connections = [*scope.all("connection"), {"id": LANDING_ZONE, "name": LANDING_ZONE}]
        return answer({"connections": [_told(scope, one) for one in connections]})

    def all(self, container: str) -> Response:
        """List the files of an area."""
        return self._answered(
            container,
            lambda area: answer({"files": [_shown(container, file) for file in area.below("")]}),
        )

    def put(self, container: str, path: str) -> Response:
        """Write a file: the body is its content."""
        if not clean_path(path):
            return error(400, "invalid path", "a file has a name")
        content = None if self._is_too_long() else request.get_data(cache=False)
        if content is None or len(content) > self._limit:
            return error(413, "too long", f"--max-upload lets {self._limit} bytes in")

        def write(area: Area) -> Response:
            known = area.find(path)
            return answer(_shown(container, area.put(path, content)), 200 if known else 201)

        return self._answered(container, write, writes=True)

    def _is_too_long(self) -> bool:
        return (request.content_length or 0) > self._limit

    def get(self, container: str, path: str) -> Response:
        """Return a file's content."""

        def read(area: Area) -> Response:
            content = area.open(path)
            if content is None:
                return _unknown(area, container, path)
            with content:
                body = content.read()
            return flask_response(Reply(200, body, {"Content-Type": "application/octet-stream"}))

        return self._answered(container, read)

    def delete(self, container: str, path: str) -> Response:
        """Remove a file."""

        def remove(area: Area) -> Response:
            if not area.delete(path):
                return _unknown(area, container, path)
            return flask_response(Reply(204))

        return self._answered(container, remove, writes=True)

    def _answered(
        self, container: str, act: Callable[[Area], Response], *, writes: bool = False
    ) -> Response:
        """Return what a function says of an area, or why that cannot be.

        What is written among the emulator's own files is written by nobody else meanwhile.
        """
        from emulator.data_plane.areas import area_of  # a health check does without

        scope = self._scope()
        if scope is None:
            return _nowhere()
        try:
            with closing(area_of(scope, container)) as area:
                if not writes or area.is_remote:
                    return act(area)
                with scope.exclusive():
                    return act(area)
        except NoRoom as full:
            return error(413, "no room", f"{full}, as --max-stored says")
        except StorageError as failed:
            return error(_STATUSES.get(failed.kind, 502), f"storage {failed.kind}", str(failed))

    def _scope(self) -> Scope | None:
        sandbox = _sandbox()
        return None if sandbox is None else self._engine.scope(sandbox)


_STATUSES = {"missing": 404, "refused": 409, "over budget": 413, "full": 413}


def _told(scope: Scope, connection: JsonObject) -> JsonObject:
    """Return a connection with the place of its files, and how many there are."""
    from emulator.data_plane.areas import area_of

    container = str(connection["id"])
    told: JsonObject = {"container": container, "name": connection.get("name", "")}
    try:
        with closing(area_of(scope, container)) as area:
            told["place"] = area.describes
            files = area.below("")
            told |= {"files": len(files), "bytes": sum(file.size for file in files)}
    except StorageError as error:
        told["error"] = str(error)
    return told


def _unknown(area: Area, container: str, path: str) -> Response:
    """Return that a file is not there, and which are near it: not of a storage that takes time."""
    from emulator.data_plane.nearest import nearest

    said = f"{container} has no file {clean_path(path)}"
    known = [] if area.is_remote else [file.path for file in area.below("")]
    near = f"; it has {nearest(clean_path(path), known)}" if known else ""
    return error(404, "unknown file", f"{said}{near}")


def _sandbox() -> Sandbox | None:
    headers, query = request.headers, request.args
    organization = query.get("organization") or headers.get("x-gw-ims-org-id", "")
    name = query.get("sandbox") or headers.get("x-sandbox-name", "")
    return Sandbox(organization, name) if organization and name else None


def _shown(container: str, file: File) -> JsonObject:
    return {
        "container": container,
        "path": file.path,
        "size": file.size,
        "modified": file.modified,
    }


def _nowhere() -> Response:
    detail = (
        "name the organization and the sandbox: ?organization=…&sandbox=…, or the headers"
        " x-gw-ims-org-id and x-sandbox-name"
    )
    return error(400, "no sandbox", detail)
