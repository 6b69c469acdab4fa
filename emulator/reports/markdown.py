"""A report as GitHub's Markdown, for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emulator.journal.annotation import lines_about
from emulator.json_types import JsonObject
from emulator.plurals import counted
from emulator.reports.places import place_name
from emulator.reports.thresholds import percent
from emulator.reports.verdict import NOTHING_DEMANDED, verdict_line
from emulator.templates import render

TEMPLATE = Path(__file__).parent / "templates" / "report.md.j2"


def markdown(report: JsonObject) -> str:
    """Return the report as Markdown."""
    filters: dict[str, Callable[..., str]] = {
        "percent": percent,
        "cell": _cell,
        "code": _code,
        "fenced": _fenced,
    }
    return render(
        TEMPLATE,
        filters,
        report=report,
        counted=counted,
        lines_about=lines_about,
        place_name=place_name,
        verdict_line=verdict_line,
        nothing_demanded=NOTHING_DEMANDED,
    )


def _cell(text: str) -> str:
    """Escape a text for a cell of a table."""
    for character in "\\`*_[]<>|#~":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())


def _code(text: str) -> str:
    """Escape a text for a code span, in a table too."""
    return " ".join(text.replace("`", "'").replace("|", "\\|").split())


def _fenced(text: str) -> str:
    """Escape a line for a fenced code block."""
    return text.replace("````", "''''")
