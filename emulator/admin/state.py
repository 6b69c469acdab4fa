"""Saving and restoring everything, as calls of the control API."""

from __future__ import annotations

from flask import Response, request

from emulator.admin.replies import Routes, answer, error, read_object
from emulator.data_plane.compression import MAX_UNPACKED_BYTES, CompressionError, unpack
from emulator.json_types import JsonObject, is_deeper_than, loads
from emulator.state import restore, take
from emulator.web.engine import Engine

DEEPEST_STATE = 250
"""How many levels a state may have: more than a body, because it holds bodies."""


def routes(engine: Engine) -> Routes:
    """Return path, method and view of each call."""
    views = StateViews(engine)
    return [("/state", "GET", views.save), ("/state", "PUT", views.load)]


class StateViews:
    """The views of the state."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self) -> Response:
        """Return all that the emulator knows, as a state file."""
        from emulator.state.file import to_json

        return answer(to_json(take(self._engine), self._engine.platform.settings.seed))

    def load(self) -> Response:
        """Replace all that the emulator knows by what a state file says, or change nothing."""
        from emulator.state.file import StateError, from_json

        limit = self._engine.platform.settings.max_body
        if (request.content_length or 0) > limit:
            detail = f"--max-body lets {limit} bytes in; Content-Encoding: gzip makes it smaller"
            return error(413, "state too large", detail)
        try:
            state = from_json(_sent(), self._engine.contract)
        except StateError as wrong:
            return error(400, "invalid state", str(wrong))
        restore(self._engine, state)
        documents = sum(len(rows) for rows in state.store.documents.values())
        return answer({"documents": documents})


def _sent() -> JsonObject | None:
    """Return the object that was sent, compressed or not; None for anything else."""
    if request.headers.get("Content-Encoding") != "gzip":
        return read_object(DEEPEST_STATE)
    try:
        (file,) = unpack("state", request.get_data(), "gzip", MAX_UNPACKED_BYTES)
        sent = None if is_deeper_than(file.content, DEEPEST_STATE) else loads(file.content)
    except (CompressionError, ValueError):
        return None
    return sent if isinstance(sent, dict) else None
