"""States as readable JSON: one file that another emulator, or a later version, can load."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from emulator import __version__
from emulator.form_errors import form_errors
from emulator.json_types import Json, JsonObject, dumps, loads
from emulator.sandbox import Sandbox
from emulator.state.snapshot import State
from emulator.store import Blob, Place, Row, Snapshot

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.documents import DocumentModels
    from emulator.ids import Ids
    from emulator.state.model import DocumentRow, SandboxState, StateFile

MAX_REASONS = 10
"""How many of the errors in a file are reported."""

ID_DIGITS = (20, 24, 32, 40, 48)
"""How many hexadecimal digits ids have, beside UUIDs."""

MAX_COUNTED = 1000
"""How many of the errors in a file are counted."""


class StateError(ValueError):
    """A state file cannot be loaded; the message says why, a line for each reason."""


def to_json(state: State, seed: str) -> JsonObject:
    """Return a state as the JSON of a state file; `seed` is that of the emulator it comes from."""
    organizations: dict[str, dict[str, JsonObject]] = {}

    def part(sandbox: Sandbox, name: str, empty: Json) -> Json:
        sandboxes = organizations.setdefault(sandbox.organization, {})
        return sandboxes.setdefault(sandbox.name, {}).setdefault(name, empty)

    for (sandbox, counter), number in sorted(state.store.counters.items()):
        part(sandbox, "counters", {})[counter] = number
    for (sandbox, kind), rows in sorted(state.store.documents.items(), key=itemgetter(0)):
        if rows:
            part(sandbox, "documents", {})[kind] = [
                {"key": key, "version": version, "ordinal": ordinal, "body": loads(body)}
                for key, (ordinal, version, body) in rows.items()
            ]
    for blob in state.blobs:
        part(blob.sandbox, "blobs", []).append({"key": blob.key, **_content(blob.content)})
    return {**_head(state, seed), "organizations": dict(sorted(organizations.items()))}


def to_pieces(state: State, seed: str) -> Iterator[bytes]:
    """Yield a state file piece by piece, each document in a line: it is never in memory whole."""
    head = dumps({**_head(state, seed), "organizations": {}})
    yield bytes(head[:-2]) + b"\n"
    sandboxes = sorted(state.sandboxes)
    for number, sandbox in enumerate(sandboxes):
        is_first = number == 0 or sandboxes[number - 1].organization != sandbox.organization
        before = b"" if number == 0 else b"},\n" if is_first else b",\n"
        opening = dumps(sandbox.organization) + b":{" if is_first else b""
        yield before + opening + dumps(sandbox.name) + b":{"
        counters = {name: n for (of, name), n in state.store.counters.items() if of == sandbox}
        yield b'"counters":' + dumps(dict(sorted(counters.items()))) + b',"documents":{'
        kinds = sorted(kind for of, kind in state.store.documents if of == sandbox)
        for index, kind in enumerate(kinds):
            yield (b",\n" if index else b"\n") + dumps(kind) + b":["
            yield from _joined(_rows(state.store.documents[(sandbox, kind)]))
            yield b"]"
        yield b'},"blobs":['
        of_sandbox = (blob for blob in state.blobs if blob.sandbox == sandbox)
        yield from _joined(dumps({"key": it.key, **_content(it.content)}) for it in of_sandbox)
        yield b"]}"
    yield b"}}}\n" if sandboxes else b"}}\n"


def _rows(rows: Mapping[str, Row]) -> Iterator[bytes]:
    for key, (ordinal, version, body) in rows.items():
        head = dumps({"key": key, "version": version, "ordinal": ordinal})
        yield head[:-1] + b',"body":' + body + b"}"


def _joined(items: Iterator[bytes]) -> Iterator[bytes]:
    for number, item in enumerate(items):
        yield b",\n" if number else b"\n"
        yield item


def _head(state: State, seed: str) -> JsonObject:
    """Return what stands in a state file before what each sandbox holds."""
    from emulator.state.model import FORMAT, VERSION

    head = {"format": FORMAT, "formatVersion": VERSION, "emulator": __version__, "seed": seed}
    in_force = {"edition": state.edition, "enforce": state.enforce, "clock": state.clock}
    return {**head, **in_force, "requests": state.requests}


def _content(content: bytes) -> JsonObject:
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode()}


def from_json(raw: Json, contract: Contract, documents: DocumentModels, ids: Ids) -> State:
    """Read a state file's JSON; every document has to fit the model of its kind.

    `ids` are those of the emulator that goes on with it.

    Raises:
        StateError: It is not a state file, is one of another version, is inconsistent, or has what
            no service would have written; the message begins with the first place.
    """
    from pydantic import ValidationError

    from emulator.state.model import StateFile

    try:
        file = StateFile.model_validate(raw)
    except ValidationError as error:
        raise StateError(_first_few(form_errors(error, "the file"))) from error
    complaints = chain(_complaints(file, contract, documents), _ids_that_come_again(file, ids))
    wrong = list(islice(complaints, MAX_COUNTED))
    if wrong:
        raise StateError(_first_few(wrong))
    return State(
        _snapshot(file), _blobs(file), file.edition, file.enforce, file.clock, file.requests
    )


def _first_few(reasons: list[str]) -> str:
    more = len(reasons) - MAX_REASONS
    return "\n".join(reasons[:MAX_REASONS] + ([f"and {more} more"] if more > 0 else []))


def _complaints(file: StateFile, contract: Contract, documents: DocumentModels) -> Iterator[str]:
    if file.edition not in contract.entries:
        yield f"edition: there is no {file.edition!r}; there are {', '.join(contract.entries)}"
    for organization, sandboxes in file.organizations.items():
        for name, sandbox in sandboxes.items():
            place = f"organizations.{organization}.{name}"
            yield from _inconsistencies(place, sandbox)
            for kind, rows in sandbox.documents.items():
                where = f"{place}.documents.{kind}"
                yield from _misfits(where, Sandbox(organization, name), kind, rows, documents)


def _ids_that_come_again(file: StateFile, ids: Ids) -> Iterator[str]:
    """Yield the counters from which the next id would be one that there is already."""
    for organization, sandboxes in file.organizations.items():
        for name, held in sandboxes.items():
            sandbox = Sandbox(organization, name)
            for kind, rows in held.documents.items():
                number = held.counters.get(kind, 0) + 1
                following = [ids.hex(sandbox, kind, number, digits) for digits in ID_DIGITS]
                following.append(ids.uuid(sandbox, kind, number))
                if any(id in row.key for row in rows for id in following):
                    yield (
                        f"organizations.{organization}.{name}.counters.{kind}: "
                        f"{number - 1} is too low: the next id is there already"
                    )


def _misfits(
    where: str,
    sandbox: Sandbox,
    kind: str,
    rows: list[DocumentRow],
    documents: DocumentModels,
) -> Iterator[str]:
    """Yield what no service would have written."""
    model = documents.find(kind)
    if model is None:
        yield f"{where}: no service keeps documents of this kind"
        return
    held = {(True, True): "sandbox", (True, False): "organization", (False, False): "platform"}
    found = held.get((bool(sandbox.organization), bool(sandbox.name)), "sandbox")
    if rows and found != model.place:
        yield f"{where}: such documents belong to a {model.place}, not to a {found}"
    for number, row in enumerate(rows):
        fault = model.fault(row.key, row.body)
        if fault is not None:
            yield f"{where}.{number}{fault[0].replace('/', '.')}: {fault[1]}"


def _inconsistencies(place: str, sandbox: SandboxState) -> Iterator[str]:
    """Yield what would make the next write overwrite or reorder documents."""
    if len({blob.key for blob in sandbox.blobs}) < len(sandbox.blobs):
        yield f"{place}.blobs: two blobs have one key"
    for kind, rows in sandbox.documents.items():
        where = f"{place}.documents.{kind}"
        if len({row.key for row in rows}) < len(rows):
            yield f"{where}: two documents have one key"
        ordinals = [row.ordinal for row in rows]
        if len(set(ordinals)) < len(ordinals):
            yield f"{where}: two documents have one ordinal"
        counted = sandbox.counters.get(f"#{kind}", 0)
        if max(ordinals, default=0) > counted:
            yield f"{where}: an ordinal is beyond the counter #{kind}, which is {counted}"


def _blobs(file: StateFile) -> tuple[Blob, ...]:
    return tuple(
        Blob(Sandbox(organization, name), blob.key, blob.content())
        for organization, sandboxes in file.organizations.items()
        for name, held in sandboxes.items()
        for blob in held.blobs
    )


def _snapshot(file: StateFile) -> Snapshot:
    documents: dict[Place, Mapping[str, Row]] = {}
    counters: dict[Place, int] = {}
    for organization, sandboxes in file.organizations.items():
        for name, held in sandboxes.items():
            sandbox = Sandbox(organization, name)
            counters.update({(sandbox, counter): n for counter, n in held.counters.items()})
            for kind, rows in held.documents.items():
                documents[(sandbox, kind)] = {
                    row.key: (row.ordinal, row.version, bytes(memoryview(dumps(row.body))))
                    for row in sorted(rows, key=lambda row: row.ordinal)
                }
    return Snapshot(documents, counters)
