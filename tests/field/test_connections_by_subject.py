"""Rules of source and target connections speak about their subject only.

What one tutorial says of files, or of the Data Lake, decides nothing for tables, streams, partner
sources and destinations; what is shown and not demanded is remarked on.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.client import AepClient, Response
from tests.bodies import (
    BLOB,
    DATA_LAKE,
    FLOW_SERVICE,
    World,
    base_connection,
    make_world,
    source_connection,
    target_connection,
)
from tests.emulators import aep_for, new_emulator

S3_DESTINATION = "4fce964d-3f37-408f-9778-e597338a21ee"
BIG_QUERY = "3c9b37f8-13a6-43d8-bad3-b863b941fedd"
SNOWFLAKE = "b2e08744-4f1a-40ce-af30-7abac3e23cf3"
KINESIS = "86043421-563b-46ec-8e6c-e23184711bf6"
MIXPANEL = "fd2c8ff3-1de0-4f6b-8fa8-4264784870eb"
CAPILLARY = "6360f136-5980-4111-8bdf-15d29eab3b5a"
PROFILES = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator())


@pytest.fixture
def world(api: AepClient) -> World:
    return make_world(api)


def send(
    api: AepClient, collection: str, body: dict[str, Any], edition: str = "latest"
) -> Response:
    return api.call("POST", f"{FLOW_SERVICE}/{collection}", body, x_emulator_edition=edition)


def remarks(answer: Response) -> list[str]:
    """Return the last parts of the ids of the rules that remark on an accepted request."""
    assert answer.status == 201, (answer.rule, answer.content)
    return [id.rpartition(".")[2] for id in answer.warnings]


def refusal(answer: Response) -> str:
    """Return the last part of the id of the rule that refuses a request."""
    assert answer.status == 400, answer.content
    return answer.rule.rpartition(".")[2]


def spec(id: str) -> dict[str, Any]:
    return {"id": id, "version": "1.0"}


def to_bucket(api: AepClient, **changes: Any) -> dict[str, Any]:
    """Return a target connection of the Amazon S3 destination, on a base connection of it."""
    auth = {"specName": "Access Key", "params": {"s3AccessKey": "a", "s3SecretKey": "b"}}
    account = {"name": "Bucket", "auth": auth, "connectionSpec": spec(S3_DESTINATION)}
    base = api.ok("POST", f"{FLOW_SERVICE}/connections", account)["id"]
    params = {"mode": "Server-to-server", "bucketName": "bucket", "path": "folder"}
    body = {"name": "t", "baseConnectionId": base, "params": params}
    return {**body, "connectionSpec": spec(S3_DESTINATION), **changes}


def to_data_set(world: World, **data: Any) -> dict[str, Any]:
    """Return a target connection to the data set whose data is just this."""
    return {**target_connection(world.schema, world.dataset), "data": data}


# Targets


@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
def test_a_target_of_a_destination_has_a_base_connection_of_the_destination(
    api: AepClient, edition: str
) -> None:
    assert "base_connection_is_the_data_lake" not in remarks(
        send(api, "targetConnections", to_bucket(api), edition)
    )
    without = send(api, "targetConnections", to_bucket(api, baseConnectionId=None), edition)
    assert refusal(without) == "base_connection_is_sent_to_destinations"
    nameless = to_bucket(api)
    del nameless["name"]
    answer = send(api, "targetConnections", nameless, edition)
    assert refusal(answer) == "name_is_sent_for_destinations"


def test_a_target_of_a_destination_on_another_account_is_remarked_on(
    api: AepClient, world: World
) -> None:
    answer = send(api, "targetConnections", to_bucket(api, baseConnectionId=world.base))
    assert "base_connection_is_of_the_same_spec" in remarks(answer)


@pytest.mark.parametrize("format", ["parquet_xdm", "json"])
def test_a_target_without_schema_is_accepted_today(
    api: AepClient, world: World, format: str
) -> None:
    """The page on streaming of 2021 and aepp send the one, pages of partners the other."""
    body = to_data_set(world, format=format)
    assert remarks(send(api, "targetConnections", body)) == ["target_schema_is_sent"]
    answer = send(api, "targetConnections", body, "2020-09")
    assert refusal(answer) == "target_schema_is_sent"


def test_a_partners_page_has_the_spec_of_its_source_on_the_target(
    api: AepClient, world: World
) -> None:
    body = {**to_data_set(world, format="json"), "connectionSpec": spec(MIXPANEL)}
    found = remarks(send(api, "targetConnections", body))
    assert "spec_of_a_partner_is_a_target" in found


@pytest.mark.parametrize("source", [BLOB, SNOWFLAKE])
def test_the_target_of_files_and_tables_has_the_fixed_spec(
    api: AepClient, world: World, source: str
) -> None:
    body = {**target_connection(world.schema, world.dataset), "connectionSpec": spec(source)}
    assert refusal(send(api, "targetConnections", body)) == "spec_is_the_data_lake"
    answer = send(api, "targetConnections", body, "2020-09")
    assert refusal(answer) == "spec_is_the_data_lake_2020_09"


def test_the_target_of_march_2020_has_the_spec_of_a_cloud_storage(
    api: AepClient, world: World
) -> None:
    lake = {"name": "Lake", "connectionSpec": spec(DATA_LAKE)}
    base = api.ok("POST", f"{FLOW_SERVICE}/connections", lake)["id"]
    body = {**target_connection(world.schema, world.dataset), "baseConnectionId": base}
    files = send(api, "targetConnections", {**body, "connectionSpec": spec(BLOB)}, "2020-03")
    assert remarks(files) == []
    tables = {**body, "connectionSpec": spec(SNOWFLAKE)}
    answer = send(api, "targetConnections", tables, "2020-03")
    assert refusal(answer) == "spec_is_a_cloud_storage_2020_03"


def test_the_format_of_march_2020_is_parquet_xdm_where_one_is_sent(
    api: AepClient, world: World
) -> None:
    lake = {"name": "Lake", "connectionSpec": spec(DATA_LAKE)}
    base = api.ok("POST", f"{FLOW_SERVICE}/connections", lake)["id"]
    body = {**target_connection(world.schema, world.dataset), "baseConnectionId": base}
    found = {}
    for format in ("parquet_xdm", "json"):
        sent = {**body, "data": {**body["data"], "format": format}}
        found[format] = remarks(send(api, "targetConnections", sent, "2020-03"))
    assert found == {"parquet_xdm": [], "json": ["format_is_parquet_xdm_2020_03"]}


# Sources


@pytest.mark.parametrize("format", ["delimited", "json", "parquet", "parquet_xdm"])
@pytest.mark.parametrize("source", [BIG_QUERY, SNOWFLAKE])
def test_tables_are_tabular(api: AepClient, source: str, format: str) -> None:
    body = source_connection(
        "", connectionSpec=spec(source), params={"tableName": "t"}, data={"format": format}
    )
    assert refusal(send(api, "sourceConnections", body)) == "format_is_tabular_for_tables"


def test_tables_may_be_tabular_and_files_may_not(api: AepClient, world: World) -> None:
    account = api.call("POST", f"{FLOW_SERVICE}/connections", {"connectionSpec": spec(BIG_QUERY)})
    tables = source_connection(
        account.json["id"],
        connectionSpec=spec(BIG_QUERY),
        params={"tableName": "t"},
        data={"format": "tabular"},
    )
    assert remarks(send(api, "sourceConnections", tables)) == []
    files = source_connection(world.base, data={"format": "tabular"})
    for edition in ("2020-09", "latest"):
        answer = send(api, "sourceConnections", files, edition)
        assert refusal(answer) == "tabular_is_for_tables"


@pytest.mark.parametrize(
    ("source", "data", "rules"),
    [
        (KINESIS, {"format": "json"}, []),
        (KINESIS, {"format": "delimited"}, ["format_is_one_of_the_source"]),
        (MIXPANEL, {}, ["format_is_expected"]),
        (CAPILLARY, None, ["data_is_expected"]),
        (PROFILES, {"format": "CSV", "schema": None}, []),
    ],
)
def test_what_pages_say_of_files_refuses_no_other_source(
    api: AepClient, source: str, data: dict[str, Any] | None, rules: list[str]
) -> None:
    body = {"name": "s", "connectionSpec": spec(source), "data": data}
    found = remarks(send(api, "sourceConnections", body))
    asked = [name for name in found if "format" in name or "data" in name]
    assert asked == rules


def test_the_schema_of_a_source_was_ad_hoc_in_march_2020(api: AepClient, world: World) -> None:
    body = source_connection(world.base)
    version = "application/vnd.adobe.xed-full+json;version=1"
    body["data"]["schema"] = {"id": world.schema, "version": version}
    found = remarks(send(api, "sourceConnections", body, "2020-03"))
    assert found == ["schema_is_ad_hoc_2020_03"]
    assert remarks(send(api, "sourceConnections", body)) == []


def test_a_base_connection_without_a_name_is_refused_for_destinations_only(
    api: AepClient,
) -> None:
    source = base_connection()
    del source["name"]
    assert send(api, "connections", source).status == 201
    destination = {**source, "auth": None, "connectionSpec": spec(S3_DESTINATION)}
    assert refusal(send(api, "connections", destination)) == "name_is_sent_for_destinations"
    destination["name"] = "Bucket"
    assert refusal(send(api, "connections", destination)) == "auth_is_sent_to_destinations"


@pytest.mark.parametrize("collection", ["connections", "connectionSpecs", "flows"])
def test_a_single_equals_is_read_as_two(api: AepClient, world: World, collection: str) -> None:
    answer = api.call("GET", f"{FLOW_SERVICE}/{collection}?property=id={world.base}")
    assert answer.status == 200
    assert [item["id"] for item in answer.json["items"]] == [world.base][
        : collection == "connections"
    ]
    (warning,) = answer.warnings
    assert warning.endswith("single_equals_is_for_attributes")
