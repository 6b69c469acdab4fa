"""The typed syntax tree of an expression. Positions count characters from 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or null; also what was computed ahead of all rows."""

    value: Scalar
    position: int


@dataclass(frozen=True, slots=True)
class ArrayLiteral:
    """`[1, 2]`."""

    items: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{"a": 1}`."""

    entries: tuple[tuple[Node, Node], ...]
    position: int


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute of the row, or the parameter of a lambda; `wrapped` if it stood in `${…}`."""

    name: str
    wrapped: bool
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`."""

    of: Node
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Item:
    """`of[index]`."""

    of: Node
    index: Node
    position: int


@dataclass(frozen=True, slots=True)
class EachItem:
    """`of[*]`."""

    of: Node
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`."""

    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`of.name(arguments)`."""

    of: Node
    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `+x`, `~x` or `!x`."""

    operator: str
    operand: Node
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; word forms have become their symbols."""

    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True)
class Junction:
    """`a && b && c` or `a || b || c`: any number of operands, left to right, as far as needed."""

    operator: str
    operands: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? then : otherwise`; without `then` it is the elvis form `condition ?: otherwise`.

    The condition's own value stands for a missing `then`.
    """

    condition: Node
    then: Node | None
    otherwise: Node
    position: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """`parameter -> body`, an argument only."""

    parameter: str
    body: Node
    position: int


Node: TypeAlias = (
    Literal
    | ArrayLiteral
    | MapLiteral
    | Name
    | Member
    | Item
    | EachItem
    | Call
    | MethodCall
    | Unary
    | Binary
    | Junction
    | Choice
    | Lambda
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, in the order of the text."""
    match node:
        case ArrayLiteral(items=parts) | Junction(operands=parts) | Call(arguments=parts):
            return parts
        case MapLiteral(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Member(of=part) | EachItem(of=part) | Unary(operand=part) | Lambda(body=part):
            return (part,)
        case Item(of=of, index=index):
            return (of, index)
        case MethodCall(of=of, arguments=arguments):
            return (of, *arguments)
        case Binary(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (condition, otherwise) if then is None else (condition, then, otherwise)
        case _:
            return ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Yield each node of a tree with its depth, the root's being 1; without recursion."""
    waiting = [(node, 1)]
    while waiting:
        current, depth = waiting.pop()
        yield current, depth
        waiting.extend((child, depth + 1) for child in reversed(children(current)))
