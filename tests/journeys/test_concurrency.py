"""Two clients and more at once: nothing leaks, nothing dangles, and a race has one winner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

from emulator.testing.client import AepClient, Response
from tests.bodies import (
    CATALOG,
    FLOW_SERVICE,
    HEADERS,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    flow,
    make_world,
    profile_schema,
    source_connection,
)
from tests.emulators import aep_for
from tests.journeys.conftest import Running, by_requests

THREADS = 8
ROUNDS = 5

Act = Callable[[AepClient], Any]


class Crowd:
    """Clients in threads of their own, over sockets or by calling the application itself.

    The server runs the application on one thread; whoever serves it otherwise may run many.
    """

    def __init__(self, running: Running, organization: str, door: str) -> None:
        self._running = running
        self._organization = organization
        self._door = door
        self._sessions: list[requests.Session] = []

    def member(self, organization: str = "") -> AepClient:
        aep = aep_for(self._running.emulator)
        if self._door == "socket":
            session = requests.Session()
            session.trust_env = False
            self._sessions.append(session)
            aep.send = by_requests(self._running.url, session)
        aep.headers = {**HEADERS, "x-gw-ims-org-id": organization or self._organization}
        return aep

    def race(self, *acts: Act) -> list[Any]:
        """Do all acts at the same moment, each as a member of its own; return what they return."""
        start = Barrier(len(acts))

        def run(act: Act, member: AepClient) -> Any:
            start.wait()
            return act(member)

        members = [self.member() for _ in acts]
        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts, members))

    def close(self) -> None:
        for session in self._sessions:
            session.close()


@pytest.fixture(params=["socket", "threads"])
def crowd(request: pytest.FixtureRequest, shared: Running, organization: str) -> Iterator[Crowd]:
    made = Crowd(shared, organization, request.param)
    yield made
    made.close()


def create(path: str, body: Any) -> Act:
    return lambda aep: aep.call("POST", path, body)


def url(*steps: str) -> str:
    return "/".join((FLOW_SERVICE, *steps))


def test_two_organizations_that_write_at_once_see_only_their_own(crowd: Crowd) -> None:
    """Each thread creates in one of two organizations; all ids differ, and none leaks."""
    first = crowd.member().headers["x-gw-ims-org-id"]
    organizations = [first, "C0DE" + first[4:]]

    def fill(number: int) -> Act:
        def act(_: AepClient) -> tuple[str, list[str]]:
            organization = organizations[number % 2]
            aep = crowd.member(organization)
            bodies = [base_connection(name=f"{number} {round}") for round in range(ROUNDS)]
            return organization, [aep.ok("POST", url("connections"), b)["id"] for b in bodies]

        return act

    made: dict[str, list[str]] = {organization: [] for organization in organizations}
    for organization, ids in crowd.race(*(fill(number) for number in range(THREADS))):
        made[organization] += ids
    everyone = [id for ids in made.values() for id in ids]
    assert len(set(everyone)) == THREADS * ROUNDS
    for organization, ids in made.items():
        listed = crowd.member(organization).ok("GET", url("connections") + "?limit=100")["items"]
        assert {item["id"] for item in listed} == set(ids)
        assert {item["imsOrgId"] for item in listed} == {organization}


@pytest.mark.parametrize("round", range(ROUNDS))
def test_of_patches_with_the_same_etag_one_wins(crowd: Crowd, round: int) -> None:
    aep = crowd.member()
    created = aep.ok("POST", url("connections"), base_connection())
    path = url("connections", created["id"])

    def patch(number: int) -> Act:
        body = [{"op": "replace", "path": "/name", "value": f"Winner {number}"}]
        return lambda member: member.call("PATCH", path, body, If_Match=created["etag"])

    answers: list[Response] = crowd.race(*(patch(number) for number in range(THREADS)))
    statuses = [answer.status for answer in answers]
    assert sorted(statuses) == [200] + [412] * (THREADS - 1)
    winner = statuses.index(200)
    (item,) = aep.ok("GET", path)["items"]
    assert (item["name"], item["etag"]) == (f"Winner {winner}", answers[winner].json["etag"])


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("collection", ["sourceConnections", "targetConnections", "connections"])
def test_a_deletion_that_races_with_a_flow_leaves_nothing_dangling(
    crowd: Crowd, collection: str, round: int
) -> None:
    """Either the flow is there and what it uses could not be deleted, or neither is."""
    aep = crowd.member()
    world = make_world(aep, f"Leads {round}")
    used = {
        "connections": world.base,
        "sourceConnections": world.source,
        "targetConnections": world.target,
    }
    path = url(collection, used[collection])
    creates = [create(url("flows"), flow(world))] * 2
    deleted, *created = crowd.race(lambda member: member.call("DELETE", path), *creates)
    flows = aep.ok("GET", url("flows"))["items"]
    assert len(flows) == [answer.status for answer in created].count(201)
    if deleted.status == 204:
        assert {answer.status for answer in created} == {400}
        assert aep.call("GET", path).status == 404
        assert flows == []
    else:
        assert (deleted.status, {answer.status for answer in created}) == (400, {201})
        assert aep.call("GET", path).status == 200


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_deleted_base_connection_is_used_by_no_source_connection(
    crowd: Crowd, round: int
) -> None:
    aep = crowd.member()
    base = aep.ok("POST", url("connections"), base_connection())["id"]
    creates = [create(url("sourceConnections"), source_connection(base))] * (THREADS - 1)
    delete = url("connections", base)
    deleted, *_ = crowd.race(lambda member: member.call("DELETE", delete), *creates)
    assert deleted.status == 204
    assert aep.ok("GET", url("sourceConnections"))["items"] == []


@pytest.mark.parametrize("round", range(ROUNDS))
def test_of_schemas_with_the_same_title_one_wins(crowd: Crowd, round: int) -> None:
    path = f"{SCHEMA_REGISTRY}/tenant/schemas"
    racers = [create(path, profile_schema("The only one"))] * THREADS
    answers: list[Response] = crowd.race(*racers)
    assert sorted(answer.status for answer in answers) == [201] + [400] * (THREADS - 1)
    assert {answer.rule.rpartition(".")[2] for answer in answers} == {"", "title_is_unique"}
    accept = "application/vnd.adobe.xed-id+json"
    assert len(crowd.member().ok("GET", path, Accept=accept)["results"]) == 1


def test_data_sets_that_are_created_at_once_all_differ(crowd: Crowd) -> None:
    aep = crowd.member()
    schema = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    path = f"{CATALOG}/dataSets"
    answers: list[Response] = crowd.race(*[create(path, dataset(schema))] * THREADS)
    assert {answer.status for answer in answers} == {201}
    references = {answer.json[0].removeprefix("@/dataSets/") for answer in answers}
    listed = aep.ok("GET", path)
    assert references == set(listed)
    tables = [one["tags"]["adobe/pqs/table"][0] for one in listed.values()]
    assert len(set(tables)) == THREADS
