"""How a function is defined: by its signature and its docstring.

The annotation of a parameter decides how an argument is read: `str`, `int`, `float`, `bool`,
`datetime`, `list` and `dict` by `emulator/mapping/values.py`, `Any` not at all. Null for a
parameter that does not allow it (`str | None` does, and `Any`) makes the result null, without the
function being called (assumed; the documents speak of null for a few functions only).
A first parameter `context` receives the row's context, and such a function is never computed ahead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from emulator.json_types import Json
from emulator.mapping import values

Implementation = TypeVar("Implementation", bound=Callable[..., Json])


class Reference(NamedTuple):
    """An argument with the path that it was written as, None if it is not a path."""

    path: str | None
    value: Json


OneArgument = Callable[[Json], Json]
"""A lambda, as a function that takes one sees it."""

_READINGS: dict[Any, Callable[[Json], Json]] = {
    str: values.text,
    int: values.whole,
    float: values.number,
    bool: values.flag,
    datetime: values.moment,
    list: values.array,
    dict: values.entries,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one argument is taken: `read` None means as it is."""

    name: str
    read: Callable[[Json], Json] | None
    nullable: bool
    takes: str = "value"
    """`value`, `reference` (value and path) or `lambda`."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language."""

    name: str
    category: str
    call: Callable[..., Json]
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    rest: Parameter | None
    """What every further argument is, if there may be any."""

    required: int
    wants_context: bool

    @property
    def description(self) -> str:
        """The first sentence of the docstring."""
        return inspect.cleandoc(self.call.__doc__ or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def assumptions(self) -> list[str]:
        """The paragraphs of the docstring about what the documents leave open."""
        paragraphs = inspect.cleandoc(self.call.__doc__ or "").split("\n\n")
        return [part.replace("\n", " ") for part in paragraphs if "ssumed" in part]

    def parameter(self, index: int) -> Parameter | None:
        """Return what the argument at an index is, None if there are too many."""
        return self.parameters[index] if index < len(self.parameters) else self.rest

    @property
    def takes(self) -> str:
        """How many arguments there may be, in words."""
        low, high = self.required, len(self.parameters)
        if self.rest is not None:
            return f"{low} or more arguments" if low else "any number of arguments"
        if low == high:
            return f"{low} argument" + ("" if low == 1 else "s") if low else "no arguments"
        return f"{low} to {high} arguments"


@dataclass(slots=True)
class Category:
    """A group of functions, under the name that the documents give it."""

    name: str
    functions: list[Function] = field(default_factory=list)

    def function(self, *aliases: str, name: str = "") -> Callable[[Implementation], Implementation]:
        """Define a function; its other names are `aliases`."""

        def define(call: Implementation) -> Implementation:
            self.functions.append(_defined(name or call.__name__, self.name, call, aliases))
            return call

        return define


def _defined(
    name: str, category: str, call: Callable[..., Json], aliases: tuple[str, ...]
) -> Function:
    hints = get_type_hints(call)
    signature = list(inspect.signature(call).parameters.values())
    wants_context = bool(signature) and signature[0].name == "context"
    taken = signature[1:] if wants_context else signature
    fixed = [item for item in taken if item.kind is not item.VAR_POSITIONAL]
    spread = [item for item in taken if item.kind is item.VAR_POSITIONAL]
    return Function(
        name=name,
        category=category,
        call=call,
        aliases=aliases,
        parameters=tuple(_parameter(item.name, hints[item.name]) for item in fixed),
        rest=_parameter(spread[0].name, hints[spread[0].name]) if spread else None,
        required=sum(item.default is item.empty for item in fixed),
        wants_context=wants_context,
    )


def _parameter(name: str, hint: Any) -> Parameter:
    if hint is Any or hint is Reference:
        return Parameter(
            name, None, nullable=True, takes="reference" if hint is Reference else "value"
        )
    nullable = isinstance(hint, UnionType)
    bare = next(item for item in get_args(hint) if item is not type(None)) if nullable else hint
    if get_origin(bare) is not None and get_origin(bare) not in _READINGS:
        return Parameter(name, None, nullable, takes="lambda")
    return Parameter(name, _READINGS[get_origin(bare) or bare], nullable)
