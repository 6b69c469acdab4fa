"""Makes the syntax tree of what the parser recognizes, from the leaves to the root."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from lark import Token, Transformer

from emulator.mapping import nodes
from emulator.mapping.errors import MappingError
from emulator.mapping.nodes import Node
from emulator.mapping.paths import unescaped

Items: TypeAlias = list[Any]
"""The parts of a rule of the grammar: tokens, nodes, tuples of nodes, or None."""

_SYMBOLS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "div": "/",
    "mod": "%",
    "not": "!",
}
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "\\": "\\", '"': '"', "'": "'"}


def text_of(literal: str) -> str:
    r"""Return the text that a quoted literal stands for.

    Known escapes are `\\`, `\"`, `\'`, `\n`, `\t`, `\r`, `\f` and `\uXXXX`. Any other backslash
    stays, so that a regular expression such as `"\d+"` means what it looks like (assumed; JEXL
    does so too).
    """

    def character(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, match[0])

    text = _ESCAPE.sub(character, literal[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _number(token: Token) -> int | float:
    digits = token.rstrip("lLfFdDbBhH")
    value = float(digits)
    if value in (float("inf"), float("-inf")) or len(digits) > 400:
        raise MappingError("the number is too large", token.start_pos)
    return value if re.search(r"[.eE]", digits) or token[-1] in "fFdD" else int(digits)


class Builder(Transformer[Token, Node]):
    """One method for each rule of the grammar; `items` are its parts in order."""

    def choice(self, items: Items) -> Node:
        condition, then, otherwise = items
        return nodes.Choice(condition, then, otherwise, condition.position)

    def elvis(self, items: Items) -> Node:
        return nodes.Choice(items[0], None, items[1], items[0].position)

    def disjunction(self, items: Items) -> Node:
        return nodes.Junction("||", tuple(items), items[0].position)

    def conjunction(self, items: Items) -> Node:
        return nodes.Junction("&&", tuple(items), items[0].position)

    def binary(self, items: Items) -> Node:
        left, operator, right = items
        return nodes.Binary(_SYMBOLS.get(operator, str(operator)), left, right, operator.start_pos)

    def unary(self, items: Items) -> Node:
        operator, operand = items
        return nodes.Unary(_SYMBOLS.get(operator, str(operator)), operand, operator.start_pos)

    def name(self, items: list[Token]) -> Token:
        return items[0]

    def attribute(self, items: Items) -> Node:
        (token,) = items
        return nodes.Name(unescaped(token), token.startswith("${"), token.start_pos)

    def member(self, items: Items) -> Node:
        of, token = items
        return nodes.Member(of, unescaped(token), token.start_pos)

    def method(self, items: Items) -> Node:
        of, token, arguments = items
        return nodes.MethodCall(of, str(token), arguments, token.start_pos)

    def item(self, items: Items) -> Node:
        of, index = items
        return nodes.Item(of, index, index.position)

    def each(self, items: Items) -> Node:
        return nodes.EachItem(items[0], items[0].position)

    def call(self, items: Items) -> Node:
        token, arguments = items
        return nodes.Call(str(token), arguments, token.start_pos)

    def number(self, items: Items) -> Node:
        return nodes.Literal(_number(items[0]), items[0].start_pos)

    def text(self, items: Items) -> Node:
        (token,) = items
        try:
            return nodes.Literal(text_of(token), token.start_pos)
        except UnicodeError:
            reason = "the text has half of a surrogate pair"
            raise MappingError(reason, token.start_pos) from None

    def word(self, items: Items) -> Node:
        return nodes.Literal(_WORDS[items[0]], items[0].start_pos)

    def array(self, items: Items) -> Node:
        opening, *values = items
        return nodes.ArrayLiteral(_present(values), opening.start_pos)

    def map(self, items: Items) -> Node:
        opening, *entries = items
        return nodes.MapLiteral(_present(entries), opening.start_pos)

    def entry(self, items: Items) -> tuple[Node, ...]:
        return tuple(items)

    def arguments(self, items: Items) -> tuple[Node, ...]:
        return _present(items)

    def lambda_(self, items: Items) -> Node:
        token, body = items
        return nodes.Lambda(unescaped(token), body, token.start_pos)


def _present(items: Items) -> tuple[Any, ...]:
    """Return the items without None, which stands for an empty list."""
    return tuple(item for item in items if item is not None)
