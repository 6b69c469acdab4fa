"""What the modules of the control API share: reading JSON bodies, and answering."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from emulator.json_types import JsonObject, loads
from emulator.web.call import Reply
from emulator.web.flask_app import to_response


def read_object() -> JsonObject | None:
    """Return the request's body as an object, empty where there is none; None for anything else."""
    data = request.get_data()
    try:
        sent = loads(data) if data else {}
    except ValueError:
        return None
    return sent if isinstance(sent, dict) else None


def answer(body: Any, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return to_response(Reply(status, body))


def error(status: int, error: str, detail: str) -> Response:
    """Return an error of the control API."""
    return to_response(Reply(status, {"error": error, "detail": detail}))
