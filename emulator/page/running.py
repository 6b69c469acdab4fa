"""What is done to the running emulator: its clock, its faults, and the isolated ones beside it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flask import Response, request

from emulator.faults.fault import OF_DATA, STATUSES
from emulator.json_types import JsonObject, loads
from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts

KINDS = {
    **{status: f"{status} of the gateway" for status in STATUSES},
    "error": "error: an entry of an error catalogue",
    "delay": "delay: the reply is late",
    "reset": "reset: no reply, nothing changed",
    "lostReply": "lostReply: done, but no reply",
    "truncate": "truncate: the reply ends early",
    "expiredToken": "expiredToken: the token is refused",
    "notVisible": "notVisible: what is new is not seen at once",
    "stuckRun": "stuckRun: a run does not end",
    "failedRun": "failedRun: a run fails",
    "failedBatch": "failedBatch: a batch fails",
    "stuckBatch": "stuckBatch: a batch does not end",
}
"""The kinds of faults that the form offers, with what they do."""

COUNTS = {
    "count": "how often at most",
    "after": "after how many",
    "probability": "how likely, up to 1",
    "seconds": "seconds",
}
"""The members that most kinds have, with what they say."""

MORE = {
    "problem": "error: the id of an entry",
    "retryAfter": "error: seconds of Retry-After",
    "jitter": "delay: up to so many seconds more",
    "bytes": "truncate: bytes that are sent",
    "calls": "expiredToken: calls that a token is good for",
    "reads": "notVisible, stuckBatch: reads that miss it",
    "code": "failedRun, failedBatch: its code",
    "message": "failedRun, failedBatch: its text",
}
"""Those of some kinds alone, with which; others refuse them."""

_LISTS = {kind: "flows" if kind.endswith("Run") else "datasets" for kind in OF_DATA}
_STEPS = {"PT1M": "1 minute", "PT1H": "1 hour", "P1D": "1 day", "P7D": "7 days"}


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/clock", "GET", views.clock),
        ("/clock", "POST", views.move_clock),
        ("/tick", "POST", views.tick),
        ("/faults", "GET", views.faults),
        ("/faults", "POST", views.add_fault),
        ("/faults/<id>/off", "POST", views.remove_fault),
        ("/worlds", "GET", views.isolated),
        ("/worlds", "POST", views.drop_isolated),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def clock(self) -> Response:
        """Show what time it is, and move it."""
        shown = self._page.control.get("/clock")
        parts = Parts("clock.html.j2", aside="clock_forms.html.j2")
        return self._page.show("Clock", parts, clock=shown, steps=_STEPS)

    def move_clock(self) -> Response:
        """Move the clock forward, or to a time."""
        advance, now = request.form.get("advance", ""), request.form.get("now", "")
        method, body = ("POST", {"advance": advance}) if advance else ("PUT", {"now": now})
        moved = loads(self._page.control.send(method, "/clock", body))
        ended = moved["runs"]
        said = f"It is {moved['now']}; {ended} {'run has' if ended == 1 else 'runs have'} ended."
        return self._page.back(said, "/clock")

    def tick(self) -> Response:
        """Carry out the runs that are due."""
        ended = loads(self._page.control.send("POST", "/tick"))["runs"]
        return self._page.back(
            f"{ended} {'run has' if ended == 1 else 'runs have'} ended.", "/clock"
        )

    def faults(self) -> Response:
        """Show the faults that are set, and set others."""
        found = self._page.control.get("/faults")["faults"]
        parts = Parts("faults.html.j2", aside="fault_form.html.j2")
        return self._page.show("Faults", parts, faults=found, kinds=KINDS, counts=COUNTS, more=MORE)

    def add_fault(self) -> Response:
        """Set a fault, as the form says or as JSON."""
        try:
            definition = _definition(request.form)
        except ValueError as error:
            return self._page.back(f"This is not JSON: {error}", "/faults")
        made = loads(self._page.control.send("POST", "/faults", definition))["faults"]
        return self._page.back(f"The fault {made[0]['id']} is set.", "/faults")

    def remove_fault(self, id: str) -> Response:
        """Take a fault away."""
        self._page.control.send("DELETE", f"/faults/{id}")
        return self._page.back(f"The fault {id} is off.", "/faults")

    def isolated(self) -> Response:
        """Show the isolated emulators; each has a page of its own."""
        found = self._page.control.get("/worlds")
        base = self._page.outside
        return self._page.show("Isolated emulators", Parts("worlds.html.j2"), base=base, **found)

    def drop_isolated(self) -> Response:
        """Drop one isolated emulator with all that it holds."""
        name = request.form.get("name", "")
        self._page.control.send("DELETE", f"/worlds/{quote(name, safe='')}")
        return self._page.back(f"The isolated emulator {name} is gone.", "/worlds")


def _definition(form: Mapping[str, str]) -> JsonObject:
    """Return the definition of the fault that a form describes; what is empty is left out."""
    if form.get("json", "").strip():
        read: JsonObject = loads(form["json"])
        return read
    kind = form.get("kind", "")
    made: JsonObject = {"kind": kind}
    if kind in STATUSES:
        made = {"kind": "error", "status": int(kind)}
    names = [name.strip() for name in form.get("names", "").split(",") if name.strip()]
    if names:
        made[_LISTS.get(kind, "operations")] = names
    for member in (*COUNTS, *MORE):
        if value := form.get(member, "").strip():
            made[member] = value
    return made
