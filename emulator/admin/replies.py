"""What the modules of the control API share: reading JSON bodies, and answering."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response, request

from emulator.json_types import MAX_DEPTH, Json, JsonObject, is_deeper_than, loads
from emulator.near_names import unknown_name
from emulator.web.call import Reply
from emulator.web.flask_app import flask_response

Routes = list[tuple[str, str, Callable[..., Response]]]
"""Path, method and view of each call that a module of the control API has."""


def read_object(levels: int = MAX_DEPTH) -> JsonObject | None:
    """Return the request's body as an object, empty where there is none; None for anything else.

    One of more than `levels` of arrays and objects is not read.
    """
    data = request.get_data()
    if is_deeper_than(data, levels):
        return None
    try:
        sent = loads(data) if data else {}
    except ValueError:
        return None
    return sent if isinstance(sent, dict) else None


SCOPE = "expected an object with organization and sandbox, both text"


def read_scope() -> tuple[str | None, str | None] | None:
    """Return the organization and sandbox that the body names, None for all.

    Returns None if the body is anything else, which `SCOPE` says in words.
    """
    sent = read_object()
    if sent is None or set(sent) - {"organization", "sandbox"}:
        return None
    organization, name = sent.get("organization"), sent.get("sandbox")
    if not all(item is None or isinstance(item, str) for item in (organization, name)):
        return None
    return organization, name


class QueryError(ValueError):
    """A query cannot be used; the message says why."""


def read_query(names: Sequence[str], usual: int, most: int) -> tuple[dict[str, str], int]:
    """Return the parameters that have a value, and how many items are asked for: `limit`.

    Args:
        names: Of the parameters besides that.
        usual: How many there are without it.
        most: How many there may be.

    Raises:
        QueryError: There is another parameter, or `limit` is not from 1 to `most`.
    """
    known = (*names, "limit")
    if unknown := next((name for name in request.args if name not in known), None):
        raise QueryError(unknown_name("parameter", unknown, known))
    asked = {name: value for name, value in request.args.items() if value}
    limit = asked.pop("limit", str(usual))
    if not limit.isdecimal() or not 0 < int(limit[:9]) <= most:
        raise QueryError(f"limit: expected a number from 1 to {most}")
    return asked, int(limit)


def answer(body: Json, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return flask_response(Reply(status, body))


def nothing() -> Response:
    """Return the answer to what was done and leaves nothing to say."""
    return flask_response(Reply(204))


def error(status: int, error: str, detail: str) -> Response:
    """Return an error of the control API."""
    return flask_response(Reply(status, {"error": error, "detail": detail}))
