"""Text made of Jinja templates; the only module that knows Jinja, and imports it when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def render(
    template: Path,
    filters: Mapping[str, Callable[..., Any]],
    *,
    escape: bool = False,
    **values: Any,
) -> str:
    """Return the text of a template.

    Args:
        template: Its file. Blocks that stand alone on a line leave no empty line behind.
        filters: Functions that it may use as filters.
        escape: Whether values are escaped for HTML. A template of Markdown escapes them itself.
        values: Its variables. One that it names and does not get is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=escape,  # noqa: S701 - off for Markdown
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment.get_template(template.name).render(values)
