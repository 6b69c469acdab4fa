"""Turns a syntax tree into one Python function, made once and applied to millions of rows.

What does not depend on the row is computed here, if it comes out as a scalar; what fails here is
left to fail at each row, so that a mapping with an impossible part is still a mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from emulator.json_types import Json, JsonObject
from emulator.mapping import nodes
from emulator.mapping.calls import call
from emulator.mapping.context import Context
from emulator.mapping.errors import FAILURES, MappingError
from emulator.mapping.functions import functions
from emulator.mapping.methods import METHODS
from emulator.mapping.nodes import Node, Scalar
from emulator.mapping.operators import BINARY, UNARY
from emulator.mapping.parser import RESERVED, parse
from emulator.mapping.paths import Each, Read, Step, follow, reader, shown, taken
from emulator.mapping.values import flag, key

_NO_CONTEXT = Context.__new__(Context)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: what it computes, and the paths of the row that it reads."""

    text: str
    read: Read
    attributes: tuple[str, ...]


@lru_cache(maxsize=1024)
def compile_expression(
    text: str, reserved: frozenset[str] = RESERVED, *, names_are_reserved: bool = False
) -> Expression:
    """Compile an expression; one that was compiled before is remembered.

    Args:
        text: The expression.
        reserved: Names that no attribute may have unwrapped.
        names_are_reserved: Whether the names of functions are such names too, as the newest page
            declares and the troubleshooting guide does not keep to.

    Raises:
        MappingError: It does not match the grammar, or calls an unknown function. The error has
            a position.
    """
    tree = parse(text, reserved)
    compiler = _Compiler(names_are_reserved=names_are_reserved)
    made = compiler.compile(tree)
    return Expression(text, made.read, tuple(dict.fromkeys(compiler.attributes)))


def validate(
    text: str, reserved: frozenset[str] = RESERVED, *, names_are_reserved: bool = False
) -> MappingError | None:
    """Return what is wrong with an expression, with its position; None if nothing is."""
    try:
        compile_expression(text, reserved, names_are_reserved=names_are_reserved)
    except MappingError as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled part of an expression; `fixed` if it is the same for every row."""

    read: Read
    fixed: bool = False
    path: str | None = None
    """What it was written as, if it is nothing but a path."""

    parameter: str | None = None
    """The name of a lambda's parameter, if it is a lambda."""


class _Compiler:
    """Compiles one tree, from the root down."""

    def __init__(self, *, names_are_reserved: bool) -> None:
        self.attributes: list[str] = []
        self._names_are_reserved = names_are_reserved
        self._parameters: list[str] = []

    def compile(self, node: Node) -> Part:
        part = self._compiled(node)
        return _computed(part) if part.fixed and not isinstance(node, nodes.Literal) else part

    def _compiled(self, node: Node) -> Part:
        match node:
            case nodes.Literal(value=value):
                return _constant(value)
            case nodes.ArrayLiteral(items=items):
                parts = [self.compile(item) for item in items]
                return Part(_array([part.read for part in parts]))
            case nodes.MapLiteral(entries=entries):
                pairs = [(self.compile(name), self.compile(value)) for name, value in entries]
                return Part(_map([(name.read, value.read) for name, value in pairs]))
            case nodes.Name() | nodes.Member() | nodes.Item() | nodes.EachItem():
                return self._path(node)
            case nodes.Call():
                return self._call(node)
            case nodes.MethodCall():
                return self._method(node)
            case nodes.Lambda():
                return self._lambda(node)
            case _:
                return self._operation(node)

    def _operation(self, node: Node) -> Part:
        match node:
            case nodes.Unary(operator=operator, operand=operand):
                inner = self.compile(operand)
                return Part(_unary(UNARY[operator], inner.read), inner.fixed)
            case nodes.Binary(operator=operator, left=left, right=right):
                first, second = self.compile(left), self.compile(right)
                read = _binary(BINARY[operator], first.read, second.read)
                return Part(read, first.fixed and second.fixed)
            case nodes.Junction(operator=operator, operands=operands):
                parts = [self.compile(operand) for operand in operands]
                read = _junction([part.read for part in parts], stops_at=operator == "||")
                return Part(read, all(part.fixed for part in parts))
            case nodes.Choice(condition=condition, then=then, otherwise=otherwise):
                parts = [self.compile(part) for part in (condition, then, otherwise) if part]
                read = _choice(*(part.read for part in parts))
                return Part(read, all(part.fixed for part in parts))
        raise AssertionError(node)

    def _path(self, node: Node) -> Part:
        """Compile a chain of names and items: as one path, as far as its indexes are known."""
        steps: list[Step] = []
        current = node
        while isinstance(current, nodes.Member | nodes.Item | nodes.EachItem):
            step = _step(current)
            if step is None:
                break
            steps.insert(0, step)
            current = current.of
        if isinstance(current, nodes.Name) and current.name not in self._parameters:
            return self._attribute(current, tuple(steps))
        return self._steps_from(current, tuple(steps))

    def _attribute(self, head: nodes.Name, steps: tuple[Step, ...]) -> Part:
        known = self._names_are_reserved and not head.wrapped and head.name in functions()
        if known:
            reason = f"{head.name} is the name of a function: an attribute is ${{{head.name}}}"
            raise MappingError(reason, head.position)
        whole: tuple[Step, ...] = (head.name, *steps)
        path = shown(whole)
        self.attributes.append(path)
        return Part(reader(whole, path.replace("\\.", ".")), path=path)

    def _steps_from(self, node: Node, steps: tuple[Step, ...]) -> Part:
        """Compile steps from something that is not an attribute of the row."""
        if isinstance(node, nodes.Name):
            name = node.name
            return Part(lambda row, context: follow(context.variables.get(name), steps))
        if isinstance(node, nodes.Item) and not steps:
            of, index = self.compile(node.of), self.compile(node.index)
            return Part(_item(of.read, index.read), of.fixed and index.fixed)
        inner = self.compile(node)
        return Part(lambda row, context: follow(inner.read(row, context), steps), inner.fixed)

    def _call(self, node: nodes.Call) -> Part:
        function = functions().get(node.name)
        if function is None:
            raise MappingError(_unknown("function", node.name, functions()), node.position)
        parts = [self.compile(argument) for argument in node.arguments]
        read = call(function, node.name, parts, node.position)
        return Part(read, not function.wants_context and all(part.fixed for part in parts))

    def _method(self, node: nodes.MethodCall) -> Part:
        method = METHODS.get(node.name)
        if method is None:
            raise MappingError(_unknown("method", node.name, METHODS), node.position)
        if len(node.arguments) != method.arguments:
            count = method.arguments or "no"
            plural = "" if method.arguments == 1 else "s"
            raise MappingError(f"{node.name} takes {count} argument{plural}", node.position)
        of, *parts = [self.compile(part) for part in nodes.children(node)]
        lambdas = [part for part in parts if part.parameter is not None]
        if lambdas:
            raise MappingError(f"{node.name} takes no lambda", node.position)
        read = _method(method.call, method.of_null, of.read, [part.read for part in parts])
        return Part(read, of.fixed and all(part.fixed for part in parts))

    def _lambda(self, node: nodes.Lambda) -> Part:
        self._parameters.append(node.parameter)
        body = self.compile(node.body)
        self._parameters.pop()
        return Part(body.read, parameter=node.parameter)


def _unknown(what: str, name: str, known: dict[str, object] | dict[str, Json]) -> str:
    hint = next((one for one in known if one.lower() == name.lower()), None)
    return f"unknown {what} {name}" + (f"; did you mean {hint}?" if hint else "")


def _step(node: nodes.Member | nodes.Item | nodes.EachItem) -> Step | None:
    """Return a step that is known now, None if its index has to be computed."""
    if isinstance(node, nodes.Member):
        return node.name
    if isinstance(node, nodes.EachItem):
        return Each.ITEM
    index = node.index
    if not isinstance(index, nodes.Literal) or isinstance(index.value, bool):
        return None
    return index.value if isinstance(index.value, str | int) else None


def _computed(part: Part) -> Part:
    """Return a part that is the same for every row as its value, if that is a scalar."""
    try:
        value = part.read({}, _NO_CONTEXT)
    except FAILURES:
        return part
    return part if isinstance(value, list | dict) else _constant(value)


def _constant(value: Scalar) -> Part:
    return Part(lambda row, context: value, fixed=True)


def _array(items: list[Read]) -> Read:
    return lambda row, context: [item(row, context) for item in items]


def _map(pairs: list[tuple[Read, Read]]) -> Read:
    def read(row: JsonObject, context: Context) -> Json:
        return {key(name(row, context)): value(row, context) for name, value in pairs}

    return read


def _unary(operate: Callable[[Json], Json], operand: Read) -> Read:
    return lambda row, context: operate(operand(row, context))


def _binary(operate: Callable[[Json, Json], Json], left: Read, right: Read) -> Read:
    return lambda row, context: operate(left(row, context), right(row, context))


def _junction(operands: list[Read], *, stops_at: bool) -> Read:
    def read(row: JsonObject, context: Context) -> bool:
        values: Iterator[bool] = (flag(operand(row, context)) for operand in operands)
        return any(values) if stops_at else all(values)

    return read


def _choice(condition: Read, *branches: Read) -> Read:
    if len(branches) == 1:
        (fallback,) = branches

        def elvis(row: JsonObject, context: Context) -> Json:
            value = condition(row, context)
            return value if flag(value) else fallback(row, context)

        return elvis
    then, otherwise = branches
    return lambda row, context: (then if flag(condition(row, context)) else otherwise)(row, context)


def _item(of: Read, index: Read) -> Read:
    def read(row: JsonObject, context: Context) -> Json:
        place = index(row, context)
        known = isinstance(place, str) or (isinstance(place, int) and not isinstance(place, bool))
        return taken(of(row, context), place) if known else None

    return read


def _method(run: Callable[..., Json], of_null: Json, of: Read, arguments: list[Read]) -> Read:
    def read(row: JsonObject, context: Context) -> Json:
        receiver = of(row, context)
        if receiver is None:
            return of_null
        return run(receiver, *[argument(row, context) for argument in arguments])

    return read
