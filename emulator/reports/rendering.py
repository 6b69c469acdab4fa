"""The formats of a report, by name; each imports what it needs when it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.output import plain

if TYPE_CHECKING:
    from emulator.json_types import JsonObject

Render = Callable[["JsonObject"], str]


def _form(name: str) -> Render:
    """Return what renders a form: the function in the module of its name."""

    def render(report: JsonObject) -> str:
        module = import_module(f"emulator.reports.{name}")
        return plain(getattr(module, name)(report))

    return render


def _json(report: JsonObject) -> str:
    import orjson

    return plain(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")


FORMATS: dict[str, Render] = {
    "terminal": _form("terminal"),
    "html": _form("html"),
    "json": _json,
    "junit": _form("junit"),
    "sarif": _form("sarif"),
    "markdown": _form("markdown"),
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
