"""Writes docs/reference/api.md anew from the docstrings of the public names: `make tables`.

The public names are those that `aep_emulator` and its modules list in `__all__`. A test compares,
so that the page cannot fall behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "reference" / "api.md"
MODULES = ("aep_emulator", "aep_emulator.testing", "aep_emulator.mapping")


def api_page() -> str:
    """Return the text of the page."""
    loader = griffe.GriffeLoader(search_paths=[FOLDER.parent])
    loader.load("emulator")
    loader.load("aep_emulator")
    loader.resolve_aliases()
    modules = [(name, loader.modules_collection[name]) for name in MODULES]
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown of our own docstrings
    )
    environment.globals.update(signature=signature, members=members, sections=sections)
    return environment.get_template("api.md.j2").render(
        modules=[(name, module, public(module)) for name, module in modules]
    )


def public(module: Any) -> list[Any]:
    """Return what a module offers, in the order of `__all__`."""
    names = (str(name).strip("'\"") for name in module.exports)
    members = (module.members[name] for name in names if not name.startswith("__"))
    return [item.final_target if item.is_alias else item for item in members]


def members(item: Any) -> list[Any]:
    """Return the documented public members of a class, inherited ones included.

    The fields of a dataclass are what it is made of; its docstring says what users need of them.
    """
    if not item.is_class:
        return []
    found = {**item.inherited_members, **item.members}
    shown = (member.final_target if member.is_alias else member for member in found.values())
    hidden = "attribute" if "dataclass" in item.labels else ""
    return [
        member
        for member in shown
        if not member.name.startswith("_") and member.docstring and not is_field(member, hidden)
    ]


def is_field(member: Any, hidden: str) -> bool:
    """Tell whether a member is of a hidden kind and no property."""
    return bool(member.kind.value == hidden and "property" not in member.labels)


def signature(item: Any) -> str:
    """Return how something is called; dataclasses and attributes by their name alone."""
    function = item.all_members.get("__init__", item) if item.is_class else item
    if not function.is_function or "dataclass" in item.labels:
        return str(item.name)
    parameters = [text for text in parameter_texts(function) if text not in ("self", "cls")]
    return f"{item.name}({', '.join(parameters)})"


def parameter_texts(function: Any) -> Iterator[str]:
    """Yield the parameters of a function as they are written."""
    star = False
    for parameter in function.parameters:
        kind = parameter.kind.value
        if kind == "keyword-only" and not star:
            star = True
            yield "*"
        star = star or kind == "variadic positional"
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        default = f"={parameter.default}" if parameter.default is not None and not stars else ""
        yield f"{stars}{parameter.name}{default}"


def sections(item: Any) -> list[tuple[str, Any]]:
    """Return the parts of a docstring: text as it is, the others as rows of name and meaning."""
    found: list[tuple[str, Any]] = []
    for section in item.docstring.parse("google") if item.docstring else ():
        kind = section.kind.value
        if kind == "text":
            found.append((kind, section.value))
        elif kind in ("parameters", "attributes", "raises"):
            rows = ((getattr(row, "name", "") or row.annotation, row) for row in section.value)
            found.append((kind, [(str(name).strip("()"), one_line(row)) for name, row in rows]))
    return found


def one_line(row: Any) -> str:
    """Return the meaning of a parameter or error without its line breaks."""
    return " ".join(row.description.split())


if __name__ == "__main__":
    PAGE.write_text(api_page(), encoding="utf-8")
