"""Saving and restoring everything, as calls of the control API."""

from __future__ import annotations

from flask import Response, request

from emulator.admin.replies import Routes, answer, error
from emulator.budgets import STATE_VALUES
from emulator.data_plane.compression import CompressionError, UnpacksToTooMuch, unpack
from emulator.data_plane.errors import OverBudget
from emulator.json_types import JsonObject, has_more_values_than, is_deeper_than, loads
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
        """Return all that the emulator knows, as a state file; secrets if `secrets=true` asks."""
        from emulator.state.file import to_pieces
        from emulator.state.secrets import without_secrets

        wanted = request.args.get("secrets", "false")
        if wanted not in ("true", "false"):
            return error(400, "invalid query", f"secrets: {wanted!r} is not one of true, false")
        state = take(self._engine)
        shown = state if wanted == "true" else without_secrets(state)
        pieces = to_pieces(shown, self._engine.platform.settings.seed)
        return Response(pieces, mimetype="application/json")

    def load(self) -> Response:
        """Replace all that the emulator knows by what a state file says, or change nothing."""
        from emulator.state.file import StateError, from_json

        limit = self._engine.platform.settings.max_body
        if (request.content_length or 0) > limit:
            detail = f"--max-body lets {limit} bytes in; Content-Encoding: gzip makes it smaller"
            return error(413, "state too large", detail)
        try:
            sent = _sent(self._engine.platform.settings.max_unpacked)
            platform = self._engine.platform
            state = from_json(sent, self._engine.contract, platform.documents, platform.ids)
        except UnpacksToTooMuch as wrong:
            return error(413, "state too large", f"{wrong}, as --max-unpacked says")
        except OverBudget as wrong:
            return error(413, "state too large", str(wrong))
        except StateError as wrong:
            return error(400, "invalid state", str(wrong))
        most = self._engine.platform.room.limit
        if state.size > most:
            return error(413, "state too large", f"--max-stored lets {most} bytes be kept")
        restore(self._engine, state)
        documents = sum(len(rows) for rows in state.store.documents.values())
        return answer({"documents": documents})


def _sent(largest: int) -> JsonObject | None:
    """Return the object that was sent, compressed or not; None for anything else.

    Raises:
        UnpacksToTooMuch: It unpacks to more than `largest` bytes.
        OverBudget: It has too many values.
    """
    content = request.get_data(cache=False)
    try:
        if request.headers.get("Content-Encoding") == "gzip":
            (file,) = unpack("state", content, "gzip", largest)
            content = file.content.read()
        if has_more_values_than(content, STATE_VALUES):
            raise OverBudget(f"the state has more than {STATE_VALUES} values")
        sent = None if is_deeper_than(content, DEEPEST_STATE) else loads(content)
    except (UnpacksToTooMuch, OverBudget):
        raise
    except (CompressionError, ValueError):
        return None
    return sent if isinstance(sent, dict) else None
