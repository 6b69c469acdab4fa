"""Whom the rules of flows are about: files, tables, own specs, destinations; and of which editions.

The tutorials of 2020 speak of file storages, the reference of sources about sources, and the
reference of destinations about destinations.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, World, flow, source_connection

FLOWS = f"{FLOW_SERVICE}/flows"
FTP = "fb2e94c9-c031-467d-8103-6bd6e0a432f2"
STORAGES = {
    "Amazon S3": "ecadc60c-7455-4d87-84dc-2a0e293d997b",
    "Azure Blob": "4c10e202-c428-4796-9208-5f1f5732b1cf",
    "ADLS Gen2, as the appendix has it": "0ed90a81-07f4-4586-8190-b40eccef1c5a",
    "Azure File Storage": "be5ec48c-5b78-49d5-b8fa-7c89ec4569b8",
    "Google Cloud Storage": "32e8f412-cdf7-464c-9885-78184cb113fd",
    "HDFS": "54e221aa-d342-4707-bcff-7a4bceef0001",
    "Oracle Object Storage": "c85f9425-fb21-426c-ad0b-405e9bd8a46c",
    "SFTP, as the appendix has it": "bf367b0d-3d9b-4060-b67b-0d3d9bd06094",
    "FTP": FTP,
}
"""The file storages of the newer tutorial's appendix, and FTP, of which its prose speaks."""
SNOWFLAKE = "b2e08744-4f1a-40ce-af30-7abac3e23cf3"
EXPORT = "269ba276-16fc-47db-92b0-c1049a3c131f"
START = {"startTime": "1597784298"}


def source_on(api: AepClient, spec: str, **changes: Any) -> str:
    """Return the id of a source connection on a base connection of a spec."""
    named = {"id": spec, "version": "1.0"}
    made = api.ok("POST", f"{FLOW_SERVICE}/connections", {"name": "B", "connectionSpec": named})
    body = source_connection(made["id"], connectionSpec=named, **changes)
    id: str = api.ok("POST", f"{FLOW_SERVICE}/sourceConnections", body)["id"]
    return id


def names(rules: list[str]) -> list[str]:
    return [rule.rpartition(".")[2] for rule in rules]


@pytest.mark.parametrize("spec", STORAGES.values(), ids=STORAGES)
def test_the_appendix_says_which_storages_a_flow_takes(
    api: AepClient, world: World, spec: str
) -> None:
    """The flow spec's printed list lacks four of them."""
    body = flow(world, sourceConnectionIds=[source_on(api, spec)])
    assert api.call("POST", FLOWS, body, x_emulator_edition="2020-09").status == 201


def test_a_source_of_tables_is_no_storage_of_the_appendix(api: AepClient, world: World) -> None:
    tables = {"data": {"format": "tabular"}, "params": {"tableName": "a.b", "columns": []}}
    body = flow(world, sourceConnectionIds=[source_on(api, SNOWFLAKE, **tables)])
    answer = api.call("POST", FLOWS, body, x_emulator_edition="2020-09")
    assert answer.rule == "flow_service.create_flow.source_is_a_cloud_storage_2020_09"
    answer = api.call("POST", FLOWS, body, x_emulator_edition="2020-03")
    assert "source_is_a_cloud_storage_2020_03" in names(answer.warnings)


@pytest.mark.parametrize("edition", ["2020-09", "latest"])
def test_a_schedule_on_ftp_is_noted(api: AepClient, world: World, edition: str) -> None:
    source = source_on(api, FTP)
    noted = "flow_service.create_flow.ftp_is_read_once"
    body = flow(world, sourceConnectionIds=[source])
    answer = api.call("POST", FLOWS, body, x_emulator_edition=edition)
    assert (answer.status, noted in answer.warnings) == (201, True)
    body["scheduleParams"] = {**START, "frequency": "once"}
    answer = api.call("POST", FLOWS, body, x_emulator_edition=edition)
    assert (answer.status, noted in answer.warnings) == (201, False)


def test_interval_minimums_are_those_of_the_edition(api: AepClient, world: World) -> None:
    hourly = {**START, "frequency": "hour", "interval": "1"}
    found = {}
    for edition in ("2020-03", "2020-09", "latest"):
        body = flow(world, scheduleParams=hourly)
        answer = api.call("POST", FLOWS, body, x_emulator_edition=edition)
        found[edition] = answer.rule.rpartition(".")[2]
    assert found == {"2020-03": "", "2020-09": "interval_is_at_least_15_2020_09", "latest": ""}


def test_an_end_time_is_judged_where_the_flow_spec_has_one(api: AepClient, world: World) -> None:
    schedule = {**START, "frequency": "minute", "interval": "15", "endTime": "tomorrow"}
    body = flow(world, scheduleParams=schedule)
    for edition in ("2020-03", "2020-09"):
        answer = api.call("POST", FLOWS, body, x_emulator_edition=edition)
        assert names([answer.rule]) == ["end_time_is_epoch_seconds"]
    answer = api.call("POST", FLOWS, body)
    said = ["end_time_is_epoch_seconds", "schedule_names_are_in_its_spec"]
    assert (answer.status, names(answer.warnings)) == (201, said)


def test_the_schedule_of_an_own_spec_fits_the_own_spec(api: AepClient, world: World) -> None:
    """No tutorial knows it: its own schema is what counts."""
    schema = {"type": "object", "required": ["cron"], "properties": {"cron": {"type": "string"}}}
    spec = {
        "name": "Own",
        "providerId": "p",
        "sourceConnectionSpecIds": [STORAGES["Azure Blob"]],
        "targetConnectionSpecIds": ["c604ff05-7f1a-43c0-8e18-33bf874cb11c"],
        "scheduleSpec": {"name": "Own", "type": "Cron", "spec": schema},
    }
    own = {"id": api.ok("POST", f"{FLOW_SERVICE}/flowSpecs", spec)["id"]}
    for schedule, rule in (({"cron": "0 * * * *"}, ""), (START, "schedule_fits_the_schedule_spec")):
        answer = api.call("POST", FLOWS, flow(world, flowSpec=own, scheduleParams=schedule))
        assert answer.rule.rpartition(".")[2] == rule


# Destinations


def export(world: World, **changes: Any) -> dict[str, Any]:
    """Return the body of a flow that exports data sets; its ends do not matter here."""
    every_3_hours = {"interval": 3, "timeUnit": "hour", "startTime": 1675901210}
    spec = {"id": EXPORT, "version": "1.0"}
    made = flow(world, flowSpec=spec, transformations=[], scheduleParams=every_3_hours)
    return {**made, **changes}


def test_an_export_has_the_schedule_of_exports(api: AepClient, world: World) -> None:
    once = {"exportMode": "DAILY_FULL_EXPORT", "interval": 0, "timeUnit": "day", "startTime": 1}
    odd = {"interval": 5, "timeUnit": "hour", "startTime": 1}
    for body, remarked in (
        (export(world), False),
        (export(world, scheduleParams=once), False),
        (export(world, scheduleParams=odd), True),
    ):
        answer = api.call("POST", FLOWS, body)
        found = "export_schedule_is_supported" in names(answer.warnings)
        assert (answer.status, found) == (201, remarked)
    for mode, found in (("FIRST_FULL_THEN_INCREMENTAL", False), ("DAILY_FULL_EXPORT", True)):
        hourly = {"exportMode": mode, "interval": "3", "timeUnit": "hour", "startTime": 1}
        answer = api.call("POST", FLOWS, export(world, scheduleParams=hourly))
        assert ("export_mode_fits_its_interval" in names(answer.warnings)) is found
    for schedule in (None, {}, {"interval": 3, "timeUnit": "hour"}):
        answer = api.call("POST", FLOWS, export(world, scheduleParams=schedule))
        assert names([answer.rule]) == ["export_has_a_schedule"]


def test_a_flow_to_a_destination_has_a_name(api: AepClient, world: World) -> None:
    unnamed = {name: value for name, value in export(world).items() if name != "name"}
    assert names([api.call("POST", FLOWS, unnamed).rule]) == ["destination_flow_has_a_name"]
    unnamed = {name: value for name, value in flow(world).items() if name != "name"}
    answer = api.call("POST", FLOWS, unnamed)
    assert (answer.status, names(answer.warnings)) == (201, ["name_is_sent"])
