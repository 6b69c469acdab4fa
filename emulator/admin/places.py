"""Resources that a control call names by id or name, in whichever sandbox they are."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import error
from emulator.by_name import every, named
from emulator.due import catch_up, scopes
from emulator.json_types import JsonObject
from emulator.near_names import unknown_name
from emulator.scope import Scope
from emulator.web.engine import Engine


def catch_up_all(engine: Engine, organization: str | None, name: str | None) -> None:
    """Carry out what is due in the sandboxes that are asked about, before it is looked at.

    Nobody who carries out runs already is waited for.
    """
    engine.platform.load()
    for scope in scopes(engine, organization, name):
        catch_up(engine, scope, waits=False)


def only_one(
    places: list[Scope], kind: str, name: str, what: str
) -> tuple[Scope, JsonObject] | Response:
    """Return the one resource of an id or a name with its sandbox, or the refusal of the name.

    Args:
        places: Where it may be.
        kind: Its kind.
        name: Its id or its name.
        what: The word for it.
    """
    found = [(scope, item) for scope in places for item in named(scope, kind, name)]
    if not found:
        return error(404, f"unknown {what}", unknown(places, kind, name, what))
    if len(found) > 1:
        said = ", ".join(f"{item['id']} in {_place(scope)}" for scope, item in found)
        return error(409, f"several {what}s", f"name one by id, organization and sandbox: {said}")
    return found[0]


def unknown(places: list[Scope], kind: str, name: str, what: str) -> str:
    """Return that there is no such resource, and which it might have been."""
    known = [str(item.get("name")) for scope in places for item in every(scope, kind)]
    if not known:
        return f"unknown {what} {name!r}; there is no {what}"
    return unknown_name(what, name, dict.fromkeys(known))


def _place(scope: Scope) -> str:
    return f"{scope.sandbox.name} of {scope.organization}"
