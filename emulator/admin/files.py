"""ConnectionFiles for connections: what a test author puts where a storage would have it."""

from __future__ import annotations

from flask import Response, request

from emulator.admin.replies import Routes, answer, error
from emulator.data_plane.files import ConnectionFiles, File, clean_path
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.store import NoRoom
from emulator.web.call import Reply
from emulator.web.engine import Engine
from emulator.web.flask_app import flask_response


def routes(engine: Engine) -> Routes:
    """Return the calls about files, for the control API's blueprint."""
    views = _Views(engine)
    return [
        ("/files/<container>", "GET", views.all),
        ("/files/<container>/<path:path>", "PUT", views.put),
        ("/files/<container>/<path:path>", "GET", views.get),
        ("/files/<container>/<path:path>", "DELETE", views.delete),
    ]


class _Views:
    """Organization and sandbox come from the platform's headers, or from the query."""

    def __init__(self, engine: Engine) -> None:
        self._platform = engine.platform
        self._limit = engine.platform.settings.max_upload

    def all(self, container: str) -> Response:
        """List the files of an area."""
        sandbox = _sandbox()
        if sandbox is None:
            return _nowhere()
        files = ConnectionFiles(self._platform).all(sandbox, container)
        return answer({"files": [_shown(container, file) for file in files]})

    def put(self, container: str, path: str) -> Response:
        """Write a file: the body is its content."""
        sandbox = _sandbox()
        if sandbox is None:
            return _nowhere()
        if not clean_path(path):
            return error(400, "invalid path", "a file has a name")
        content = None if self._is_too_long() else request.get_data(cache=False)
        if content is None or len(content) > self._limit:
            return error(413, "too long", f"--max-upload lets {self._limit} bytes in")
        with self._platform.store.exclusive(sandbox):
            files = ConnectionFiles(self._platform)
            known = files.find(sandbox, container, path)
            try:
                file = files.put(sandbox, container, path, content)
            except NoRoom as full:
                return error(413, "no room", f"{full}, as --max-stored says")
        return answer(_shown(container, file), 200 if known else 201)

    def _is_too_long(self) -> bool:
        return (request.content_length or 0) > self._limit

    def get(self, container: str, path: str) -> Response:
        """Return a file's content."""
        sandbox = _sandbox()
        if sandbox is None:
            return _nowhere()
        content = ConnectionFiles(self._platform).read(sandbox, container, path)
        if content is None:
            return error(404, "unknown file", f"{container} has no file {clean_path(path)}")
        return flask_response(Reply(200, content, {"Content-Type": "application/octet-stream"}))

    def delete(self, container: str, path: str) -> Response:
        """Remove a file."""
        sandbox = _sandbox()
        if sandbox is None:
            return _nowhere()
        with self._platform.store.exclusive(sandbox):
            if not ConnectionFiles(self._platform).delete(sandbox, container, path):
                return error(404, "unknown file", f"{container} has no file {clean_path(path)}")
        return flask_response(Reply(204))


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
