"""Cases of rules, read when somebody asks for them: explanations, tests and checks of the contract.

Short ones stand in the rule. Long ones stand under the name that the rule gives in the file of the
same name in the folder `cases` beside: those of `rules/flow.json` in `cases/flow.json`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from emulator.contract.model import Cases
from emulator.contract.reading import ContractError, build, read_json
from emulator.json_types import JsonObject

FOLDER = "cases"


class DeferredCases(Cases):
    """Cases that are made when somebody first looks at them."""

    __slots__ = ("_made",)
    _made: Cases | Callable[[], Cases]

    def __init__(self, make: Callable[[], Cases]) -> None:
        object.__setattr__(self, "_made", make)

    def _cases(self) -> Cases:
        made = self._made
        if not isinstance(made, Cases):
            made = made()
            object.__setattr__(self, "_made", made)
        return made

    @property
    def accepts(self) -> tuple[JsonObject, ...]:
        return self._cases().accepts

    @property
    def refuses(self) -> tuple[JsonObject, ...]:
        return self._cases().refuses


def cases_of(said: JsonObject | str | Cases, path: Path) -> Cases:
    """Return the cases that a rule of a file brings, or names.

    Raises:
        ContractError: They are not of the form of cases; for named ones, once they are looked at.
    """
    if isinstance(said, Cases):
        return said
    if isinstance(said, str):
        return DeferredCases(lambda: build(Cases, named_cases(said, path), path))
    return build(Cases, said, path)


def named_cases(name: str, path: Path) -> JsonObject:
    """Return the cases of a name for the rules of a file.

    Raises:
        ContractError: There are none.
    """
    place = file_of(path)
    found = _read(place, place.stat().st_mtime_ns).get(name) if place.is_file() else None
    if found is None:
        raise ContractError(f"{place}: there are no cases called {name}")
    return found


def file_of(path: Path) -> Path:
    """Return where the long cases of a file of rules or conventions are."""
    folder = path.parent.parent if path.parent.name == "rules" else path.parent
    return folder / FOLDER / path.name


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> dict[str, JsonObject]:
    content: dict[str, JsonObject] = read_json(path)
    return content
