"""A report as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from emulator.json_types import Json, JsonObject, dumps
from emulator.reports.thresholds import counted, percent
from emulator.templates import render

TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"


def html(report: JsonObject, failures: list[str]) -> str:
    """Return the report as a page that loads nothing."""
    filters = {"percent": percent, "json": _json}
    return render(TEMPLATE, filters, escape=True, report=report, failures=failures, counted=counted)


def _json(value: Json) -> str:
    return dumps(value).decode()
