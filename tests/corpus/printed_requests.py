"""The printed requests, and what became of one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.testing.client import Response

FOLDER = Path(__file__).parent

ABSENT = re.compile(r"_(exists?|is_known|are_known|is_of_the_dataset)$")
"""Rules that refuse what addresses nothing: with 404, a printed id that nobody made."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed request and where it stands: the file below `printed`, and the place in it."""

    file: str
    place: int
    row: dict[str, Any]

    @property
    def reference(self) -> str:
        """What names the request in the list of deviations."""
        return f"{self.file}#{self.place}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a printed request."""

    printed: Printed
    response: Response

    @property
    def is_absent(self) -> bool:
        """Whether it addressed what neither the page nor the preparation has made."""
        return self.response.status == 404 and bool(ABSENT.search(self.response.rule))

    @property
    def is_fine(self) -> bool:
        """Whether it was answered as its page says."""
        expected = self.printed.row["expected"]
        accepted = self.response.status < 300
        if self.is_absent:
            return True
        if "text" in self.printed.row and "repaired" not in self.printed.row:
            return self.response.status == 400  # the page prints a body that is not JSON
        if accepted and "status" in expected:
            return bool(self.response.status == expected["status"])
        return accepted == bool(expected.get("success", expected.get("status", 500) < 300))

    @property
    def text(self) -> str:
        """The status and, of a refusal, the rule."""
        rule = self.response.rule or self.response.headers.get("x-emulator-problem", "")
        return f"{self.response.status} {rule}".strip()


def pages() -> Iterator[list[Printed]]:
    """Yield the printed requests of each file."""
    for path in sorted((FOLDER / "printed").rglob("*.json")):
        name = f"{path.parent.name}/{path.stem}"
        rows = json.loads(path.read_text(encoding="utf-8"))
        yield [Printed(name, place, row) for place, row in enumerate(rows)]
