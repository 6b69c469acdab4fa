"""Reports that people read: one self-contained HTML page, and Markdown for a job's summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emulator.journal.annotation import lines_about
from emulator.json_types import Json, JsonObject, dumps
from emulator.reports.thresholds import counted, percent
from emulator.templates import render

TEMPLATES = Path(__file__).parent / "templates"


def html(report: JsonObject, failures: list[str]) -> str:
    """Return the report as a page without anything outside of it."""
    return _render("report.html.j2", report, failures, escape=True)


def markdown(report: JsonObject, failures: list[str]) -> str:
    """Return the report as GitHub's Markdown."""
    return _render("report.md.j2", report, failures, escape=False)


def _render(name: str, report: JsonObject, failures: list[str], *, escape: bool) -> str:
    filters: dict[str, Callable[..., str]] = {
        "percent": percent,
        "json": _json,
        "cell": _cell,
        "code": _code,
        "fenced": _fenced,
    }
    functions = {"counted": counted, "lines_about": lines_about}
    return render(
        TEMPLATES / name, filters, escape=escape, report=report, failures=failures, **functions
    )


def _json(value: Json) -> str:
    return dumps(value).decode()


def _cell(text: str) -> str:
    """Return a text that can stand in a cell of a Markdown table and is no markup."""
    for sign in "\\`*_[]<>|#~":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def _code(text: str) -> str:
    """Return a text that can stand between backticks, in a table too."""
    return " ".join(text.replace("`", "'").replace("|", "\\|").split())


def _fenced(text: str) -> str:
    """Return a line that does not end the block that it stands in."""
    return text.replace("````", "''''")
