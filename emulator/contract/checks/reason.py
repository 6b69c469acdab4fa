"""What a check yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

_C = TypeVar("_C", bound=Callable[..., object])


def memberwise(check: _C) -> _C:
    """Mark a check that asks of other resources only whether they are there, and single members.

    Recorded traffic shows many resources in part only; other checks need to see all of them.
    """
    vars(check)["memberwise"] = True
    return check


def is_memberwise(check: object) -> bool:
    """Tell whether a check can be carried out on a part of the resources that it looks up."""
    return hasattr(check, "memberwise")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is wrong. `at` is a pointer below the judged value; `values` fill templates."""

    text: str
    at: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
