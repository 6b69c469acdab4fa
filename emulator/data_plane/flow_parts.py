"""What a flow is made of: its connections, the area and query of its source, its mapping set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.data_plane import sources
from emulator.data_plane.delta import transformation
from emulator.data_plane.errors import SourceError
from emulator.data_plane.source_query import SourceQuery, query_of
from emulator.json_types import JsonObject, as_object
from emulator.scope import Scope
from emulator.services.interfaces import Services

if TYPE_CHECKING:
    from emulator.mapping import CompiledMapping

MAPPING_FAILED = "MAPPER-3700-400"


@dataclass(frozen=True, slots=True)
class FlowParts:
    """What a flow is made of.

    `container` is the area of files that its source reads from, `query` what it reads of them.
    """

    flow: JsonObject
    source: JsonObject
    dataset: JsonObject
    container: str
    query: SourceQuery
    options: JsonObject


def flow_parts(services: Services, scope: Scope, flow: JsonObject) -> FlowParts:
    """Return what a flow is made of.

    Raises:
        SourceError: A part of it does not exist any more, or was never named; or its source asks
            for what cannot be carried out.
    """
    parts = services.flow_service.parts_of(scope, flow["id"])
    source, target = parts["source"], parts["target"]
    if source is None or target is None:
        missing = "source" if source is None else "target"
        raise SourceError(f"The flow has no {missing} connection.")
    dataset_id = as_object(target.get("params")).get("dataSetId")
    dataset = scope.find("dataset", dataset_id) if isinstance(dataset_id, str) else None
    if dataset is None:
        raise SourceError(f"The target connection's data set {dataset_id} does not exist.")
    source = sources.under_names_of_spec(scope, source)
    container = sources.container_of(scope, source)
    query, options = query_of(as_object(source.get("params"))), as_object(flow.get("options"))
    return FlowParts(flow, source, dataset, container, query, options)


def flow_mapping(services: Services, scope: Scope, flow: JsonObject) -> CompiledMapping | None:
    """Return the compiled mapping set of a flow in the version that it names; None without one.

    Raises:
        SourceError: It does not exist.
    """
    params = transformation(flow, "Mapping")
    if params is None:
        return None
    id, version = params.get("mappingId"), str(params.get("mappingVersion", ""))
    found = scope.find("mapping_set", id) if isinstance(id, str) else None
    if found is None:
        raise SourceError(f"The mapping set {id} does not exist.", MAPPING_FAILED)
    number = int(version) if version.isdecimal() and len(version) < 10 else found["version"]
    try:
        mapping_set = services.data_prep.version(scope, found["id"], number)
    except LookupError:
        text = f"The mapping set {id} has no version {number}."
        raise SourceError(text, MAPPING_FAILED) from None
    return _compiled(scope, mapping_set)


def _compiled(scope: Scope, mapping_set: JsonObject) -> CompiledMapping:
    from emulator.mapping import RESERVED_LISTS, compile_mapping_set

    words = scope.edition.answer("data_prep.reserved_words")
    schema_id = mapping_set["schemaRef"]["id"]
    return compile_mapping_set(
        mapping_set["mappings"],
        clock=scope.platform.clock,
        seed=scope.platform.ids.seed,
        schema=scope.find("resolved_schema", schema_id) if isinstance(schema_id, str) else None,
        nulls=mapping_set.get("allowNullValues") is True,
        reserved=RESERVED_LISTS[words or "current"],
    )
