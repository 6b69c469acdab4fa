"""A report as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from emulator.json_types import Json, JsonObject, dumps
from emulator.plurals import counted
from emulator.reports.places import place_name
from emulator.reports.thresholds import percent
from emulator.reports.verdict import NOTHING_DEMANDED, circumstances, verdict_line
from emulator.templates import render

TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"


def html(report: JsonObject) -> str:
    """Return the report as a page that loads nothing."""
    filters = {"percent": percent, "json": _json}
    values = {
        "counted": counted,
        "verdict_line": verdict_line,
        "nothing_demanded": NOTHING_DEMANDED,
        "circumstances": circumstances,
        "place_name": place_name,
    }
    return render(TEMPLATE, filters, escape=True, report=report, **values)


def _json(value: Json) -> str:
    return dumps(value).decode()
