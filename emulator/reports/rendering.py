"""The formats of a report, by name; each imports what it needs when it is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.output import plain

if TYPE_CHECKING:
    from emulator.json_types import JsonObject

Render = Callable[["JsonObject"], str]


def _terminal(report: JsonObject) -> str:
    from emulator.reports.terminal import terminal

    return terminal(report)


def _html(report: JsonObject) -> str:
    from emulator.reports.html import html

    return html(report)


def _markdown(report: JsonObject) -> str:
    from emulator.reports.markdown import markdown

    return markdown(report)


def _json(report: JsonObject) -> str:
    import orjson

    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n"


def _junit(report: JsonObject) -> str:
    from emulator.reports.junit import junit

    return junit(report)


def _sarif(report: JsonObject) -> str:
    from emulator.reports.sarif import sarif

    return sarif(report)


def _plain(render: Render) -> Render:
    return lambda report: plain(render(report))


FORMATS: dict[str, Render] = {
    "terminal": _plain(_terminal),
    "html": _plain(_html),
    "json": _plain(_json),
    "junit": _plain(_junit),
    "sarif": _plain(_sarif),
    "markdown": _plain(_markdown),
}

MEDIA_TYPES = {
    "terminal": "text/plain",
    "html": "text/html",
    "json": "application/json",
    "junit": "application/xml",
    "sarif": "application/sarif+json",
    "markdown": "text/markdown",
}

ENDINGS = {
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "terminal",
    ".xml": "junit",
}
"""The format of a report by the ending of its file's name."""


def format_of(path: str) -> str:
    """Return the format in which a file is written.

    Raises:
        ValueError: The ending of its name is unknown.
    """
    ending = Path(path).suffix
    if ending not in ENDINGS:
        raise ValueError(f"{path}: expected a name that ends in one of {', '.join(ENDINGS)}")
    return ENDINGS[ending]
