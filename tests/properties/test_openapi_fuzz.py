"""Schemathesis calls every operation of the exported OpenAPI documents, well and badly.

`make test` tries a few requests of each kind, always the same; `make fuzz` many, always others.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
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


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    made = new_emulator(self_check=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ids(emulator: Emulator) -> dict[str, str]:
    """What there is, by the path segment before its id."""
    aep = aep_for(emulator)
    world = make_world(aep)
    made = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))["id"]
    lake = Lake(aep, title="Ingested")
    batch = lake.ingest(ANN, BAD, partialIngestionPercent=50, enableErrorDiagnostics=True)
    return {
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


def known_id(path: str, ids: dict[str, str]) -> tuple[str, str] | None:
    """Return the first parameter of a path and what it may be instead of something invented."""
    steps = path.strip("/").split("/")
    for before, step in pairwise(steps):
        if step.startswith("{") and before in ids:
            return step.strip("{}"), ids[before]
    return None


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_keeps_to_the_document(
    service: str, emulator: Emulator, ids: dict[str, str]
) -> None:
    place = f"/_emulator/openapi/{service}.json"
    document = schemathesis.openapi.from_wsgi(place, emulator.wsgi_app)
    state = emulator.snapshot()
    calls = 0

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
        exercise(operation, GenerationMode.POSITIVE, ids, judge)
        if "requestBody" in raw or any(map(can_be_wrong, raw["parameters"])):
            exercise(operation, GenerationMode.NEGATIVE, ids, judge)
    emulated = [item for item in emulator.contract.operations.values() if item.service == service]
    assert calls >= sum(item.emulated for item in emulated)


def can_be_wrong(parameter: dict[str, Any]) -> bool:
    """Tell whether a query parameter has more to it than being text."""
    schema = parameter["schema"]
    return parameter["in"] == "query" and (schema.get("type"), len(schema)) != ("string", 1)


def exercise(operation: Any, mode: GenerationMode, ids: dict[str, str], judge: Any) -> None:
    """Judge replies to some requests of an operation, good or bad in form."""
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
        judge(case)

    try:
        try_it()
    except Unsatisfiable:
        # There is nothing to vary, or nothing that would be wrong.
        pass
    except InvalidSchema:
        if name not in BEYOND_IT:
            raise
