"""The figures for Prometheus: what they count, and that labels stay few."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from emulator import __version__
from emulator.emulator import Emulator
from tests.emulators import new_emulator

if TYPE_CHECKING:
    from prometheus_client import Metric

URL = "/_emulator/metrics"
FLOWS = "/data/foundation/flowservice/flows"
NAMES = ("calls", "broken_rules", "runs", "resources", "journal_calls", "info")


@pytest.fixture
def needs_library() -> None:
    pytest.importorskip("prometheus_client", reason="the extra metrics is not installed")


def families(emulator: Emulator, path: str = URL) -> dict[str, Metric]:
    """Read the figures as Prometheus's own parser does."""
    from prometheus_client.parser import text_string_to_metric_families

    answer = emulator.wsgi_app.test_client().get(path)
    assert answer.status_code == 200, answer.text
    found = text_string_to_metric_families(answer.text)
    return {family.name.removeprefix("aep_emulator_"): family for family in found}


def figures(emulator: Emulator, name: str, path: str = URL) -> dict[tuple[str, ...], float]:
    """Return a metric's values by those of its labels."""
    family = families(emulator, path)[name]
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


@pytest.fixture(params=["memory", "sqlite"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that holds what the tutorial makes, in memory and in a database."""
    is_sqlite = request.param == "sqlite"
    store = f"sqlite:///{tmp_path / 'state.db'}" if is_sqlite else "memory"
    made = new_emulator(scenario="tutorial-complete", store=store)
    yield made
    made.close()


def test_without_the_library_it_says_which_extra(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "emulator.admin.prometheus", None)
    answer = client.get(URL)
    assert answer.status_code == 501
    assert "aep-emulator[metrics]" in answer.text


def test_the_probe_of_the_usual_path_leads_to_it(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 404
    assert URL in answer.text


@pytest.mark.usefixtures("needs_library")
def test_it_counts_calls_and_broken_rules(filled: Emulator, headers: dict[str, str]) -> None:
    client = filled.wsgi_app.test_client()
    for _ in range(3):
        assert client.get(FLOWS, headers=headers).status_code == 200
    without = {name: value for name, value in headers.items() if name != "x-api-key"}
    refused = client.get(FLOWS, headers=without)
    client.get("/nowhere", headers=headers)
    calls = figures(filled, "calls")
    assert calls["flow_service.list_flows", "200"] == 3
    assert calls["flow_service.list_flows", str(refused.status_code)] == 1
    assert calls["", "404"] == 1
    broken = figures(filled, "broken_rules")
    assert broken[refused.headers["x-emulator-rule"], "error"] == 1
    assert any(rule == "platform.unknown_path" for rule, _ in broken)
    assert figures(filled, "journal_calls") == {(): 5}
    client.delete("/_emulator/coverage")
    assert figures(filled, "calls") == {}


@pytest.mark.usefixtures("needs_library")
def test_it_counts_what_is_there(filled: Emulator, headers: dict[str, str]) -> None:
    runs = figures(filled, "runs")
    flow_runs = filled.wsgi_app.test_client().get(
        FLOWS.removesuffix("flows") + "runs", headers=headers
    )
    states = [run["metrics"]["statusSummary"]["status"] for run in flow_runs.get_json()["items"]]
    assert states, "the scenario has runs"
    assert {state: int(runs[state,]) for state in states} == {
        state: states.count(state) for state in states
    }
    resources = figures(filled, "resources")
    assert resources["flow",] == 1
    assert resources["run",] == len(states)
    edition = filled.engine.edition
    (info,) = families(filled)["info"].samples
    assert info.labels == {"version": __version__, "edition": edition, "enforce": "documented"}
    assert ("stored_bytes" in families(filled)) is (filled.settings.store == "memory")
    filled.platform.erase()
    assert figures(filled, "resources")["flow",] == 0
    assert sum(figures(filled, "runs").values()) == 0


@pytest.mark.usefixtures("needs_library")
def test_many_runs_are_counted_and_the_latest_looked_at(
    filled: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = figures(filled, "runs")
    monkeypatch.setattr("emulator.admin.prometheus.MAX_COUNTED_RUNS", 0)
    assert figures(filled, "runs")["(others)",] == sum(whole.values()) > 0


@pytest.mark.usefixtures("needs_library")
def test_clients_cannot_make_labels(emulator: Emulator, headers: dict[str, str]) -> None:
    client = emulator.wsgi_app.test_client()

    def labels() -> set[tuple[str, ...]]:
        return {key for name in NAMES for key in figures(emulator, name)}

    client.get("/nowhere-0", headers=headers)
    client.get(f"{FLOWS}/id-0", headers=headers)
    before = labels()
    for number in range(1, 20):
        client.get(f"/nowhere-{number}", headers={**headers, "x-emulator-test": f"test-{number}"})
        client.get(f"{FLOWS}/id-{number}", headers={**headers, "x-sandbox-name": "dev"})
    assert labels() == before
    assert figures(emulator, "isolated_emulators") == {(): 19}


@pytest.mark.usefixtures("needs_library")
def test_an_isolated_emulator_has_its_own(filled: Emulator, headers: dict[str, str]) -> None:
    client = filled.wsgi_app.test_client()
    client.get(f"/t/mine{FLOWS}", headers=headers)
    filled.isolated("mine").engine.platform.erase()
    assert figures(filled, "resources", f"/t/mine{URL}")["flow",] == 0
    assert figures(filled, "resources")["flow",] == 1


@pytest.mark.usefixtures("needs_library")
def test_openmetrics_is_written_for_who_asks_and_the_process_is_there(emulator: Emulator) -> None:
    client = emulator.wsgi_app.test_client()
    plain = client.get(URL)
    assert plain.content_type.startswith("text/plain")
    assert "process_resident_memory_bytes" in plain.text or sys.platform != "linux"
    asked = client.get(URL, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert asked.content_type.startswith("application/openmetrics-text")
    assert asked.text.endswith("# EOF\n")


@pytest.mark.usefixtures("needs_library")
def test_it_is_guarded_as_the_control_api_is() -> None:
    emulator = new_emulator(admin_token="t0ken")
    client = emulator.wsgi_app.test_client()
    assert client.get(URL).status_code == 403
    assert client.get(URL, headers={"x-emulator-admin-token": "t0ken"}).status_code == 200
    emulator.close()


@pytest.mark.usefixtures("needs_library")
def test_without_a_journal_there_are_no_calls() -> None:
    emulator = new_emulator(journal=0)
    found = families(emulator)
    assert "resources" in found
    assert not {"calls", "journal_calls"} & found.keys()
    emulator.close()
