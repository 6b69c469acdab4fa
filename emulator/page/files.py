"""The files of connections and landing zones: looked at, put there, taken away."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import Any
from urllib.parse import quote

from flask import Response, request

from emulator.data_plane.areas import OwnFiles, area_of
from emulator.data_plane.files import LANDING_ZONE, ConnectionFiles, clean_path
from emulator.page.places import Place
from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts, asked_number
from emulator.storage.base import StorageError

ON_A_PAGE = 100
AREAS = 100


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/files", "GET", views.listed),
        ("/files", "POST", views.put),
        ("/files/content", "GET", views.content),
        ("/files/delete", "POST", views.delete),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def listed(self) -> Response:
        """Show the files of an area, what was written last first."""
        place = Place(self._page, request.args)
        recent = islice(place.scope.recent("connection"), AREAS)
        areas = {stored.key: str(stored.body.get("name") or stored.key) for stored in recent}
        areas[LANDING_ZONE] = "Landing zone"
        area = request.args.get("area") or next(iter(areas))
        start = asked_number("before")
        values: dict[str, Any] = {"areas": areas, "area": area, **self._found(place, area, start)}
        seconds = 0 if values["is_remote"] else 2
        parts = Parts("files.html.j2", "places.html.j2", "file_form.html.j2", seconds)
        return self._page.show("Files", parts, **place.values(), **values)

    def _found(self, place: Place, id: str, start: int) -> dict[str, Any]:
        """Return a page of an area's files, and where it goes on."""
        found: dict[str, Any] = {"rows": [], "next": 0, "wrong": "", "is_remote": True, "where": ""}
        try:
            with closing(area_of(place.scope, id)) as area:
                found |= {"is_remote": area.is_remote, "where": area.describes}
                if isinstance(area, OwnFiles):
                    found |= self._own(place, id, start) | {"where": ""}
                else:
                    files = sorted(area.below(""), key=lambda file: file.modified, reverse=True)
                    found["rows"] = files[start : start + ON_A_PAGE]
                    found["next"] = start + ON_A_PAGE if len(files) > start + ON_A_PAGE else 0
        except StorageError as error:
            found["wrong"] = str(error)
        return found

    def _own(self, place: Place, id: str, start: int) -> dict[str, Any]:
        """Return the emulator's own files, of which no more are read than are shown."""
        files = ConnectionFiles(self._page.platform)
        found = list(islice(files.recent(place.sandbox, id, start), ON_A_PAGE + 1))
        more = found[ON_A_PAGE - 1][0] if len(found) > ON_A_PAGE else 0
        return {"rows": [file for _, file in found[:ON_A_PAGE]], "next": more}

    def put(self) -> Response:
        """Write a file: what was chosen or dropped, under its name or another one."""
        place, form = Place(self._page, request.form), request.form
        sent = request.files.get("file")
        folder = form.get("folder", "")
        path = clean_path(f"{folder}/{sent.filename or ''}" if sent and sent.filename else "")
        if not path:
            return self._back(place, "Choose a file first.")
        content = sent.read() if sent else b""
        self._page.control.send(
            "PUT", _file(form.get("area", ""), path), query=place.query, content=content
        )
        return self._back(place, f"{path} is there, {len(content):,} bytes.")

    def content(self) -> Response:
        """Return a file, to be kept and not to be shown."""
        place, path = Place(self._page, request.args), request.args.get("path", "")
        content = self._page.control.text(_file(request.args.get("area", ""), path), place.query)
        response = Response(content, mimetype="application/octet-stream")
        name = quote(path.rpartition("/")[2], safe="")
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return response

    def delete(self) -> Response:
        """Take a file away."""
        place, path = Place(self._page, request.form), request.form.get("path", "")
        self._page.control.send(
            "DELETE", _file(request.form.get("area", ""), path), query=place.query
        )
        return self._back(place, f"{path} is gone.")

    def _back(self, place: Place, said: str) -> Response:
        return self._page.back(said, "/files", **place.query, area=request.form.get("area", ""))


def _file(area: str, path: str) -> str:
    """Return where the control API has a file."""
    return f"/files/{quote(area, safe='')}/{quote(path)}"
