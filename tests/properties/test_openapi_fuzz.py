"""Schemathesis calls every operation of the exported OpenAPI documents, well and badly.

`make test` tries a few requests of each kind, always the same: it makes them of the documents of
the latest edition, sends some of them to earlier ones too, and tries once what two editions
document alike. `make fuzz` tries many, always others, of the documents of every edition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.errors import InvalidSchema

from emulator.emulator import Emulator
from emulator.json_types import at
from emulator.state import State
from emulator.web.self_check import HEADER
from tests.bodies import FLOW_SERVICE, HEADERS, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.properties.effort import EXAMPLES, IS_LONG
from tests.services.lake import ANN, BAD, Lake

load_all_checks()
JUDGE_NAMES = [
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
# Only checks that are functions judge a single reply.
JUDGES = [check for check in CHECKS.get_by_names(JUDGE_NAMES) if not isinstance(check, type)]
assert len(JUDGES) == len(JUDGE_NAMES)

SERVICES = (
    "batch_ingestion catalog connectors data_access data_prep dataset_service flow_service ims "
    "sandbox_management schema_registry"
).split()

ACCEPTED = [
    "application/vnd.adobe.xed+json",
    "application/vnd.adobe.xed+json; version=1",
    "application/vnd.adobe.xed-full+json; version=1",
    "application/vnd.adobe.xdm-v2+json",
    "application/vnd.adobe.xdm+json",
    "*/*",
]
"""Schemathesis would invent them from the patterns of the rules, which takes it seconds."""

BEYOND_IT = {"schema_registry.create_descriptor", "schema_registry.replace_descriptor"}
"""Operations of whose bodies it can make no good ones; see its UnsupportedSchema."""


GIVEN = {"accept", *(name.lower() for name in HEADERS)}
"""Headers that every request has as they should be."""


class Filled(NamedTuple):
    """A state with a resource of each kind, and their ids by the path segment before each."""

    state: State
    ids: dict[str, str]


@pytest.fixture(scope="module")
def filled() -> Filled:
    """What was made as today's documents say it."""
    emulator = new_emulator()
    aep = aep_for(emulator)
    world = make_world(aep)
    made = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))["id"]
    lake = Lake(aep, title="Ingested")
    batch = lake.ingest(ANN, BAD, partialIngestionPercent=50, enableErrorDiagnostics=True)
    ids = {
        "batches": batch,
        "dataSetFiles": f"{batch}-1",
        "files": f"{batch}-1",
        "connections": world.base,
        "sourceConnections": world.source,
        "targetConnections": world.target,
        "flows": made,
        "schemas": unquote(world.schema),
        "dataSets": world.dataset,
        "datasets": world.dataset,
        "mappingSets": world.mapping,
        "sandboxes": "dev",
    }
    return Filled(emulator.snapshot(), ids)


@pytest.fixture(scope="module", params=("latest", "2020-09", "2020-03"))
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator of each edition in turn."""
    made = new_emulator(edition=request.param, self_check=True)
    yield made
    made.close()


def known_id(path: str, ids: dict[str, str]) -> tuple[str, str] | None:
    """Return the first parameter of a path and what it may be instead of something invented."""
    steps = path.strip("/").split("/")
    for before, step in pairwise(steps):
        if step.startswith("{") and before in ids:
            return step.strip("{}"), ids[before]
    return None


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_keeps_to_the_document(
    service: str, emulator: Emulator, filled: Filled
) -> None:
    place = f"/_emulator/openapi/{service}.json"
    document = schemathesis.openapi.from_wsgi(place, emulator.wsgi_app)
    state = replace(filled.state, edition=emulator.settings.edition)
    calls = repeated = 0

    def judge(case: Case[Any]) -> None:
        nonlocal calls
        calls += 1
        emulator.restore(state)
        reply = case.call()
        assert reply.status_code < 500 or reply.status_code == 501, case.as_curl_command()
        assert HEADER not in reply.headers, reply.headers[HEADER]
        case.validate_response(reply, checks=JUDGES)

    for result in document.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        raw = operation.definition.raw
        if "x-alias" in raw or "501" in raw["responses"]:
            continue
        if not IS_LONG and not is_new(operation.label, written_out(document.raw_schema, raw)):
            repeated += 1
            continue
        here = service, operation.label
        if here in _SENT and not IS_LONG:
            for parts in _SENT[here]:
                judge(operation.Case(**parts))
            continue
        sent = exercise(operation, GenerationMode.POSITIVE, filled.ids, judge)
        if has_form(raw) or any(map(can_be_wrong, raw["parameters"])):
            sent += exercise(operation, GenerationMode.NEGATIVE, filled.ids, judge)
        _SENT[here] = sent
    emulated = [item for item in emulator.contract.operations.values() if item.service == service]
    assert calls + repeated >= sum(item.emulated for item in emulated)
    assert not repeated or state.edition != "latest"


_TRIED: set[str] = set()
"""Operations as documents of earlier tests have them; 2020-03 has most as 2020-09 has them."""


_SENT: dict[tuple[str, str], list[dict[str, Any]]] = {}
"""A good and a bad request of each operation of a service, in parts.

To make them takes longer than to send them."""


def is_new(label: str, documented: Any) -> bool:
    """Tell whether no edition before this one has documented just the same."""
    text = label + json.dumps(documented, sort_keys=True)
    if text in _TRIED:
        return False
    _TRIED.add(text)
    return True


def written_out(document: Any, value: Any, within: tuple[str, ...] = ()) -> Any:
    """Return a part of a document with what it refers to; a reference to itself stays one."""
    if isinstance(value, list):
        return [written_out(document, item, within) for item in value]
    if not isinstance(value, dict):
        return value
    place = value.get("$ref")
    # Examples of schemas refer to resources of the platform.
    if isinstance(place, str) and place.startswith("#/components/") and place not in within:
        return written_out(document, at(document, place.removeprefix("#")), (*within, place))
    return {name: written_out(document, item, within) for name, item in value.items()}


def has_form(operation: dict[str, Any]) -> bool:
    """Tell whether an operation has a body that is more than bytes, which are never wrong."""
    return any(name != "*/*" for name in operation.get("requestBody", {}).get("content", ()))


def can_be_wrong(parameter: dict[str, Any]) -> bool:
    """Tell whether a query parameter has more to it than being text, or nobody gives a header."""
    schema = parameter["schema"]
    if parameter["in"] == "header":
        return parameter["name"] not in GIVEN
    return parameter["in"] == "query" and (schema.get("type"), len(schema)) != ("string", 1)


def parts_of(case: Case[Any]) -> dict[str, Any]:
    """Return what `operation.Case` makes the same request of."""
    return {
        "path_parameters": case.path_parameters,
        "headers": case.headers,
        "cookies": case.cookies,
        "query": case.query,
        "body": case.body,
        "media_type": case.media_type,
        "multipart_content_types": case.multipart_content_types,
    }


def exercise(
    operation: Any, mode: GenerationMode, ids: dict[str, str], judge: Any
) -> list[dict[str, Any]]:
    """Judge replies to some requests of an operation, good or bad in form; return the last one."""
    sent: list[dict[str, Any]] = []
    known = known_id(operation.path, ids)
    name = operation.definition.raw["operationId"]

    @settings(
        max_examples=EXAMPLES,
        derandomize=not IS_LONG,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode, headers={**HEADERS, "accept": "*/*"}), st.data())
    def try_it(case: Case[Any], data: st.DataObject) -> None:
        case.headers["accept"] = data.draw(st.sampled_from(ACCEPTED))
        if known and data.draw(st.booleans()):
            case.path_parameters[known[0]] = known[1]
        sent[:] = [parts_of(case)]
        judge(case)

    try:
        try_it()
    except Unsatisfiable:
        # There is nothing to vary, or nothing that would be wrong.
        pass
    except InvalidSchema:
        if name not in BEYOND_IT:
            raise
    return sent
