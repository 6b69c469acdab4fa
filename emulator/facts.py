"""Facts: questions of rules that services answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from emulator.json_types import Json

Fact = Callable[..., Json]
"""Answers a question, given a scope and the arguments that its service's function names."""

_F = TypeVar("_F", bound=Fact)


def fact(*, stateless: bool = False) -> Callable[[_F], _F]:
    """Mark a function of a service's `facts.py` as a question that rules may ask.

    Its first parameters are the service and a `Scope`; the others are the question's arguments. It
    is known as `service.function`. `stateless` says that the answer does not depend on what has
    been created, so that it is known of recorded traffic too.
    """

    def mark(function: _F) -> _F:
        vars(function)["fact"] = {"stateless": stateless}
        return function

    return mark
