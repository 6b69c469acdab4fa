"""What a check yields, and small words to put values into sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.json_types import Json, dumps

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is wrong. `at` is a pointer below the judged value; `values` fill templates."""

    text: str
    at: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def shown(value: Json) -> str:
    """Return a value as short JSON, for a sentence."""
    text = dumps(value).decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
