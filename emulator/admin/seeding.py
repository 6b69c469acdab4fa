"""Random data and scenarios, as calls of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from emulator.admin.replies import Routes, answer, error, nothing, read_object
from emulator.fixtures.journey import GIVEN
from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from emulator.emulator import Emulator

WHERE = ("organization", "sandbox")


def routes(emulator: Emulator) -> Routes:
    """Return path, method and view of each call."""
    views = _Views(emulator)
    return [
        ("/seed", "POST", views.seed),
        ("/scenarios", "GET", views.scenarios),
        ("/scenarios/<name>", "POST", views.load),
    ]


class _Views:
    """Where something is built is said by the body, else by the platform's headers."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def seed(self) -> Response:
        """Add random data to a sandbox."""
        from emulator.seeding import SeedError

        sent = read_object()
        if sent is None:
            return error(400, "invalid seed", "expected an object")
        try:
            where = {name: value or GIVEN[name] for name, value in _where(sent).items()}
            spec = {name: value for name, value in sent.items() if name not in WHERE}
            made = self._emulator.seed_as(spec, **where)
        except SeedError as wrong:
            return error(400, "invalid seed", str(wrong))
        return answer({**where, "created": made}, 201)

    def scenarios(self) -> Response:
        """List the scenarios that there are."""
        from emulator.seeding.scenario_files import names, read_scenario

        overlay = self._emulator.settings.fixtures
        found = (read_scenario(name, overlay) for name in names(overlay))
        rows = [
            {"name": one.name, "title": one.file.title, "states": one.file.states} for one in found
        ]
        return answer({"scenarios": rows})

    def load(self, name: str) -> Response:
        """Put a scenario in place of what is there, or of what one organization holds."""
        from emulator.seeding import SeedError
        from emulator.seeding.scenario_files import names

        sent = read_object()
        if sent is None or set(sent) - set(WHERE):
            return error(400, "invalid body", "expected an object with organization and sandbox")
        known = names(self._emulator.settings.fixtures)
        if name not in known:
            return error(404, "unknown scenario", f"expected one of {', '.join(known)}")
        try:
            self._emulator.load_scenario(name, **_where(sent))
        except SeedError as wrong:
            return error(400, "scenario not loaded", str(wrong))
        return nothing()


def _where(sent: JsonObject) -> dict[str, str]:
    """Return organization and sandbox of a request, each empty if nothing names it.

    Raises:
        SeedError: One is not text.
    """
    from emulator.seeding import SeedError

    headers = request.headers
    where = {
        "organization": sent.get("organization") or headers.get("x-gw-ims-org-id", ""),
        "sandbox": sent.get("sandbox") or headers.get("x-sandbox-name", ""),
    }
    if not all(isinstance(value, str) for value in where.values()):
        raise SeedError("organization and sandbox are text")
    return where
