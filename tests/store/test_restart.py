"""What an emulator with a database holds outlives it, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.emulator import Emulator
from emulator.settings import SettingError, Settings
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, World, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.services.lake import ANN, BOB, EXPORT, Lake

Start = Callable[..., Emulator]


@pytest.fixture(params=["sqlite", "sqlite in a folder", "postgresql"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Start:
    """Return a function that starts an emulator on one database."""
    settings = {"store": f"sqlite:///{tmp_path}/state.db"}
    if request.param == "sqlite in a folder":
        settings["blobs"] = f"file://{tmp_path}/elsewhere"
    if request.param == "postgresql":
        settings["store"] = request.getfixturevalue("server").url()

    def create(**more: str) -> Emulator:
        like = new_emulator()
        return create_emulator(Settings(**settings, **more), like=like)  # type: ignore[arg-type]

    with closing(create()) as fresh:
        fresh.reset()
    return create


def isolated(emulator: Emulator) -> Emulator:
    """Return the isolated emulator `one`."""
    made = emulator.isolated("one")
    assert isinstance(made, Emulator)
    return made


def sources(aep: AepClient) -> list[str]:
    items = aep.ok("GET", f"{FLOW_SERVICE}/sourceConnections?limit=100")["items"]
    return [item["id"] for item in items]


def test_resources_ids_and_files_go_on(start: Start) -> None:
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        world: World = make_world(aep)
        put(aep, world.base, "leads/incoming/a.tsv")
        lake = Lake(aep, title="Ingested")
        batch = lake.ingest(ANN, BOB)
        request_id = aep.call("GET", f"{FLOW_SERVICE}/flows").headers["x-request-id"]
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        assert sources(aep) == [world.source]
        rows = aep.ok("GET", f"{EXPORT}/datasets/{lake.dataset}/preview")["data"]
        assert [row["_id"] for row in rows] == ["1", "2"]
        later = {"startTime": 4_000_000_000, "frequency": "once"}
        made = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=later))["id"]
        run = aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": made})["id"]
        found = aep.ok("GET", f"{FLOW_SERVICE}/runs/{run}")["items"][0]
        assert found["metrics"]["recordSummary"]["outputRecordCount"] == 2
        other = make_world(aep, title="Others")
        assert other.source not in (world.source, made, batch)
        assert sources(aep) == [other.source, world.source]
        assert aep.call("GET", f"{FLOW_SERVICE}/flows").headers["x-request-id"] != request_id


def test_what_was_chosen_while_it_ran_stays_chosen(start: Start) -> None:
    with closing(start()) as emulator:
        aep_for(emulator).ok("PUT", "/_emulator/edition", {"edition": "2020-03"})
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        assert aep.ok("GET", "/_emulator/edition") == {"edition": "2020-03"}
        emulator.reset()
        assert aep.ok("GET", "/_emulator/edition") == {"edition": "latest"}


def test_isolated_emulators_are_still_there(start: Start) -> None:
    with closing(start()) as emulator:
        world = make_world(aep_for(isolated(emulator)))
        make_world(aep_for(emulator))
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        assert aep.ok("GET", "/_emulator/worlds")["worlds"] == ["one"]
        assert sources(aep_for(isolated(emulator))) == [world.source]
        aep.ok("DELETE", "/_emulator/worlds/one")
        assert aep.ok("GET", "/_emulator/worlds")["worlds"] == []
        assert sources(aep_for(isolated(emulator))) == []
        assert len(sources(aep)) == 1


def test_a_reset_and_a_state_are_those_of_the_database(start: Start) -> None:
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        make_world(aep)
        state = emulator.snapshot()
        first = sources(aep)
        make_world(aep, title="Others")
        emulator.restore(state)
        assert sources(aep) == first
        emulator.reset()
    with closing(start()) as emulator:
        assert sources(aep_for(emulator)) == []
        assert aep_for(emulator).ok("GET", f"{CATALOG}/dataSets") == {}


def test_a_scenario_is_loaded_into_an_empty_database_only(start: Start) -> None:
    with closing(start(scenario="tutorial-half-way")) as emulator:
        aep = aep_for(emulator)
        flows = len(emulator.platform.store.dump().documents)
        assert flows > 0
        world = make_world(aep)
    with closing(start(scenario="tutorial-half-way")) as emulator:
        aep = aep_for(emulator)
        assert sources(aep) == [world.source]
        emulator.reset()
        assert sources(aep) == []


def test_what_is_refused_has_written_nothing(start: Start) -> None:
    with closing(start()) as emulator:
        aep = aep_for(emulator)
        make_world(aep)
        before = emulator.platform.store.dump()
        assert aep.call("POST", f"{FLOW_SERVICE}/flows", {"name": "x"}).status == 400
        assert emulator.platform.store.dump() == before


@pytest.mark.parametrize(
    ("store", "blobs", "says"),
    [
        ("sqlite:////nowhere/at/all.db", "", "unable to open database file"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/x", "", "refused"),
        ("mysql://localhost/x", "", "neither sqlite nor postgresql"),
        ("nonsense", "", "store: nonsense"),
        ("memory", "file:///tmp/x", "needs a store"),
        ("sqlite://", "memory", "would be gone"),
        ("sqlite://", "nonsense://x", "nonsense"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused_in_a_line(
    store: str, blobs: str, says: str
) -> None:
    with pytest.raises(SettingError) as refused:
        create_emulator(Settings(store=store, blobs=blobs), like=new_emulator())
    message = str(refused.value)
    assert says in message
    assert "secret" not in message
    assert "\n" not in message


def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    import sqlalchemy as sa

    url = f"sqlite:///{tmp_path}/state.db"
    create_emulator(Settings(store=url), like=new_emulator()).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("update schema_version set version = 999")
    engine.dispose()
    with pytest.raises(SettingError, match="its tables are of version 999"):
        create_emulator(Settings(store=url), like=new_emulator())
