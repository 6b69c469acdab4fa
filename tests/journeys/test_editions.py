"""What one edition accepts and another refuses, both ways over the socket, however it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
import requests

from emulator.testing.client import AepClient, Response
from tests.bodies import (
    CATALOG,
    CONVERSION,
    DATA_LAKE,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    flow,
    make_world,
    mapping_set,
    profile_schema,
    source_connection,
    target_connection,
)
from tests.journeys.conftest import Running, client_of, serve
from tests.journeys.topics import (
    ADLS_ALIAS,
    EDITIONS,
    FLOWS,
    SOURCES,
    TARGETS,
    TOPICS,
    Place,
    on_the_lake,
    with_schema,
)

SCHEMAS = f"{SCHEMA_REGISTRY}/tenant/schemas"


@contextmanager
def chosen_by_header(edition: str) -> Iterator[AepClient]:
    with _serving("latest") as aep:
        aep.headers["x-emulator-edition"] = edition
        yield aep


@contextmanager
def chosen_by_control(edition: str) -> Iterator[AepClient]:
    with _serving("latest") as aep:
        told = aep.exchange(
            "PUT", "/_emulator/edition", {}, b'{"edition": "%b"}' % edition.encode()
        )
        assert (told.status, told.json) == (200, {"edition": edition})
        yield aep


@contextmanager
def chosen_by_setting(edition: str) -> Iterator[AepClient]:
    with _serving(edition) as aep:
        yield aep


@contextmanager
def _serving(edition: str) -> Iterator[AepClient]:
    with contextmanager(serve)(edition=edition) as running, requests.Session() as session:
        session.trust_env = False
        yield client_of(running, session)


def make_place(aep: AepClient) -> Place:
    """Create what the table needs, in the newest edition, which all of them see."""
    aep = AepClient(aep.send, aep.contract, {**aep.headers, "x-emulator-edition": "latest"})
    lake = {"name": "Lake", "connectionSpec": {"id": DATA_LAKE, "version": "1.0"}}
    spec = {"id": ADLS_ALIAS, "version": "1.0"}
    connections = f"{FLOW_SERVICE}/connections"
    base = aep.ok("POST", connections, {"name": "Alias", "connectionSpec": spec})["id"]
    body = source_connection(base, connectionSpec=spec)
    alias = aep.ok("POST", f"{FLOW_SERVICE}/{SOURCES}", body)["id"]
    return Place(make_world(aep), aep.ok("POST", connections, lake)["id"], alias)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("choose", [chosen_by_header, chosen_by_control, chosen_by_setting])
def test_each_edition_accepts_and_refuses_what_its_documents_say(
    choose: Callable[[str], Any], edition: str
) -> None:
    with choose(edition) as aep:
        place = make_place(aep)
        found, expected = {}, {}
        for topic in TOPICS:
            path = f"{FLOW_SERVICE}/{topic.collection}"
            answer: Response = aep.call("POST", path, topic.body(place))
            found[topic.name] = (answer.status, answer.rule.rpartition(".")[2])
            verdict = topic.verdicts[EDITIONS.index(edition)]
            expected[topic.name] = (400 if verdict else 201, verdict)
        assert found == expected


def test_a_header_chooses_for_one_request_over_what_was_put(own_aep: AepClient) -> None:
    world = make_world(own_aep)
    own_aep.exchange("PUT", "/_emulator/edition", {}, b'{"edition": "2020-03"}')
    body, path = target_connection(world.schema, world.dataset), f"{FLOW_SERVICE}/{TARGETS}"
    assert own_aep.call("POST", path, body).status == 400
    assert own_aep.call("POST", path, body, x_emulator_edition="2020-09").status == 201
    assert own_aep.call("POST", path, body).status == 400


@pytest.mark.parametrize(
    ("edition", "status"), [("2020-03", 200), ("2020-09", 200), ("latest", 412)]
)
def test_an_unquoted_etag_matched_in_2020_and_does_not_today(
    aep: AepClient, edition: str, status: int
) -> None:
    created = aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())
    path = f"{FLOW_SERVICE}/connections/{created['id']}"
    patch = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    bare = created["etag"].strip('"')
    answer = aep.call("PATCH", path, patch, If_Match=bare, x_emulator_edition=edition)
    assert answer.status == status
    quoted = aep.ok("GET", path)["items"][0]["etag"]
    assert aep.ok("PATCH", path, patch, If_Match=quoted, x_emulator_edition=edition)


@pytest.mark.parametrize(
    ("edition", "members"),
    [("2020-03", {"id"}), ("2020-09", {"id", "etag"}), ("latest", {"id", "etag"})],
)
def test_source_connections_and_flows_answer_an_etag_since_september(
    aep: AepClient, edition: str, members: set[str]
) -> None:
    place = make_place(aep)
    aep.headers["x-emulator-edition"] = edition
    body = with_schema(format="parquet")(place)
    assert set(aep.ok("POST", f"{FLOW_SERVICE}/{SOURCES}", body)) == members
    assert set(aep.ok("POST", f"{FLOW_SERVICE}/{FLOWS}", flow(place.world))) == members
    lake = on_the_lake()(place)
    assert set(aep.ok("POST", f"{FLOW_SERVICE}/{TARGETS}", lake)) == {"id", "etag"}


@pytest.mark.parametrize(("edition", "sources"), [("2020-03", 0), ("2020-09", 9), ("latest", 12)])
def test_the_flow_spec_lists_what_its_edition_prints(
    aep: AepClient, edition: str, sources: int
) -> None:
    path = f"{FLOW_SERVICE}/flowSpecs?property=name==%22CloudStorageToAEP%22"
    (spec,) = aep.ok("GET", path, x_emulator_edition=edition)["items"]
    assert len(spec.get("sourceConnectionSpecIds", [])) == sources
    assert spec.get("targetConnectionSpecIds", []) == ([DATA_LAKE] if sources else [])
    frequencies = spec["scheduleSpec"]["spec"]["properties"]["frequency"]["enum"]
    assert ("once" in frequencies) == (edition == "latest")


@pytest.mark.parametrize(
    ("edition", "status"), [("2020-03", 406), ("2020-09", 406), ("latest", 400)]
)
@pytest.mark.parametrize("accept", ["", "application/json", "application/vnd.adobe.odd+json"])
def test_an_accept_header_that_is_none_was_a_406_and_is_a_400(
    aep: AepClient, edition: str, status: int, accept: str
) -> None:
    headers = {"Accept": accept, "x-emulator-edition": edition}
    answer = aep.exchange("GET", SCHEMAS, {**aep.headers, **headers})
    assert answer.status == status
    old = {"type", "status", "title", "detail"}
    assert set(answer.json) == (old if status == 406 else {*old, "report"})


CLASSIC = {"errorMessage", "errorDetails"}
CODED = {"type", "title", "status", "detail", "report", *CLASSIC}
PLACEHOLDER = {"type", "status", "title", "detail"}


@pytest.mark.parametrize(
    ("path", "members"),
    [
        (f"{FLOW_SERVICE}/flows/wrong", (CLASSIC, CLASSIC, CODED)),
        (f"{SCHEMAS}/wrong", (PLACEHOLDER, PLACEHOLDER, {*PLACEHOLDER, "report"})),
        (f"{CATALOG}/dataSets/wrong", (PLACEHOLDER,) * 3),
        (f"{CONVERSION}/mappingSets/wrong", (PLACEHOLDER,) * 3),
    ],
)
def test_each_edition_has_its_shape_of_errors(
    aep: AepClient, path: str, members: tuple[set[str], ...]
) -> None:
    for edition, expected in zip(EDITIONS, members, strict=True):
        accept = "application/vnd.adobe.xed+json;version=1"
        answer = aep.call("GET", path, Accept=accept, x_emulator_edition=edition)
        assert (answer.status, set(answer.json)) == (404, expected), edition


def test_a_schema_is_shown_as_its_edition_prints_it(aep: AepClient) -> None:
    added = [{"refs", "imsOrg", "meta:tenantNamespace"}, {"meta:sandboxId", "meta:sandboxType"}]
    shown = []
    for edition, digits in zip(EDITIONS, (32, 48, 48), strict=True):
        body = profile_schema(f"Leads {edition}")
        schema = aep.ok("POST", SCHEMAS, body, x_emulator_edition=edition)
        assert len(schema["$id"].rpartition("/")[2]) == digits
        assert schema["meta:altId"].startswith("_") == (edition != "2020-03")
        shown.append(set(schema))
    assert [shown[1] - shown[0], shown[2] - shown[1]] == added
    assert shown[0] <= shown[1] <= shown[2]


def test_a_mapping_set_is_shown_as_its_edition_prints_it(aep: AepClient) -> None:
    schema = aep.ok("POST", SCHEMAS, profile_schema())["$id"]
    path = f"{CONVERSION}/mappingSets"
    bodies = [aep.ok("POST", path, mapping_set(schema), x_emulator_edition=e) for e in EDITIONS]
    summary = {"id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"}
    assert [set(body) == summary for body in bodies] == [False, True, True]
    assert [body["version"] for body in bodies] == [1, 0, 0]
    assert {"mappings", "status", "xdmSchema", "outputSchemaRef"} <= set(bodies[0])
    assert (bodies[0]["id"].count("-"), bodies[1]["id"].count("-")) == (4, 0)


def test_a_data_set_is_shown_as_its_edition_prints_it(aep: AepClient) -> None:
    schema = aep.ok("POST", SCHEMAS, profile_schema())["$id"]
    path = f"{CATALOG}/dataSets"
    for edition in EDITIONS:
        aep.headers["x-emulator-edition"] = edition
        reference = aep.ok("POST", f"{path}?requestDataSource=true", dataset(schema))[0]
        shown = aep.ok("GET", f"{path}/{reference.rpartition('/')[2]}")
        (only,) = shown.values()
        assert ("dataSourceId" in only) == (edition != "latest")
        assert only["state"] == ("ACTIVE" if edition == "latest" else "DRAFT")


def test_what_one_edition_made_every_other_reads(aep: AepClient) -> None:
    made = {}
    for edition in EDITIONS:
        body = profile_schema(f"Leads {edition}")
        made[edition] = aep.ok("POST", SCHEMAS, body, x_emulator_edition=edition)["$id"]
    accept = "application/vnd.adobe.xed+json;version=1"
    for edition in EDITIONS:
        for id in made.values():
            path = f"{SCHEMAS}/{quote(id, safe='')}"
            assert aep.ok("GET", path, Accept=accept, x_emulator_edition=edition)["$id"] == id


def test_an_unknown_edition_is_refused_wherever_it_is_named(
    own: Running, own_aep: AepClient
) -> None:
    answer = own_aep.call("GET", f"{FLOW_SERVICE}/flows", x_emulator_edition="1999-12")
    assert (answer.status, answer.rule) == (400, "platform.unknown_edition")
    put = own_aep.send("PUT", "/_emulator/edition", {}, b'{"edition": "1999-12"}')
    assert put[0] == 400
    assert own.emulator.engine.edition == "latest"
