"""Runs of flows: the latest ones on a line of time, and one with its metrics and failed rows."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Response, abort, request

from emulator.data_plane.diagnostics import failed_rows
from emulator.json_types import JsonObject, as_object
from emulator.page.places import RUN, Place, masked
from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts, asked, asked_number
from emulator.run_explanation import explain_run
from emulator.run_summary import batch_of, run_summary
from emulator.store import Hint

ON_A_PAGE = 50
FAILED_ROWS = 50


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [("/runs", "GET", views.listed), ("/runs/one", "GET", views.one)]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def listed(self) -> Response:
        """Show the runs of a sandbox, or of one flow, the last first."""
        place, wanted = Place(self._page, request.args), asked("flow")
        start = asked_number("before")
        hint = Hint(equal=tuple(("flowId", flow) for flow in wanted.values()))
        found = [
            stored
            for stored in islice(place.scope.recent(RUN, start, hint), ON_A_PAGE + 1)
            if stored.body["flowId"] == wanted.get("flow", stored.body["flowId"])
        ]
        rows = [run_summary(place.scope, stored.body) for stored in found[:ON_A_PAGE]]
        values: dict[str, Any] = {"rows": rows, "wanted": wanted, "bars": _bars(rows[::-1])}
        values["next"] = found[ON_A_PAGE - 1].ordinal if len(found) > ON_A_PAGE else 0
        parts = Parts("runs.html.j2", "places.html.j2", seconds=2)
        return self._page.show("Runs", parts, **place.values(), **values)

    def one(self) -> Response:
        """Show one run."""
        place, id = Place(self._page, request.args), request.args.get("id", "")
        run = masked(place.scope.read(RUN, id))
        if run is None:
            abort(404, f"Run {id[:200]} is not in this sandbox.")
        batch = batch_of(run)
        failed = (
            failed_rows(self._page.platform.blobs, place.sandbox, batch, FAILED_ROWS)
            if batch
            else []
        )
        flow = as_object(place.scope.read("flow", run["flowId"]))
        values: dict[str, Any] = {
            "run": run,
            "row": run_summary(place.scope, run),
            "explained": explain_run(self._page.platform.services, place.scope, run),
            "batch": batch,
            "failed": failed,
        }
        parts = Parts("run.html.j2", seconds=2)
        return self._page.show("Run", parts, flow=flow, **place.values(), **values)


def _bars(rows: list[JsonObject]) -> list[JsonObject]:
    """Return the runs as bars, the oldest first; a bar grows with the digits of its rows."""
    return [
        {
            "x": place * 10,
            "height": 6 + 6 * len(str(row["out"] or "")),
            "state": row["state"],
            "says": f"{row['name'][:60]}: {row['state']}",
        }
        for place, row in enumerate(rows)
    ]
