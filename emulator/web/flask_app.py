"""Flask twice: around the application for WSGI servers, and below it for the control API."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.routing import PathConverter

from emulator.store import StoreFull, StoreUnavailable
from emulator.web.application import to_response
from emulator.web.call import Reply
from emulator.web.message import Handler
from emulator.web.routing import MatchOnlyRule
from emulator.web.wsgi import serve_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class EmulatorFlask(Flask):
    """The Flask application for WSGI servers, with an emulator behind it.

    Routes of your own that are added to it come first; everything else is the emulator's.
    """

    def __init__(self, handler: Handler) -> None:
        """Answer with a handler."""
        super().__init__("emulator", static_folder=None)
        self._handler = handler

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI call."""
        if self.view_functions and self.url_map.bind_to_environ(environ).test():
            return super().wsgi_app(environ, start_response)
        return serve_wsgi(self._handler, environ, start_response)


class FilePath(PathConverter):
    """A file's path in a URL, which may begin with a slash as it does in flows."""

    regex = ".+?"
    part_isolating = False


class MountedFlask(Flask):
    """An ordinary Flask application for what an emulator serves beside its operations."""

    url_rule_class = MatchOnlyRule

    def __init__(self, blueprint: Blueprint) -> None:
        """Serve a blueprint."""
        super().__init__("emulator", static_folder=None)
        # Slashes of a file's path belong to it.
        self.url_map.strict_slashes = self.url_map.merge_slashes = False
        self.url_map.converters["file"] = FilePath
        self.register_error_handler(HTTPException, _refused)
        self.register_error_handler(StoreUnavailable, _unavailable)
        self.register_error_handler(StoreFull, _full)
        self.register_blueprint(blueprint)


class _Response(Response):
    """A response of which nothing is made up: without a body, it has no content type either."""

    default_mimetype = None


def flask_response(reply: Reply) -> Response:
    """Return a reply as Flask has it."""
    made = to_response(reply)
    return _Response(made.body, made.status, made.headers)


def _unavailable(error: StoreUnavailable) -> Response:
    said = f"the store does not answer: {error}"
    return flask_response(Reply(503, {"error": "store unavailable", "detail": said}))


def _full(error: StoreFull) -> Response:
    said = f"the store has no room left: {error}"
    return flask_response(Reply(507, {"error": "store full", "detail": said}))


def _refused(error: HTTPException) -> Response:
    """Return an error of the control API that no view of it has answered: no rule is about it."""
    said, headers = str(error.description), {}
    if isinstance(error, MethodNotAllowed):
        said = f"{request.method} is not allowed at {request.path}"
        headers["allow"] = ", ".join(sorted(error.valid_methods or ()))
    elif isinstance(error, NotFound):
        said = f"there is nothing at {request.path}{_near(request.path)}"
    elif isinstance(error, InternalServerError):
        said = "The emulator failed on this request; its log says where. Please report it."
    return flask_response(
        Reply(error.code or 400, {"error": error.name.lower(), "detail": said}, headers)
    )


def _near(path: str) -> str:
    """Return the end of a sentence that names the paths most like one that is not there."""
    known = (rule.rule for rule in current_app.url_map.iter_rules())
    near = get_close_matches(path[:200], dict.fromkeys(known), n=3, cutoff=0.75)
    return f"; did you mean {' or '.join(near)}?" if near else ""
