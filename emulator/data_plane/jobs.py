"""What a run has to do: a flow's parts, resolved once, and the records that its files become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from emulator.data_plane import sources
from emulator.data_plane.delta import Delta, Selection, transformation
from emulator.data_plane.errors import SourceError
from emulator.data_plane.files import File, Files
from emulator.data_plane.ingest import CORRUPT, InputRow
from emulator.data_plane.metrics import Tally
from emulator.data_plane.readers import Row
from emulator.data_plane.sources import Form
from emulator.data_plane.tables import table_form, tables
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.services.interfaces import Services

if TYPE_CHECKING:
    from emulator.mapping import CompiledMapping

MAPPER_FAULT = "MAPPER-3700-400"
MAPPER_TEXT = "Mapper Transform Error"


@dataclass(slots=True)
class Job:
    """A flow's parts."""

    source: JsonObject
    dataset: JsonObject
    target: JsonObject
    container: str
    mapping: CompiledMapping | None = None
    """Compiled when there is something to map, since a parser stands behind it."""

    options: JsonObject = field(default_factory=dict)
    mapper_faults: int = 0
    """In how many rows a transformation failed."""


def job_of(flow: JsonObject, scope: Scope, services: Services) -> Job:
    """Return what a flow is made of, ready to be carried out.

    Raises:
        SourceError: A part of it is not there any more, or was never said.
    """
    parts = services.flow_service.parts_of(scope, flow["id"])
    source, target = parts["source"], parts["target"]
    if source is None or target is None:
        missing = "source" if source is None else "target"
        raise SourceError(f"The flow has no {missing} connection.")
    params = target.get("params")
    dataset_id = params.get("dataSetId") if isinstance(params, dict) else None
    dataset = _found(scope, "dataset", dataset_id)
    if dataset is None:
        raise SourceError(f"The target connection's data set {dataset_id} does not exist.")
    options = flow.get("options")
    return Job(
        source=source,
        dataset=dataset,
        target=target,
        container=sources.container_of(source),
        options=options if isinstance(options, dict) else {},
    )


def _found(scope: Scope, kind: str, id: Json) -> JsonObject | None:
    return scope.find(kind, id) if isinstance(id, str) else None


def mapping_of(flow: JsonObject, scope: Scope, services: Services) -> CompiledMapping | None:
    """Return the compiled mapping set of a flow in the version that it names; None without one.

    Raises:
        SourceError: It is not there.
    """
    params = transformation(flow, "Mapping")
    if params is None:
        return None
    id, version = params.get("mappingId"), str(params.get("mappingVersion", ""))
    found = _found(scope, "mapping_set", id)
    if found is None:
        raise SourceError(f"The mapping set {id} does not exist.", MAPPER_FAULT)
    number = int(version) if version.isdecimal() and len(version) < 10 else found["version"]
    try:
        mapping_set = services.data_prep.version(scope.sandbox, found["id"], number)
    except LookupError:
        text = f"The mapping set {id} has no version {number}."
        raise SourceError(text, MAPPER_FAULT) from None
    return _compiled(mapping_set, scope)


def _compiled(mapping_set: JsonObject, scope: Scope) -> CompiledMapping:
    from emulator.mapping import RESERVED_LISTS, compile_mapping_set

    return compile_mapping_set(
        mapping_set["mappings"],
        clock=scope.platform.clock,
        seed=scope.platform.ids.seed,
        schema=scope.find("resolved_schema", mapping_set["schemaRef"]["id"]),
        nulls=mapping_set.get("allowNullValues") is True,
        reserved=RESERVED_LISTS[scope.edition.answer("data_prep.reserved_words") or "current"],
    )


class Found(NamedTuple):
    """A file that a run reads, and its form. `delta` is the column of a table that tells age."""

    file: File
    form: Form
    delta: str = ""


def found_files(job: Job, scope: Scope, selection: Selection, delta: str) -> list[Found]:
    """Return the files that a run reads, by path.

    Raises:
        SourceError: The source connection names what is not there.
    """
    files = Files(scope.platform).all(scope.sandbox, job.container)
    params = job.source.get("params")
    params = params if isinstance(params, dict) else {}
    if "tableName" in params:
        table = _table(files, str(params["tableName"]), delta)
        return [table] if delta or selection.has(table.file) else []
    path = sources.within(job.container, str(params.get("path", "")))
    chosen = sources.chosen(files, path, sources.is_true(params.get("recursive")))
    if chosen is None:
        raise SourceError(f"There is no file or folder {params.get('path')}.")
    data = job.source.get("data")
    form = sources.form_of(data if isinstance(data, dict) else {})
    return [Found(file, form) for file in chosen if selection.has(file)]


def _table(files: list[File], name: str, delta: str) -> Found:
    file = tables(files).get(name)
    if file is None:
        raise SourceError(f"There is no table {name}.")
    return Found(file, table_form(file.path), delta)


def records(
    job: Job, scope: Scope, found: Iterable[Found], tally: Tally, delta: Delta
) -> Iterator[InputRow]:
    """Yield what each row becomes, with what cannot be read; one file is in memory at a time.

    Raises:
        FileError: A file as a whole cannot be read.
    """
    for item in found:
        name, column = item.file.path, item.delta
        for row in _rows(scope, job.container, item, tally):
            if column and not row.corrupt and not delta.takes(row.value.get(column)):
                continue
            tally.rows_in += 1
            if row.corrupt:
                yield InputRow(row.value, name, CORRUPT)
            else:
                yield InputRow(_mapped(job, row.value, tally.rows_in), name)


def _rows(scope: Scope, container: str, found: Found, tally: Tally) -> Iterator[Row]:
    """Yield the rows of one file, or of all files in an archive."""
    content = Files(scope.platform).read(scope.sandbox, container, found.file.path) or b""
    tally.input.bytes += len(content)
    name = found.file.path.rpartition("/")[2]
    form = sources.detected(content) if found.form.looks else found.form
    for piece in sources.pieces(name, content, form):
        yield from sources.rows(piece, form)


def _mapped(job: Job, row: JsonObject, number: int) -> JsonObject:
    """Return the record that a row becomes; what fails in it is null, and counted."""
    if job.mapping is None:
        return row
    mapped = job.mapping.apply(row, number)
    if mapped.errors:
        job.mapper_faults += 1
    return mapped.record
