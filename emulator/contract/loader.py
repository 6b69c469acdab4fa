"""Read `contracts/` and overlay folders into one Contract, and compile its editions."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from emulator.contract.model import (
    Answer,
    Cases,
    Document,
    EditionEntry,
    Mute,
    Operation,
    Place,
    ProblemEntry,
    Resource,
    ResourceOperation,
    Rule,
)
from emulator.contract.order import in_order
from emulator.json_types import JsonObject, loads

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.responses import Responses

_T = TypeVar("_T")


class ContractError(Exception):
    """A contract file cannot be used; the message names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """The head of a service's `operations.json`: its name, title and base path."""

    name: str
    title: str
    base_path: str
    path_aliases: dict[str, str]


@dataclass(slots=True)
class Resources:
    """The resources of every service, and the operations that are about none, with the reason.

    `by_operation` has an operation's resource and what the operation does with it.
    """

    by_id: dict[str, Resource] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    by_operation: dict[str, tuple[Resource, ResourceOperation]] = field(default_factory=dict)


@dataclass(slots=True)
class _Statements:
    """What the documents state: by far the larger part of the contract.

    `laid_over` holds the ids of rules that an overlay brings.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    problems: list[ProblemEntry] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    laid_over: set[str] = field(default_factory=set)
    places: dict[str, Place] = field(default_factory=dict)


class Contract:
    """Everything that `contracts/` says; `edition(name)` is one compiled view of it.

    Operations are read at once, because URLs are made of them; rules, problems and answers when
    somebody first asks for one.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.documents: dict[str, Document] = {}
        self.entries: dict[str, EditionEntry] = {}
        self.services: dict[str, ServiceEntry] = {}
        self.operations: dict[str, Operation] = {}
        self.mutes: tuple[Mute, ...] = ()
        self._folders = folders
        self._stated: _Statements | None = None
        self._resources: Resources | None = None
        self._responses: Responses | None = None
        self._editions: dict[str, Edition] = {}
        self._lock = threading.RLock()

    @property
    def resources(self) -> Resources:
        """What the operations are about."""
        if self._resources is None:
            with self._lock:
                if self._resources is None:
                    self._resources = _read_resources(self._folders)
        return self._resources

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its id, in the order of refusal."""
        return self._statements().rules

    @property
    def problems(self) -> list[ProblemEntry]:
        """Every entry of the error catalogues."""
        return self._statements().problems

    @property
    def answers(self) -> list[Answer]:
        """Every statement about the shape of replies."""
        return self._statements().answers

    @property
    def house_rules(self) -> set[str]:
        """The ids of the rules that an overlay brings."""
        return self._statements().laid_over

    @property
    def places(self) -> dict[str, Place]:
        """The places that rules have been given among those of their operation, by rule id."""
        return self._statements().places

    @property
    def responses(self) -> Responses:
        """The JSON Schemas of answers."""
        if self._responses is None:
            from emulator.contract.responses import Responses

            self._responses = Responses(*self._folders)
        return self._responses

    def masked_responses(self) -> Responses:
        """Return the JSON Schemas of answers for foreign ones: complaints show no values."""
        from emulator.contract.responses import Responses

        return Responses(*self._folders, mask="a value")

    def _statements(self) -> _Statements:
        if self._stated is None:
            with self._lock:
                if self._stated is None:
                    self._stated = _read_statements(self._folders)
        return self._stated

    @property
    def default_edition(self) -> str:
        return next(entry.name for entry in self.entries.values() if entry.default)

    def edition(self, name: str) -> Edition:
        """Return the compiled edition.

        Raises:
            KeyError: There is no edition of that name.
        """
        edition = self._editions.get(name)
        if edition is None:
            with self._lock:
                edition = self._editions.setdefault(name, self._compile(self.entries[name]))
        return edition

    def _compile(self, entry: EditionEntry) -> Edition:
        from emulator.contract.judge import Edition

        place = {document: index for index, document in enumerate(entry.documents)}
        rules: dict[tuple[str, str], Rule] = {}
        for rule in _by_document(self.rules.values(), place):
            rules.setdefault((rule.operation, rule.topic), rule)
        # What is in force is decided document by document; the order of refusal is the files'.
        order = {id: index for index, id in enumerate(self.rules)}
        in_force = sorted(rules.values(), key=lambda rule: order[rule.id])
        problems: dict[str, ProblemEntry] = {}
        for problem in _by_document(self.problems, place):
            problems.setdefault(problem.id, problem)
        answers: dict[str, Answer] = {}
        for answer in _by_document(self.answers, place):
            answers.setdefault(answer.aspect, answer)
        return Edition(entry, tuple(in_force), problems, answers, self.operations, self.mutes)


def _by_document(stated: Iterable[_T], place: dict[str, int]) -> list[_T]:
    """Order what is stated by the first of its documents in an edition; drop what has none."""
    ranked = []
    for item in stated:
        places = [place[id] for id in item.documents if id in place]  # type: ignore[attr-defined]
        if places:
            ranked.append((min(places), item))
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def load_contract(*folders: Path) -> Contract:
    """Read contract folders, later ones over earlier ones by id.

    A document that no edition lists holds in all of them and comes first: it is an overlay's own.

    Raises:
        ContractError: A file is not JSON, or not of the form that `contract.model` defines.
    """
    contract = Contract(folders)
    for folder in folders:
        with _of_the_form(folder):
            for raw in _rows(folder / "documents.json"):
                document = build(Document, raw, folder)
                contract.documents[document.id] = document
            for raw in _rows(folder / "editions.json"):
                entry = build(EditionEntry, raw, folder)
                contract.entries[entry.name] = entry
            mutes = (build(Mute, raw, folder) for raw in _rows(folder / "mutes.json"))
            contract.mutes += tuple(mutes)
            for service in _service_folders(folder):
                _read_operations(contract, service / "operations.json")
    _resolve_editions(contract)
    return contract


def _resolve_editions(contract: Contract) -> None:
    """Give every edition all of its documents, those that no edition lists first."""
    resolved = {name: _documents_of(contract, name, ()) for name in contract.entries}
    listed = {id for documents in resolved.values() for id in documents}
    house = tuple(id for id in contract.documents if id not in listed)
    for name, documents in resolved.items():
        entry = contract.entries[name]
        contract.entries[name] = replace(entry, documents=(*house, *documents))


def _documents_of(contract: Contract, name: str, within: tuple[str, ...]) -> tuple[str, ...]:
    entry = contract.entries.get(name)
    if entry is None or name in within:
        chain = " extends ".join((*within, name))
        reason = "is not an edition" if entry is None else "extends itself"
        raise ContractError(f"editions.json: {chain}: {name} {reason}")
    if not entry.extends:
        return entry.documents
    others = _documents_of(contract, entry.extends, (*within, name))
    left_out = {*entry.documents, *entry.without}
    return (*entry.documents, *(id for id in others if id not in left_out))


def _read_resources(folders: tuple[Path, ...]) -> Resources:
    found = Resources()
    for folder in folders:
        with _of_the_form(folder):
            for service in _service_folders(folder):
                path = service / "resources.json"
                content = read_json(path) if path.is_file() else {}
                for raw in content.get("resources", ()):
                    rows = raw.get("operations", ())
                    operations = tuple(build(ResourceOperation, row, path) for row in rows)
                    resource = build(Resource, {**raw, "operations": operations}, path)
                    found.by_id[resource.id] = resource
                found.without |= content.get("without", {})
    for resource in found.by_id.values():
        found.by_operation |= {item.id: (resource, item) for item in resource.operations}
    return found


def _read_statements(folders: tuple[Path, ...]) -> _Statements:
    stated = _Statements()
    for folder in folders:
        before = dict(stated.rules)
        with _of_the_form(folder):
            for service in _service_folders(folder):
                _read_service(stated, service)
        if folder != folders[0]:
            stated.laid_over |= {
                id for id, rule in stated.rules.items() if before.get(id) is not rule
            }
    stated.rules = {rule.id: rule for rule in in_order(stated.rules.values(), stated.places)}
    return stated


def _read_service(stated: _Statements, folder: Path) -> None:
    for raw in _rows(folder / "errors.json"):
        stated.problems.append(build(ProblemEntry, raw, folder / "errors.json"))
    for raw in _rows(folder / "answers.json"):
        stated.answers.append(build(Answer, raw, folder / "answers.json"))
    for path in (folder / "conventions.json", *sorted((folder / "rules").glob("*.json"))):
        for raw in _rows(path):
            place = Place(raw.pop("before", ""), raw.pop("after", ""))
            for rule in _expand(raw, path):
                stated.rules.pop(rule.id, None)
                stated.rules[rule.id] = rule
                if place.before or place.after:
                    stated.places[rule.id] = place


def _service_folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "schema")


@contextmanager
def _of_the_form(folder: Path) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ContractError(f"{folder}: not of the form of a contract: {reason}") from error


def _read_operations(contract: Contract, path: Path) -> None:
    if not path.is_file():
        return
    head = read_json(path)
    name, base_path = head["service"], head["basePath"]
    contract.services[name] = ServiceEntry(
        name, head.get("title", name), base_path, head.get("pathAliases", {})
    )
    for raw in head["operations"]:
        row = {**raw, "service": name, "base_path": base_path}
        operation = build(Operation, row, path)
        contract.operations[operation.id] = operation


def _expand(raw: JsonObject, path: Path) -> Iterator[Rule]:
    """Yield one rule for each operation that a row names."""
    cases = build(Cases, raw.get("cases", {}), path)
    operations = raw.get("operations") or [raw.get("operation", "")]
    row = {key: value for key, value in raw.items() if key not in ("operations", "cases")}
    for operation in operations:
        full = {**row, "operation": operation, "id": raw["id"].replace("*", operation, 1)}
        yield build(Rule, {**full, "cases": cases}, path)


@cache
def _members(kind: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of a dataclass's fields, and of those that are tuples."""
    known = fields(kind)
    tuples = (item.name for item in known if str(item.type).startswith("tuple"))
    return frozenset(item.name for item in known), frozenset(tuples)


def build(kind: type[_T], raw: JsonObject, path: Path) -> _T:
    """Make a dataclass of a JSON object; lists become tuples where the definition has them.

    Raises:
        ContractError: The object has not the members of the definition.
    """
    names, tuples = _members(cast(Hashable, kind))
    values: dict[str, Any] = raw
    if not tuples.isdisjoint(raw):
        values = {
            name: tuple(value) if name in tuples and isinstance(value, list) else value
            for name, value in raw.items()
        }
    try:
        return kind(**values)
    except TypeError as error:
        said = sorted(set(raw) - names) or error
        raise ContractError(f"{path}: {raw.get('id', kind.__name__)}: {said}") from error


def _rows(path: Path) -> list[JsonObject]:
    if not path.is_file():
        return []
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractError(f"{path}: expected a list of objects")
    return rows


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ContractError: The file is not JSON.
    """
    try:
        return loads(path.read_bytes())
    except ValueError as error:
        raise ContractError(f"{path}: {error}") from error
