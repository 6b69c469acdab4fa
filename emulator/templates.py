"""Text made of Jinja templates; the only module that knows Jinja, and imports it when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.output import plain_html

if TYPE_CHECKING:
    from jinja2 import Environment

Filters = Mapping[str, Callable[..., Any]]


def render(template: Path, filters: Filters, *, escape: bool = False, **values: Any) -> str:
    """Return the text of a template.

    Args:
        template: Its file. Blocks that stand alone on a line leave no empty line behind.
        filters: Functions that it may use as filters.
        escape: Whether values are escaped for HTML. A template of Markdown escapes them itself.
        values: Its variables. One that it names and does not get is an error.
    """
    environment = _compiled(template.parent, frozenset(filters.items()), escape=escape)
    return environment.get_template(template.name).render(values)


@lru_cache(maxsize=8)
def _compiled(
    folder: Path, filters: frozenset[tuple[str, Callable[..., Any]]], *, escape: bool
) -> Environment:
    """Return an environment that keeps its templates: compiling one takes longer than using it."""
    return _environment(folder, dict(filters), escape=escape)


class PageTemplates:
    """The templates of a folder as HTML: every value is escaped, and each is compiled once.

    Characters that would not be seen, or would turn the text around them, are shown.
    """

    def __init__(self, folder: Path, filters: Filters) -> None:
        self._folder = folder
        self._filters = filters

    @cached_property
    def _environment(self) -> Environment:
        return _environment(self._folder, self._filters, escape=True)

    def render(self, name: str, **values: Any) -> str:
        """Return the text of a template."""
        return plain_html(self._environment.get_template(name).render(values))


def _environment(folder: Path, filters: Filters, *, escape: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=escape,  # noqa: S701 - off for Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment
