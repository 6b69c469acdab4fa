"""Read `contracts/` and overlay folders into one Contract, and compile its editions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emulator.contract.model import (
    Answer,
    Document,
    EditionEntry,
    Mute,
    Neighbour,
    Operation,
    ProblemEntry,
    Rule,
    Subject,
)
from emulator.contract.reading import (
    ContractError,
    build,
    of_the_form,
    read_json,
    rows_of,
    service_folders,
)

if TYPE_CHECKING:
    from emulator.contract.conventions import Template
    from emulator.contract.judge import Edition
    from emulator.contract.reply_cases import ReplyCases
    from emulator.contract.resources import Resources
    from emulator.contract.responses import Responses
    from emulator.contract.statements import Statements

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """The head of a service's `operations.json`: its name, title and base path."""

    name: str
    title: str
    base_path: str
    path_aliases: dict[str, str]


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
        self.subjects: dict[str, Subject] = {}
        self.unlisted: tuple[str, ...] = ()
        self.mutes: tuple[Mute, ...] = ()
        self._folders = folders
        self._stated: Statements | None = None
        self._resources: Resources | None = None
        self._responses: Responses | None = None
        self._reply_cases: ReplyCases | None = None
        self._editions: dict[str, Edition] = {}
        self._made: dict[Callable[[Contract], Any], Any] = {}
        self._lock = threading.RLock()

    @property
    def resources(self) -> Resources:
        """What the operations are about."""
        if self._resources is None:
            with self._lock:
                if self._resources is None:
                    from emulator.contract.resources import read_resources

                    self._resources = read_resources(self._folders)
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
    def is_overlaid(self) -> bool:
        """Whether overlays are laid over the shipped files."""
        return len(self._folders) > 1

    @property
    def house_rules(self) -> set[str]:
        """The ids of the rules that an overlay brings; without one nothing is read for that."""
        return self._statements().laid_over if self.is_overlaid else set()

    @property
    def templates(self) -> list[Template]:
        """The conventions, with the resources that each has become rules for."""
        return self._statements().templates

    @property
    def responses(self) -> Responses:
        """The JSON Schemas of answers."""
        if self._responses is None:
            from emulator.contract.responses import Responses

            self._responses = Responses(*self._folders)
        return self._responses

    @property
    def reply_cases(self) -> ReplyCases:
        """What documents say of answers beyond their form, with the calls that show it."""
        from emulator.contract.reply_cases import read_reply_cases

        if self._reply_cases is None:
            self._reply_cases = read_reply_cases(self._folders)
        return self._reply_cases

    def masked_responses(self) -> Responses:
        """Return the JSON Schemas of answers for foreign ones: complaints show no values."""
        from emulator.contract.responses import Responses

        return Responses(*self._folders, mask="a value")

    def _statements(self) -> Statements:
        if self._stated is None:
            from emulator.contract.statements import read_statements

            with self._lock:
                if self._stated is None:
                    self._stated = read_statements(self._folders, self.operations, self.resources)
        return self._stated

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """What belongs to no emulated service; read when somebody asks for such a path."""
        rows = [
            (folder, raw) for folder in self._folders for raw in rows_of(folder / "neighbours.json")
        ]
        return tuple(build(Neighbour, raw, folder) for folder, raw in rows)

    def once(self, make: Callable[[Contract], _T]) -> _T:
        """Return what a function makes of the contract, made once and kept as long as that.

        A suite of tests makes emulators of one contract by the hundred.
        """
        if make not in self._made:
            self._made[make] = make(self)
        made: _T = self._made[make]
        return made

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
        from emulator.contract.force import by_document, rules_in_force
        from emulator.contract.judge import Edition

        rank = {document: index for index, document in enumerate(entry.documents)}
        rules = rules_in_force(self.rules, self.subjects, rank)
        problems: dict[str, ProblemEntry] = {}
        for problem in by_document(self.problems, rank):
            problems.setdefault(problem.id, problem)
        answers: dict[str, Answer] = {}
        for answer in by_document(self.answers, rank):
            answers.setdefault(answer.aspect, answer)
        return Edition(entry, tuple(rules), problems, answers, self.operations, self.mutes)


def load_contract(*folders: Path) -> Contract:
    """Read contract folders, later ones over earlier ones by id.

    A document that no edition lists holds in all of them and comes first: it is an overlay's own.

    Raises:
        ContractError: A file is not JSON, or not of the form that `contract.model` defines.
    """
    contract = Contract(folders)
    for folder in folders:
        with of_the_form(folder):
            for raw in rows_of(folder / "documents.json"):
                document = build(Document, raw, folder)
                contract.documents[document.id] = document
            for raw in rows_of(folder / "editions.json"):
                entry = build(EditionEntry, raw, folder)
                contract.entries[entry.name] = entry
            for raw in rows_of(folder / "subjects.json"):
                subject = build(Subject, raw, folder)
                contract.subjects[subject.name] = subject
            mutes = (build(Mute, raw, folder) for raw in rows_of(folder / "mutes.json"))
            contract.mutes += tuple(mutes)
            for service in service_folders(folder):
                _read_operations(contract, service / "operations.json")
    _resolve_editions(contract)
    return contract


def _resolve_editions(contract: Contract) -> None:
    """Give every edition all of its documents, those that no edition lists first."""
    resolved = {name: _documents_of(contract, name, ()) for name in contract.entries}
    listed = {id for documents in resolved.values() for id in documents}
    house = tuple(id for id in contract.documents if id not in listed)
    contract.unlisted = house
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
