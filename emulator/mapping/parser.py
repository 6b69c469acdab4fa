"""Parses an expression into a syntax tree, or raises an error with a readable reason."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from emulator.mapping import nodes
from emulator.mapping.errors import MappingError
from emulator.mapping.nodes import Node

if TYPE_CHECKING:
    from lark import Lark, UnexpectedInput

MAX_LENGTH = 4096
"""Characters of an expression: the documented limit of a calculated field."""

MAX_DEPTH = 100
"""How deep an expression may be nested (ours, so that no expression exhausts the stack)."""

RESERVED_2020 = frozenset(
    "new mod or break var lt for false while eq gt div not null continue else and ne true le if ge "
    "return".split()
)
"""Words that must not name an attribute outside of `${…}`, by the first pages."""

RESERVED_2021 = RESERVED_2020 | {"_errors"}
RESERVED = RESERVED_2021 | {"do", "function", "empty", "size"}
"""The words of the newest page. It declares the names of functions reserved too; see `compiler`."""

RESERVED_LISTS: dict[str, frozenset[str]] = {
    "2020": RESERVED_2020,
    "2021": RESERVED_2021,
    "current": RESERVED,
    "none": frozenset(),
}
"""The lists by the names that a contract uses."""


def parse(expression: str, reserved: frozenset[str] = RESERVED) -> Node:
    """Return the syntax tree of an expression.

    Args:
        expression: The text.
        reserved: Names that no attribute may have unwrapped. It is the first name of a path that
            counts: behind a dot such a word can only be a name (assumed).

    Raises:
        MappingError: It is too long, nested too deeply, not of the grammar, or names an attribute
            by a reserved word. The error has a position.
    """
    if len(expression) > MAX_LENGTH:
        reason = f"the expression has {len(expression)} characters, more than {MAX_LENGTH}"
        raise MappingError(reason, MAX_LENGTH)
    tree = _recognized(expression)
    _examine(tree, reserved)
    return tree


def _recognized(expression: str) -> Node:
    from lark import UnexpectedInput

    if not expression.strip():
        raise MappingError("the expression is empty", 0)
    try:
        # The transformer makes nodes where Lark's types expect its own trees.
        return cast("Node", _parser().parse(expression))
    except UnexpectedInput as unexpected:
        raise _error(expression, unexpected) from None


@cache
def _parser() -> Lark:
    """Build the parser with the first expression; its library is imported then."""
    from lark import Lark

    from emulator.mapping.builder import Builder
    from emulator.mapping.grammar import GRAMMAR

    return Lark(GRAMMAR, parser="lalr", transformer=Builder(), maybe_placeholders=True)


def _error(expression: str, unexpected: UnexpectedInput) -> MappingError:
    position: int = getattr(unexpected, "pos_in_stream", None) or 0
    rest = expression[position:]
    if not rest.strip() or getattr(getattr(unexpected, "token", None), "type", "") == "$END":
        return MappingError("the expression ends too early", len(expression))
    if rest[0] in "\"'":
        closed = rest[0] in rest[1:]
        reason = "a text is not expected here" if closed else "the text is not closed"
    elif rest.startswith("${") and "}" not in rest:
        reason = "the name is not closed by }"
    else:
        reason = f"{_first_word(rest)!r} is not expected here"
    return MappingError(reason, position)


def _first_word(text: str) -> str:
    length = 0
    while length < len(text) and (text[length].isalnum() or text[length] in "_$"):
        length += 1
    return text[: length or 1]


def _examine(tree: Node, reserved: frozenset[str]) -> None:
    """Check what the grammar cannot express.

    Raises:
        MappingError: See `parse`.
    """
    for node, depth in nodes.walk(tree):
        if depth > MAX_DEPTH:
            raise MappingError(f"nested deeper than {MAX_DEPTH} levels", node.position)
        if isinstance(node, nodes.Name) and not node.wrapped and node.name in reserved:
            reason = f"{node.name} is a reserved word: an attribute is called ${{{node.name}}}"
            raise MappingError(reason, node.position)
