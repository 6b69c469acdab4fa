"""What tests put in and read without calling the APIs: files, runs, rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.testing import Aep, AepServer
from emulator.testing.mock import mock_aep
from tests.bodies import FLOW_SERVICE, base_connection

CONNECTION, FLOW, DATASET = "Leads storage", "Leads every half hour", "Leads"


@pytest.fixture(params=[Aep, AepServer], ids=["in process", "server"])
def local(request: pytest.FixtureRequest) -> Iterator[Aep]:
    with request.param(edition="2020-09") as aep:
        aep.load_scenario("tutorial-complete")
        yield aep


def names(aep: Aep) -> dict[str, str]:
    """The names of the scenario's connection, flow and data set."""
    session = aep.session
    (connection,) = session.get(f"{FLOW_SERVICE}/connections").json()["items"]
    (flow,) = session.get(f"{FLOW_SERVICE}/flows").json()["items"]
    ((id, dataset),) = session.get("/data/foundation/catalog/dataSets").json().items()
    return {
        "connection": connection["name"],
        "connection id": connection["id"],
        "flow": flow["name"],
        "flow id": flow["id"],
        "dataset": dataset["name"],
        "dataset id": id,
    }


ROWS = "Id\tFirstName\tLastName\n1\tAda\tLovelace\n2\tAlan\tTuring\n"
PLACE = "leads/incoming/leads.tsv"


@pytest.mark.parametrize("by", ["", " id"], ids=["by name", "by id"])
def test_a_file_becomes_rows(local: Aep, by: str) -> None:
    named = names(local)
    local.put_file(named[f"connection{by}"], PLACE, ROWS)
    calls = len(local.journal)
    run = local.run(named[f"flow{by}"])
    assert run["state"] == "success"
    assert run["flowId"] == named["flow id"]
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 2
    rows = local.records(named[f"dataset{by}"])
    assert [row["person"]["name"]["firstName"] for row in rows] == ["Ada", "Alan"]
    assert local.runs(named[f"flow{by}"])[-1] == run
    assert len(local.journal) == calls
    shown = local.session.get(f"{FLOW_SERVICE}/runs/{run['id']}").json()["items"][0]
    assert shown == run
    local.assert_no_violations()


def test_all_rows_are_returned_beyond_the_preview(local: Aep) -> None:
    named = names(local)
    lines = "".join(f"{number}\tA\tB\n" for number in range(250))
    local.put_file(named["connection"], PLACE, f"Id\tFirstName\tLastName\n{lines}".encode())
    local.run(named["flow"])
    assert len(local.records(named["dataset"])) == 250


def test_a_file_of_the_disk_and_a_connection_that_is_made_on_another(
    local: Aep, tmp_path: Path
) -> None:
    (tmp_path / "leads.tsv").write_text(ROWS, "utf-8")
    sources = local.session.get(f"{FLOW_SERVICE}/sourceConnections").json()["items"]
    assert {source["baseConnectionId"] for source in sources} == {names(local)["connection id"]}
    local.put_file(sources[0]["id"], PLACE, tmp_path / "leads.tsv")
    local.run(names(local)["flow"])
    assert len(local.records(names(local)["dataset"])) == 2


def test_runs_that_are_due_are_carried_out_by_a_tick_or_a_look(local: Aep) -> None:
    named = names(local)
    before = len(local.runs())
    emulator = local.emulator
    local.clock.set(1_700_000_000_000)
    after = len(local.runs(named["flow"]))
    assert after > before
    clock = emulator.platform.clock
    clock.jump(clock.now() + 3_600_000)  # type: ignore[attr-defined]
    assert local.tick() == 2
    assert local.tick() == 0
    assert len(local.runs()) == after + 2
    times = [run["createdAt"] for run in local.runs()]
    assert times == sorted(times)


def test_a_failed_run_says_why(local: Aep) -> None:
    named = names(local)
    local.put_file(named["connection"], PLACE, b"")
    run = local.run(named["flow"])
    assert run["state"] == "failed"
    assert run["metrics"]["statusSummary"]["errors"][0]["message"]
    assert local.records(named["dataset"]) == []


def test_the_landing_zone_takes_files_too() -> None:
    with mock_aep() as aep:
        aep.put_file("dlz-user-container", "a.csv", "a,b\n1,2\n")
        listed = aep.session.get("/_emulator/files/dlz-user-container").json()["files"]
    assert [file["path"] for file in listed] == ["a.csv"]


def test_a_name_that_there_is_not_is_told_with_the_nearest(local: Aep) -> None:
    named = names(local)
    wrong = named["flow"][:-1]
    with pytest.raises(ValueError, match=f"unknown flow '{wrong}'; did you mean {named['flow']}"):
        local.run(wrong)
    with pytest.raises(ValueError, match="unknown flow 'x'; expected one of"):
        local.runs("x")
    with pytest.raises(ValueError, match="unknown data set 'x'"):
        local.records("x")
    with pytest.raises(ValueError, match="unknown connection 'x'; the sandbox dev has none"):
        local.put_file("x", "a", "", sandbox="dev")
    with pytest.raises(ValueError, match="the path '/' names no file"):
        local.put_file(named["connection"], "/", "")


def test_a_name_of_several_has_to_be_an_id(local: Aep) -> None:
    for _ in range(2):
        local.session.post(f"{FLOW_SERVICE}/connections", json=base_connection(name="twin"))
    with pytest.raises(ValueError, match="2 are named 'twin'; give the connection's id"):
        local.put_file("twin", "a", "")


def test_a_flow_that_is_disabled_does_not_run(local: Aep) -> None:
    flow = names(local)["flow id"]
    before = local.runs(flow)
    path = f"{FLOW_SERVICE}/flows/{flow}"
    etag = local.session.get(path).json()["items"][0]["etag"]
    headers = {"If-Match": etag}
    local.session.post(f"{path}/action", params={"op": "disable"}, headers=headers)
    with pytest.raises(ValueError, match="is not enabled: its state is disabled"):
        local.run(flow)
    assert local.runs(flow) == before


def test_a_file_for_which_there_is_no_room(local: Aep) -> None:
    with Aep(max_stored=1000) as aep, pytest.raises(ValueError, match="max_stored"):
        aep.put_file("dlz-user-container", "a.csv", b"x" * 2000)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"dataset": 3}, "unknown kind of data 'dataset'; did you mean datasets?"),
        ({"x": 3}, "unknown kind of data 'x'; expected one of datasets, flows, schemas, conne"),
        ({"runs": {"day": 3}}, "unknown member of runs 'day'; did you mean days?"),
    ],
)
def test_the_seed_names_what_it_does_not_know(spec: dict[str, object], said: str) -> None:
    with Aep() as aep, pytest.raises(ValueError, match="unknown") as caught:
        aep.seed(**spec)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
