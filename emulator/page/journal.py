"""The journal: the calls, one of them opened, sent again, and written as a command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Response, request

from emulator.json_types import JsonObject
from emulator.masking.texts import MASK
from emulator.page.control import Refused
from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts, asked
from emulator.web.message import Request

if TYPE_CHECKING:
    from emulator.journal.entry import Entry

FILTERS = ("operation", "status", "rule", "test", "outcome", "sandbox", "organization", "service")
ON_A_PAGE = "50"
LOOKED_THROUGH = 1000
"""Among how many of the latest calls one that was sent again is looked for."""

_PARTS = Parts("journal_list.html.j2", "journal_filter.html.j2", "call.html.j2", seconds=1)
_OFF = Parts("error.html.j2", seconds=0)


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/journal", "GET", views.calls),
        ("/journal", "POST", views.clear),
        ("/journal/<int:number>", "GET", views.call),
        ("/journal/last", "GET", views.last),
        ("/journal/<int:number>/again", "POST", views.send_again),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def calls(self) -> Response:
        """Show the calls, the newest first."""
        return self._show("Journal", None)

    def call(self, number: int) -> Response:
        """Show one call beside the others."""
        return self._show(f"Call {number}", self._page.control.get(f"/journal/{number}"))

    def last(self) -> Response:
        """Show the latest call that was refused, or else broke a rule."""
        opened = self._page.control.get("/journal/last")
        return self._show(f"Call {opened['id']}", opened)

    def _show(self, title: str, opened: JsonObject | None) -> Response:
        page, wanted = self._page, asked(*FILTERS)
        if page.emulator.journal is None:
            return page.show(title, _OFF, detail="There is no journal: the setting journal is 0.")
        query = {**wanted, **asked("cursor"), "limit": ON_A_PAGE}
        wrong = ""
        found: JsonObject = {"entries": []}
        try:
            found = page.control.get("/journal", query)
        except Refused as refused:
            wrong = refused.detail
        values: dict[str, Any] = {"opened": opened, "base": request.host_url.rstrip("/")}
        if opened is not None:
            from emulator.journal.curl import curl

            values["curl"] = curl(opened)
            values["why_not"] = self._why_not(opened["id"])
        return page.show(title, _PARTS, found=found, wanted=wanted, wrong=wrong, **values)

    def clear(self) -> Response:
        """Forget the calls; what they covered stays counted."""
        self._page.control.send("DELETE", "/journal")
        return self._page.back("The journal is empty; what the calls covered stays.", "/journal")

    def send_again(self, number: int) -> Response:
        """Send a call once more, as its client did, and show what came of it."""
        page = self._page
        page.control.get(f"/journal/{number}")  # refuses those of others
        why_not, entry = self._why_not(number), self._entry(number)
        if why_not or entry is None:
            return page.back(why_not, f"/journal/{number}")
        response = page.emulator.application.handle(_request(entry))
        sent = dict(response.headers).get("x-request-id", "")
        said = f"Sent again: {response.status}."
        return page.back(said, f"/journal/{self._numbered(sent) or number}")

    def _why_not(self, number: int) -> str:
        """Return why a call cannot be sent again; empty if it can."""
        entry = self._entry(number)
        if entry is None or entry.body_truncated:
            return "Of a call this long only the beginning is kept, so it cannot be sent again."
        is_judged = self._page.platform.settings.auth != "any"
        if is_judged and MASK in entry.headers.get("authorization", ""):
            return "Its token is not kept, so it cannot be sent again; copy it as a command."
        return ""

    def _entry(self, number: int) -> Entry | None:
        journal = self._page.emulator.journal
        return None if journal is None else journal.entry(number)

    def _numbered(self, request_id: str) -> int:
        """Return the number of the call with a request id; 0 if it is not kept."""
        journal = self._page.emulator.journal
        if journal is None or not request_id:
            return 0
        for entry, _ in zip(journal.entries(), range(LOOKED_THROUGH), strict=False):
            if request_id in entry.response_headers.values():
                return entry.number
        return 0


def _request(entry: Entry) -> Request:
    """Return the request of a call, to be sent once more."""
    target = f"{entry.path}?{entry.query_string}" if entry.query_string else entry.path
    headers = {name.lower(): value for name, value in replace(entry).headers.items()}
    headers.pop("transfer-encoding", None)
    return Request(entry.method, target, headers, entry.body, base_url=entry.base_url)
