"""Reply cases: what documents say of answers, which rules about requests cannot say.

A case makes some calls, then the one in question, and says what its reply fulfils. The cases of a
service stand in its `replies.json`; tests play each in every edition that has it in force.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.contract.force import by_document
from emulator.contract.model import STRICT, EditionEntry, Sources
from emulator.contract.reading import build, of_the_form, read_json, service_folders
from emulator.json_types import Json, JsonObject

NUMBER = "number"
"""The placeholder of how often a step has been made."""

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One call. In its texts `${name}` stands for what an earlier step has kept.

    Args:
        operation: The operation; in the call that a case is about, none means the case's own.
        path: Values of the path's parameters.
        query: Values of query parameters, a list for one that is repeated.
        text: The body as text, for what is not JSON.
        keep: What later steps use: JSON pointers into the reply, an object of `status`, `headers`
            (names in lower case) and `body`, by name. A text such as `@/dataSets/ID` is kept from
            behind its last slash.
        wait: Seconds that pass before the call.
        times: How often it is made; `${number}` is the how manieth time, from 1 on.
    """

    operation: str = ""
    path: dict[str, str] = field(default_factory=dict)
    query: JsonObject = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Json = None
    text: str = ""
    keep: dict[str, str] = field(default_factory=dict)
    wait: int = 0
    times: int = 1
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ReplyCase:
    """What documents say of the reply to a call.

    Args:
        operation: The operation that replies; the id begins with it.
        topic: The question that the case answers; of cases of one operation and topic that of the
            first document in an edition is in force.
        states: What the reply is like, in our own words.
        demands: Documents that say so, each with the passage; `shows`, `observed`, `assumed` and
            `against` as in a rule.
        editions: The only editions that it is for, where its calls are not those of every edition.
        given: Preparations of this service, or of another as `service.name`, that are made first.
        before: The calls that come before.
        call: The call in question.
        reply: JSON Schema of the reply, an object of `status`, `headers` (names in lower case) and
            `body`; placeholders stand in its texts and names too.
        values: Values in order, by a JSON pointer into the reply in which `*` means every item.
    """

    id: str
    operation: str
    topic: str
    states: str
    call: Step
    demands: Sources = field(default_factory=dict)
    observed: Sources = field(default_factory=dict)
    shows: Sources = field(default_factory=dict)
    assumed: Sources = field(default_factory=dict)
    against: Sources = field(default_factory=dict)
    editions: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    before: tuple[Step, ...] = ()
    reply: JsonObject = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)
    __pydantic_config__ = STRICT

    @property
    def service(self) -> str:
        return self.operation.partition(".")[0]

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that it rests on, those that demand it first."""
        return (*self.demands, *self.observed, *self.shows, *self.assumed)


@dataclass(slots=True)
class ReplyCases:
    """The cases of all services by id, and their preparations by `service.name`."""

    by_id: dict[str, ReplyCase] = field(default_factory=dict)
    preparations: dict[str, tuple[Step, ...]] = field(default_factory=dict)

    def in_force(self, entry: EditionEntry) -> list[ReplyCase]:
        """Return the cases of an edition: for each topic that of the edition's first document."""
        rank = {document: index for index, document in enumerate(entry.documents)}
        found: dict[tuple[str, str], ReplyCase] = {}
        meant = (
            case for case in self.by_id.values() if entry.name in (case.editions or (entry.name,))
        )
        for case in by_document(meant, rank):
            found.setdefault((case.operation, case.topic), case)
        return list(found.values())

    def steps_of(self, case: ReplyCase) -> Iterator[Step]:
        """Yield all calls of a case in order, the one in question last.

        Raises:
            KeyError: There is no preparation of a name that it gives.
        """
        for name in case.given:
            yield from self.preparations[preparation_of(case, name)]
        yield from case.before
        yield case.call


def preparation_of(case: ReplyCase, name: str) -> str:
    """Return the full name of a preparation that a case gives."""
    return name if "." in name else f"{case.service}.{name}"


def read_reply_cases(folders: tuple[Path, ...]) -> ReplyCases:
    """Read the `replies.json` of contract folders, later ones over earlier ones by id.

    Raises:
        ContractError: A file is not JSON, or not of its form.
    """
    found = ReplyCases()
    for folder in folders:
        with of_the_form(folder):
            for service in service_folders(folder):
                path = service / "replies.json"
                content: JsonObject = read_json(path) if path.is_file() else {}
                for name, steps in content.get("preparations", {}).items():
                    made = tuple(build(Step, step, path) for step in steps)
                    found.preparations[f"{service.name}.{name}"] = made
                for raw in content.get("replies", ()):
                    for case in _cases_of(raw, path):
                        found.by_id[case.id] = case
    return found


def _cases_of(raw: JsonObject, path: Path) -> Iterator[ReplyCase]:
    """Yield one case for each operation that a row names, as with rules."""
    row = {name: value for name, value in raw.items() if name != "operations"}
    row["before"] = tuple(build(Step, step, path) for step in raw.get("before", ()))
    row["call"] = build(Step, raw.get("call", {}), path)
    for operation in raw.get("operations") or [raw.get("operation", "")]:
        id = raw["id"].replace("*", operation, 1)
        yield build(ReplyCase, {**row, "id": id, "operation": operation}, path)


def filled(value: Json, kept: Mapping[str, Json]) -> Json:
    """Return a value with its placeholders replaced, a whole text by the value as it is.

    Raises:
        KeyError: Nothing was kept under the name of a placeholder.
    """
    return _mapped(value, lambda name: kept[name])


def placeholders(value: Json) -> set[str]:
    """Return the names of the placeholders in a value."""
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value)) if "${" in value else set()
    inner: Iterable[Json] = ()
    if isinstance(value, dict):
        inner = (*value, *value.values())
    elif isinstance(value, list | tuple):
        inner = value
    return set().union(*map(placeholders, inner))


def _mapped(value: Json, of: Callable[[str], Any]) -> Json:
    if isinstance(value, dict):
        return {str(_mapped(name, of)): _mapped(item, of) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, of) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    return of(whole[1]) if whole else _PLACEHOLDER.sub(lambda match: str(of(match[1])), value)
