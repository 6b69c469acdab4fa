"""Compiles the call of a function: its arguments are counted now and converted at each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from emulator.json_types import Json, JsonObject
from emulator.mapping.context import Context
from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Function, Parameter, Reference
from emulator.mapping.paths import Read


class Argument(Protocol):
    """A compiled argument."""

    @property
    def read(self) -> Read: ...
    @property
    def path(self) -> str | None: ...
    @property
    def parameter(self) -> str | None: ...


def call(function: Function, name: str, arguments: Sequence[Argument], position: int) -> Read:
    """Return a function that computes the arguments of a call and makes it.

    Args:
        function: What is called.
        name: The name that was written; an alias calls the same.
        arguments: Compiled arguments.
        position: Where the call stands, for errors.

    Raises:
        MappingError: There are too few or too many arguments, or a lambda is not allowed here.
    """
    taken = [function.parameter(index) for index in range(len(arguments))]
    if len(arguments) < function.required or None in taken:
        reason = f"{name} takes {function.takes}, not {len(arguments)}"
        raise MappingError(reason, position)
    parameters = [parameter for parameter in taken if parameter is not None]
    for argument, parameter in zip(arguments, parameters, strict=True):
        if (argument.parameter is not None) != (parameter.takes == "lambda"):
            needed = "takes a lambda here" if parameter.takes == "lambda" else "takes no lambda"
            raise MappingError(f"{name} {needed}: {parameter.name}", position)
    reads = [_read(*pair) for pair in zip(arguments, parameters, strict=True)]
    return _call(function, reads, parameters)


def _read(argument: Argument, parameter: Parameter) -> Read:
    """Return how the value of an argument reaches the function, conversion aside."""
    read = argument.read
    if parameter.takes == "reference":
        path = argument.path
        return lambda row, context: Reference(path, read(row, context))
    if argument.parameter is not None:
        return _lambda(argument.parameter, read)
    return read


def _lambda(name: str, body: Read) -> Read:
    def bind(row: JsonObject, context: Context) -> Callable[[Json], Json]:
        def apply(value: Json) -> Json:
            outer = context.variables
            context.variables = {**outer, name: value}
            try:
                return body(row, context)
            finally:
                context.variables = outer

        return apply

    return bind


def _call(function: Function, reads: list[Read], parameters: list[Parameter]) -> Read:
    run = function.call
    if function.wants_context:
        return lambda row, context: run(context, *[read(row, context) for read in reads])
    if all(parameter.read is None for parameter in parameters):
        return lambda row, context: run(*[read(row, context) for read in reads])
    if len(reads) == 1 and parameters[0].read and not parameters[0].nullable:
        return _call_of_one(run, reads[0], parameters[0].read)
    plan = [
        (read, parameter.read, parameter.nullable)
        for read, parameter in zip(reads, parameters, strict=True)
    ]

    def call_all(row: JsonObject, context: Context) -> Json:
        values = []
        for read, convert, nullable in plan:
            value = read(row, context)
            if value is None:
                if not nullable:
                    return None
            elif convert is not None:
                value = convert(value)
            values.append(value)
        return run(*values)

    return call_all


def _call_of_one(run: Callable[..., Json], read: Read, convert: Callable[[Json], Json]) -> Read:
    def call_one(row: JsonObject, context: Context) -> Json:
        value = read(row, context)
        return None if value is None else run(convert(value))

    return call_one
