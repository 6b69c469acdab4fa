"""Reports that people read: one self-contained HTML page, and Markdown for a job's summary."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emulator.journal.marked import near
from emulator.json_types import Json, JsonObject, dumps
from emulator.reports.thresholds import counted, percent

TEMPLATES = Path(__file__).parent / "templates"


def html(report: JsonObject, failures: list[str]) -> str:
    """Return the report as a page without anything outside of it."""
    return _render("report.html.j2", report, failures, escape=True)


def markdown(report: JsonObject, failures: list[str]) -> str:
    """Return the report as GitHub's Markdown."""
    return _render("report.md.j2", report, failures, escape=False)


def _render(name: str, report: JsonObject, failures: list[str], *, escape: bool) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - off for Markdown, whose template escapes itself
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = percent
    environment.filters["json"] = _json
    environment.filters["cell"] = _cell
    environment.filters["code"] = _code
    environment.filters["fenced"] = _fenced
    environment.globals["counted"] = counted
    environment.globals["near"] = near
    return environment.get_template(name).render(report=report, failures=failures)


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
