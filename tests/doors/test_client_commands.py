"""The commands of every day, against a running emulator."""

from __future__ import annotations

import argparse
import json
import shlex
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from emulator.commands import listing
from emulator.commands.examples import EXAMPLES
from emulator.commands.health import is_health
from emulator.commands.parsers import COMMANDS, make_parser
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.serving.server import Server
from tests.doors.test_cli import assert_one_line, run
from tests.emulators import new_emulator

ORGANIZATION = GIVEN["organization"]
OTHER = "89ABCDEF0123456701234567@AdobeOrg"
Told = Callable[..., str]


@pytest.fixture
def url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's URL, which commands find in the environment."""
    address = f"http://127.0.0.1:{server.port}"
    monkeypatch.setenv("AEP_EMULATOR_URL", address)
    return address


@pytest.fixture
def told(url: str) -> Told:
    """Runs a command that succeeds and returns what it prints."""

    def call(*words: str, code: int = 0) -> str:
        done = run(*words)
        assert (done.returncode, done.stderr) == (code, "")
        return done.stdout

    return call


@pytest.fixture
def tutorial(told: Told) -> None:
    told("scenarios", "load", "tutorial-complete")


def read(text: str) -> Any:
    return json.loads(text)


WITHOUT_JSON = {"serve", "completion", "contracts", "faults", "scenarios", "state", ""}
"""What serves until it is ended, prints a script, or only has further commands."""


def test_every_command_takes_json() -> None:
    lacking = {
        one.prog.partition(" ")[2]
        for one in parsers(make_parser())
        if "--json" not in one._option_string_actions
    }
    assert lacking == WITHOUT_JSON


@pytest.mark.parametrize("group", ["contracts", "faults", "scenarios", "state"])
def test_a_group_of_commands_prints_its_help(group: str) -> None:
    done = run(group)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run(group, "--help").stdout
    assert f"usage: aep-emulator {group}" in done.stdout


def test_without_a_command_the_help_is_printed() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert f"\n    {command}" in done.stdout


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from parsers(one)


def test_every_help_has_an_example_that_can_be_typed() -> None:
    names = [one.prog.partition(" ")[2] for one in parsers(make_parser())]
    assert sorted(names) == sorted(EXAMPLES)
    for one in parsers(make_parser()):
        example = one.format_help().rpartition("\nexample:\n  aep-emulator ")[2]
        words = shlex.split(example)
        assert make_parser(words[0]).parse_args(words).run
        assert example.startswith(one.prog.partition(" ")[2].split(" ")[0])


def test_the_url_is_that_of_the_flag_else_of_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("health").returncode == 0
    assert run("health", "--url", "http://127.0.0.1:9").returncode == 1
    assert run("clock", "--url", "http://127.0.0.1:9", "advance", "P1D").returncode == 2
    monkeypatch.setenv("AEP_EMULATOR_URL", "localhost:8080")
    assert_one_line(run("calls"), "AEP_EMULATOR_URL", "localhost:8080")
    monkeypatch.setenv("AEP_EMULATOR_URL", "")  # is as if it were not set
    monkeypatch.setenv("AEP_EMULATOR_PORT", url.rpartition(":")[2])
    assert run("health").returncode == 0
    assert run("health", "--url", url).returncode == 0


CLIENTS = [
    "calls",
    "clock",
    "edition",
    "explain",
    "faults list",
    "files",
    "report",
    "rows Leads",
    "run Leads",
    "runs",
    "settings",
    "tick",
    "worlds",
]


@pytest.mark.parametrize("command", CLIENTS)
def test_an_emulator_that_does_not_answer_is_one_line(command: str) -> None:
    done = run(*command.split(), "--url", "http://127.0.0.1:9")
    assert_one_line(done, "no emulator answers", "--url or AEP_EMULATOR_URL")


@pytest.mark.parametrize("command", ["calls", "demo", "open --print"])
def test_a_server_that_is_not_an_emulator_is_named(url: str, command: str) -> None:
    """Here the base URL of a service, which answers in a form of its own."""
    done = run(*command.split(), "--url", f"{url}/data")
    assert_one_line(done, f"{url}/data is not an aep-emulator", "--url or AEP_EMULATOR_URL")


def test_only_an_emulator_is_healthy(url: str) -> None:
    done = run("health", "--url", f"{url}/data")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not an aep-emulator" in done.stderr
    assert not any(map(is_health, ("<html>", "", "[]", '{"ok": true}')))
    assert is_health('{"error": "unauthorized", "detail": "a token is missing"}')


@pytest.mark.parametrize("command", CLIENTS)
def test_commands_need_the_token_where_there_is_one(command: str) -> None:
    with Server(new_emulator(admin_token="secret").application) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert_one_line(run(*command.split(), "--url", url), "token")


@pytest.mark.usefixtures("tutorial")
def test_calls_are_listed_newest_first_shown_and_selected(
    told: Told, emulator: Emulator, headers: dict[str, str]
) -> None:
    client = emulator.wsgi_app.test_client()
    flows = "/data/foundation/flowservice/flows"
    assert client.get(flows, headers=headers).status_code == 200
    assert client.get(flows, headers={**headers, "x-api-key": ""}).status_code >= 400
    refused, accepted = told("calls").splitlines()[:2]
    assert "platform.gate.api_key_is_sent" in refused
    assert accepted.endswith(flows)
    assert told("calls", "--outcome", "accepted", "--limit", "1").splitlines() == [accepted]
    assert told("calls", "--operation", "catalog.list_datasets") == "no calls\n"
    listed = read(told("calls", "--json"))["entries"]
    assert [call["status"] for call in listed[:2]] == [listed[0]["status"], 200]
    shown = told("calls", "show", str(listed[1]["id"]))
    assert "No findings" in shown
    assert "Response: 200" in shown
    assert '"items": [' in shown
    assert "x-api-key" in told("explain")
    assert read(told("explain", "--json")) == read(told("calls", "show", "last", "--json"))
    head, rule, sent, wanted, fix = told("explain", "--short").splitlines()
    assert (head, rule) == (
        f"#{listed[0]['id']}  GET {flows}  {listed[0]['status']} refused",
        "platform.gate.api_key_is_sent  (error, refused the request)",
    )
    assert sent == '  sent      headers.x-api-key: "" is shorter than 1 character'
    assert wanted == "  wanted    Every call carries the header x-api-key."
    assert fix.startswith("  fix       Send x-api-key")
    assert_one_line(run("calls", "show", "99999"), "99999")
    assert_one_line(run("calls", "--status", "many"), "many")


def followed(words: list[str], then: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a following command prints: at first, and after something has happened."""
    looks = threading.Event()

    def every_second() -> Iterator[None]:
        yield
        then()
        looks.set()
        yield
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "every_second", every_second)
    done = run(*words)
    assert looks.is_set()
    assert (done.returncode, done.stderr) == (130, "")
    return done.stdout


@pytest.mark.usefixtures("url")
def test_calls_are_followed(
    emulator: Emulator, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = emulator.wsgi_app.test_client()

    def call(collection: str) -> None:
        client.get(f"/data/foundation/flowservice/{collection}", headers=headers)

    call("flows")
    said = followed(["calls", "--follow"], lambda: call("connections"), monkeypatch)
    assert [line.rpartition("/")[2] for line in said.splitlines()] == ["flows", "connections"]
    said = followed(["calls", "--follow", "--json"], lambda: call("runs"), monkeypatch)
    assert [read(line)["id"] for line in said.splitlines()] == [1, 2, 3]


def test_calls_that_are_written_late_are_followed_too(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has lower numbers and writes later: its calls come behind what was shown."""
    shape = {"method": "GET", "path": "/", "status": 200, "outcome": "accepted", "findings": []}
    calls: list[dict[str, Any]] = [
        {**shape, "id": n, "time": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z"} for n in range(1300)
    ]
    kept = [one for one in calls if one["id"] not in (40, 1195)][:1250]

    def answer(_: object, __: str, path: str) -> object:
        asked = dict(parse_qsl(path.partition("?")[2]))
        newest = [one for one in reversed(kept) if int(asked.get("cursor", 9999)) > one["id"]]
        page = newest[: int(asked["limit"])]
        more = {"nextCursor": page[-1]["id"]} if len(page) < len(newest) else {}
        return {"entries": page, **more}

    def late() -> None:
        kept.extend(calls[1252:])
        kept.append(calls[1195])
        kept.sort(key=lambda one: one["id"])

    monkeypatch.setattr(listing, "ask", answer)
    said = followed(["calls", "--follow", "--json", "--limit", "2"], late, monkeypatch)
    ids = [read(line)["id"] for line in said.splitlines()]
    assert ids == [1250, 1251, 1195, *range(1252, 1300)]


def test_following_looks_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    looks = listing.every_second()
    for _ in range(3):
        next(looks)
    assert waited == [1.0, 1.0]


FLOW = "Leads from cloud storage 1"


@pytest.mark.usefixtures("tutorial")
def test_a_flow_is_run_and_its_runs_are_listed_and_followed(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = read(told("runs", "--json"))["runs"]
    ran = told("run", FLOW)
    assert FLOW in ran
    assert "Nothing was read" in ran
    second = read(told("run", first["flow"], "--organization", ORGANIZATION, "--json"))
    assert (second["state"], second["name"]) == ("success", FLOW)
    lines = [line for line in told("runs", "--flow", FLOW).splitlines() if line[:1] != " "]
    assert len(lines) == 3
    assert second["id"] in lines[0]
    assert told("runs", FLOW) == told("runs", second["flow"]) == told("runs", "--flow", FLOW)
    none = told("runs", "Laeds from cloud storage 1")
    assert none == f"unknown flow 'Laeds from cloud storage 1'; did you mean {FLOW}?\n"
    assert_one_line(run("runs", FLOW, "--flow", "another"), "name one flow")
    assert told("runs", "--state", "failed") == "no runs\n"
    assert told("runs", "--sandbox", "dev") == "no runs\n"
    words = ["runs", "--follow", "--json", "--limit", "1"]
    said = followed(words, lambda: told("run", FLOW), monkeypatch).splitlines()
    assert [read(line)["id"] for line in said[:1]] == [second["id"]]
    assert len({read(line)["id"] for line in said}) == len(said) == 2  # the older ones are not new
    assert_one_line(run("run", "Laeds from cloud storage"), "did you mean", FLOW)
    assert_one_line(run("run", FLOW, "--sandbox", "dev"), "there is no flow")
    assert_one_line(run("runs", "--limit", "0"), "limit")


@pytest.mark.usefixtures("tutorial")
def test_the_first_rows_of_a_data_set_are_shown(told: Told, tmp_path: Path) -> None:
    name = "Leads 1"
    assert told("rows", name) == "no rows\n"
    file = tmp_path / "leads.tsv"
    file.write_text("Id\tFirstName\tLastName\n1\tAda\tLovelace\n2\tAlan\t\n")
    told("files", "put", "Leads container 1", str(file), "leads/incoming/leads.tsv")
    told("run", FLOW)
    found = read(told("rows", name, "--json"))
    assert [row["_id"] for row in found["rows"]] == ["1", "2"]
    assert [line.split() for line in told("rows", found["id"]).splitlines()] == [
        ["_id", "person.name.firstName", "person.name.lastName"],
        ["1", "Ada", "Lovelace"],
        ["2", "Alan"],
    ]
    assert len(read(told("rows", name, "--limit", "1", "--json"))["rows"]) == 1
    assert_one_line(run("rows", "Laeds 1"), "unknown data set", "did you mean", name)
    assert_one_line(run("rows", name, "--sandbox", "dev"), "there is no data set")
    assert_one_line(run("rows", name, "--limit", "0"), "limit")


@pytest.mark.usefixtures("url")
def test_a_run_that_failed_says_why_and_ends_with_1(told: Told, tmp_path: Path) -> None:
    told("scenarios", "load", "failing-runs")
    assert "Error occurred at promotion activity." in told("runs", "--state", "failed")
    (connection,) = [
        one["name"] for one in read(told("files", "--json"))["connections"] if one["files"]
    ]
    place = read(told("files", "ls", connection, "--json"))["files"][0]["path"]
    folder = place.rpartition("/")[0]
    empty = tmp_path / "empty.tsv"
    empty.touch()
    told("files", "put", connection, str(empty), f"{folder}/empty.tsv")
    assert "failed" in told("run", FLOW, code=1)
    assert f"{folder}/empty.tsv: Dataset file is empty" in told("explain", "run")
    found = read(told("runs", "--state", "failed", "--json"))["runs"]
    shown = [told("explain", "run", each["id"]) for each in found]
    assert any("row 2: the row has 4 values for 3 columns" in text for text in shown)
    assert read(told("explain", "run", "last", "--json"))["run"]["id"] == found[0]["id"]
    assert told("explain", "run", *FLOW.split()) == told("explain", "run", "last")
    head, rows, *says = told("explain", "run", "--short").splitlines()
    assert head == told("explain", "run").splitlines()[0]
    assert rows.startswith("  rows      0 read, 0 written")
    assert f"  says      {folder}/empty.tsv: Dataset file is empty" in "\n".join(says)
    assert_one_line(run("explain", "run", "none"), "unknown run 'none'")
    assert_one_line(run("explain", "runs", "none"), "a call's number, last, or run")


@pytest.mark.usefixtures("tutorial")
def test_several_flows_of_a_name_and_those_that_are_disabled_are_not_run(
    emulator: Emulator, told: Told, headers: dict[str, str]
) -> None:
    told("scenarios", "load", "tutorial-complete", "--organization", OTHER)
    assert_one_line(run("run", FLOW), "name one by id", f"prod of {ORGANIZATION}", OTHER)
    assert FLOW in told("run", FLOW, "--organization", OTHER)
    told("scenarios", "load", "tutorial-complete")
    (first,) = read(told("runs", "--json"))["runs"]
    client = emulator.wsgi_app.test_client()
    path = f"/data/foundation/flowservice/flows/{first['flow']}"
    assert client.post(f"{path}/action?op=disable", headers=headers).status_code == 200
    assert_one_line(run("run", FLOW), "not enabled", "disabled")


def flags(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", value)]


@pytest.mark.usefixtures("tutorial")
def test_files_are_put_listed_got_and_removed(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_bytes(b"Id\n1\n")
    connection = "Leads container 1"
    assert "leads.csv: 5 bytes" in told("files", "put", connection, str(file))
    answer = read(told("files", "put", connection, str(file), "in coming/a&b.csv", "--json"))
    assert answer["path"] == "in coming/a&b.csv"
    id = answer["container"]
    assert f"{id}  {connection}: 2 files, 10 bytes" in told("files")
    assert told("files") == told("files", "ls")
    assert told("files", "ls", id) == told("files", "ls", connection)
    assert told("files", "ls", id).split("\n")[0].split(maxsplit=1) == ["5", "in coming/a&b.csv"]
    assert told("files", "get", id, "leads.csv") == "Id\n1\n"
    got = tmp_path / "got.csv"
    told("files", "get", connection, "in coming/a&b.csv", "--output", str(got))
    assert got.read_bytes() == file.read_bytes()
    assert "leads/a.csv: 5 bytes" in told("files", "put", connection, str(file), "/leads//a.csv")
    assert told("files", "get", connection, "/leads/a.csv") == "Id\n1\n"
    assert told("files", "rm", connection, "/leads/a.csv") == "/leads/a.csv: removed\n"
    told("files", "rm", connection, "leads.csv")
    near = "has no file leads.csv; it has in coming/a&b.csv"
    assert_one_line(run("files", "get", connection, "leads.csv"), near)
    assert_one_line(run("files", "rm", connection, "leads.csv"), "has no file leads.csv")
    assert_one_line(run("files", "ls", "Leads contaner 1"), "did you mean", connection)
    assert_one_line(run("files", "put", connection, str(tmp_path / "none")), "No such file")
    assert_one_line(run("files", "put", connection, "-"), "PATH")
    told("files", "put", "dlz-user-container", str(file))
    assert "leads.csv" in told("files", "ls", "dlz-user-container")


def test_files_need_a_sandbox_where_several_hold_something(told: Told) -> None:
    assert_one_line(run("files"), "no sandbox holds anything")
    for organization, sandbox in ((ORGANIZATION, "dev"), (OTHER, "prod")):
        place = {"organization": organization, "sandbox": sandbox}
        told("scenarios", "load", "tutorial-half-way", *flags(place))
    assert_one_line(run("files"), f"dev of {ORGANIZATION}", f"prod of {OTHER}")
    assert "container" in told("files", "--sandbox", "dev", "ls")
    assert "container" in told("files", "--organization", OTHER)


@pytest.mark.usefixtures("tutorial")
def test_a_reset_forgets_everything_or_a_sandbox(told: Told) -> None:
    place = {"organization": ORGANIZATION, "sandbox": "dev"}
    assert told("reset", *flags(place)) == f"reset: dev of {ORGANIZATION}\n"
    assert told("runs") != "no runs\n"
    assert read(told("reset", "--json")) == {"reset": "all"}
    assert told("runs") == "no runs\n"


def test_the_edition_is_shown_and_changed(told: Told, emulator: Emulator) -> None:
    assert ["*", "latest"] in [line.split()[:2] for line in told("edition").splitlines()]
    assert told("edition", "2020-09") == "edition 2020-09 is in force\n"
    assert emulator.engine.edition == "2020-09"
    assert read(told("edition", "--json"))["current"] == "2020-09"
    assert_one_line(run("edition", "1999-12"), "2020-03, 2020-09, latest")


def test_isolated_emulators_are_listed_and_dropped(told: Told, url: str) -> None:
    assert told("worlds") == "no isolated emulators\n"
    for name in ("one", "two", "three"):
        told("health", "--url", f"{url}/t/{name}")
    assert told("worlds") == "one\ntwo\nthree\n"
    told("worlds", "drop", "two")
    assert read(told("worlds", "--json"))["worlds"] == ["one", "three"]
    assert_one_line(run("worlds", "drop", "two"), "two")
    told("worlds", "drop", "--all")
    assert told("worlds") == "no isolated emulators\n"


def test_settings_are_shown_without_secrets(told: Told) -> None:
    assert "max_worlds" in told("settings")
    told("edition", "2020-09")
    assert [line.split()[:3] for line in told("settings", "--changed").splitlines()] == [
        ["*", "edition", "2020-09"]
    ]
    made = new_emulator(admin_token="opensesame", sandboxes=("prod", "x"), self_check=True)
    with Server(made.application) as server:
        url = f"http://127.0.0.1:{server.port}"
        changed = ["settings", "--changed", "--url", url, "--admin-token", "opensesame"]
        said = run(*changed).stdout
        rows = read(run(*changed, "--json").stdout)["settings"]
    assert {row["name"]: row["value"] for row in rows} == {
        "admin_token": "***",
        "sandboxes": ["prod", "x"],
        "self_check": True,
    }
    assert "opensesame" not in said


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://me:pass@db/aep?password=pass", "postgresql://me:***@db/aep?***"),
        ("sqlite:///state.db", "sqlite:///state.db"),
        ("memory", "memory"),
    ],
)
def test_urls_in_settings_have_no_passwords(value: str, shown: str) -> None:
    from dataclasses import replace

    from emulator.admin.settings import _value
    from emulator.settings import table

    made = new_emulator()
    made.engine.platform.settings = replace(made.engine.platform.settings, store=value)
    (row,) = [row for row in table() if row.name == "store"]
    assert _value(made.engine, row) == shown


def test_the_page_is_opened_or_its_address_printed(
    told: Told, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Browser:
        def open(self, address: str) -> bool:
            opened.append(address)
            return True

    def none() -> None:
        raise webbrowser.Error("there is none")

    page = f"{url}/_emulator/ui/"
    monkeypatch.setattr(webbrowser, "get", Browser)
    assert told("open") == f"{page}\n"
    assert opened == [page]
    assert told("open", "--print") == f"{page}\n"
    assert opened == [page]
    monkeypatch.setattr(webbrowser, "get", none)
    assert read(told("open", "--json")) == {"address": page, "opened": False}
    assert_one_line(run("open", "--url", "http://127.0.0.1:9"), "no emulator answers")


@pytest.mark.usefixtures("tutorial")
def test_due_runs_are_carried_out(told: Told, emulator: Emulator) -> None:
    assert told("tick") == "0 runs carried out\n"
    assert read(told("clock", "advance", "P1D", "--json"))["runs"] >= 0
    assert read(told("tick", "--json")) == {"runs": 0}


@pytest.mark.usefixtures("tutorial")
@pytest.mark.parametrize(
    "command",
    [
        "calls",
        "clock",
        "contracts check .",
        "contracts diff 2020-03 latest",
        "contracts explain flow_service.create_flow.frequency_is_known",
        "contracts format .",
        "contracts format . --check",
        "contracts list --operation flow_service.create_flow",
        "contracts openapi ims",
        "contracts openapi ims --output ims.json",
        "contracts request-schemas schemas",
        "contracts schemas contract-schemas",
        "demo",
        "faults add 429",
        "faults clear",
        "faults list",
        "faults schema",
        "health",
        "report",
        "scenarios list",
        "scenarios load tutorial-half-way",
        "scenarios schema",
        "seed --flows 1",
        "state save state.json",
        "state schema",
        "tick",
        "worlds",
    ],
)
def test_every_command_prints_json(
    command: str, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(read(told(*command.split(), "--json")), dict)


@pytest.mark.parametrize(
    ("command", "near"),
    [
        ("cals", "calls"),
        ("files putt", "put"),
        ("clock advanced P1D", "advance"),
        ("calls --statsu 404", "--status"),
        ("calls --statsu=404", "--status"),
        ("files get Blob a.csv --outptu b.csv", "--output"),
        ("serve --edtion latest", "--edition"),
        ("report --format htm", "html"),
    ],
)
def test_the_nearest_command_flag_or_value_is_named(command: str, near: str) -> None:
    done = run(*command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"did you mean {near}?\n")


def test_what_resembles_nothing_is_only_refused() -> None:
    for command in ("zzzzzz", "calls --zzzzzz", "files ls a b"):
        done = run(*command.split())
        assert done.returncode == 2
        assert "did you mean" not in done.stderr


def test_a_mistaken_variable_is_warned_of(url: str) -> None:
    done = run("health", AEP_EMULATOR_EDTION="latest")
    assert done.returncode == 0
    warning = "AEP_EMULATOR_EDTION is not a variable; did you mean AEP_EMULATOR_EDITION?"
    assert done.stderr == f"aep-emulator: {warning}\n"
    assert "AEP_EMULATOR_URL?" in run("health", AEP_EMULATOR_ULR=url).stderr


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AEP_EMULATOR_EDTION", ""),
        ("AEP_EMULATOR_EDITION", "latest"),
        ("AEP_EMULATOR_PACKAGE", "aep-emulator"),  # that of a recipe for CI
        ("AEP_EMULATOR_SERVICE_HOST", "10.0.0.1"),  # that of a service in Kubernetes
        ("AEP_EMULATOR_SERVICE_PORT", "8080"),
        ("AEP_EMULATOR_SERVICE_PORT_HTTP", "8080"),
        ("AEP_EMULATOR_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("AEP_EMULATOR_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("AEP_EMULATOR_JOURNAL_PORT", "tcp://10.0.0.1:8080"),  # the service aep-emulator-journal
        ("AEP_EMULATOR_HOST_SERVICE_HOST", "10.0.0.1"),
        ("EDTION", "latest"),
    ],
)
def test_other_variables_are_not_warned_of(name: str, value: str) -> None:
    assert run("health", **{name: value}).stderr == ""


def test_the_address_of_a_service_in_kubernetes_is_not_a_port(url: str) -> None:
    done = run("health", AEP_EMULATOR_PORT="tcp://10.0.0.1:8080")
    assert done.returncode == 0
    assert done.stderr == (
        "aep-emulator: AEP_EMULATOR_PORT=tcp://10.0.0.1:8080 is a service's address, not a setting;"
        " it is ignored\n"
    )
    assert_one_line(run("health", AEP_EMULATOR_PORT="many", AEP_EMULATOR_URL=""), "'many'")
