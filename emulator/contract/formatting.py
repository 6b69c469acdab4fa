"""One form for contract files: `aep-emulator contracts format`.

What fits a line stands on one line. What does not has its members packed into lines, as many as fit
each, in the order of the definitions in `contract.model`. Only white space and the order of members
change, and in JSON Schemas and cases not even that order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from emulator.contract.reading import read_json
from emulator.json_types import Json, JsonObject

WIDTH = 100

RULE_ORDER = (
    "id name operation operations form roles body query topic before after states about demands "
    "observed shows assumed against kept severity structural at when reads_text check problem "
    "reason fix values cases"
).split()
"""The order of members in rules and conventions; others follow as they stand."""

ORDER = (
    "id name noun nouns aspect shape method path states title publisher date kind address extends "
    "without documents evidence severity code status detail headers envelope emulated reason body "
    "consumes query repeatable"
).split()
"""The order of members in all other rows."""

REPLY_ORDER = (
    "id operation operations topic states demands observed shows assumed against editions given "
    "before call reply values"
).split()
"""The order of members in reply cases."""

FIRST_ON_A_LINE = frozenset({"states", "demands", "severity", "at", "problem", "cases"})
"""Members of a rule that begin a line even where they would fit on the one before."""


def format_folder(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a contract folder that are not in this form, and their text in it.

    Raises:
        ContractError: A file is not JSON.
    """
    for path in sorted(folder.rglob("*.json")):
        inner = path.relative_to(folder).parts[:-1]
        if "schema" in inner:
            continue  # generated, by `contracts schemas`
        text = formatted(read_json(path), keeps_order="responses" in inner or "cases" in inner)
        if text != path.read_text(encoding="utf-8"):
            yield path, text


def formatted(content: Json, *, keeps_order: bool = False) -> str:
    """Return the text of a contract file; `keeps_order` leaves that of members alone."""
    if keeps_order:
        return _laid_out(content, 0, 0) + "\n"
    if isinstance(content, list):
        return _list_of_rows(content, 0) + "\n"
    if not any(map(_is_rows, content.values())):
        return _laid_out(content, 0, 0) + "\n"
    members = (f"  {json.dumps(name)}: {_member(value)}" for name, value in content.items())
    return "\n".join(("{", ",\n".join(members), "}", ""))


def _member(value: Json) -> str:
    return _list_of_rows(value, 2) if _is_rows(value) else _laid_out(value, 2, 0)


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _list_of_rows(rows: list[Json], indent: int) -> str:
    pad = " " * (indent + 2)
    texts = [pad + _row(row, indent + 2) for row in rows]
    return "[\n" + ",\n".join(texts) + "\n" + " " * indent + "]" if texts else "[]"


def _row(row: Json, indent: int) -> str:
    if not isinstance(row, dict):
        return _laid_out(row, indent, 0)
    is_rule = "check" in row
    order = RULE_ORDER if is_rule else REPLY_ORDER if "call" in row else ORDER
    known = [name for name in order if name in row]
    rest = [name for name in row if name not in known]
    # What are rows themselves come last: a resource's operations.
    rest.sort(key=lambda name: not is_rule and name == "operations")
    ordered = {name: row[name] for name in (*known, *rest)}
    breaks = FIRST_ON_A_LINE if is_rule or "call" in row else frozenset[str]()
    return _laid_out(ordered, indent, 1, breaks)


def _laid_out(value: Json, indent: int, behind: int, breaks: frozenset[str] = frozenset()) -> str:
    """Return a value that starts in column `indent`, with `behind` characters to follow it."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value:
        return short
    if not breaks and indent + len(short) + behind <= WIDTH:
        return short
    pad = " " * (indent + 2)
    lines: list[str] = []
    for text, begins in _pieces(value, indent + 2, breaks):
        joined = f"{lines[-1]} {text}" if lines else ""
        fits = "\n" not in joined and len(joined) + 1 <= WIDTH
        if lines and fits and not begins:
            lines[-1] = joined
        else:
            lines.append(pad + text)
    first, last = "{}" if isinstance(value, dict) else "[]"
    return "\n".join((first, *lines, " " * indent + last))


def _pieces(
    value: JsonObject | list[Json], indent: int, breaks: frozenset[str]
) -> Iterator[tuple[str, bool]]:
    """Yield the members with their commas, and whether each begins a line."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for number, (name, item) in enumerate(members, 1):
        comma = "," if number < len(value) else ""
        label = f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        short = json.dumps(item, ensure_ascii=False)
        if indent + len(label) + len(short) + 1 <= WIDTH:
            is_row = isinstance(item, dict) and "id" in item and isinstance(value, list)
            yield label + short + comma, is_row or name in breaks
        else:
            yield label + _laid_out(item, indent, len(label) + 1) + comma, True
