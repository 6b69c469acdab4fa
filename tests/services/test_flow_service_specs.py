"""Searches, custom specs and the configurations of specs, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CLOUD_STORAGE_TO_AEP,
    FLOW_SERVICE,
    World,
    base_connection,
    dataset,
    flow,
)

S3 = "ecadc60c-7455-4d87-84dc-2a0e293d997b"
PROVIDER = "521eee4d-8cbe-4906-bb48-fb6bd4450033"


def url(*steps: str) -> str:
    return "/".join((FLOW_SERVICE, *steps))


# Searches


@pytest.fixture
def many(api: AepClient) -> list[str]:
    bodies = (base_connection(name=f"Blob {number}") for number in range(5))
    return [api.ok("POST", url("connections"), body)["id"] for body in bodies]


def search(api: AepClient, path: str, body: dict[str, Any], query: str = "") -> Any:
    return api.ok("POST", url(path, "search") + query, body)


def names(page: Any) -> list[str]:
    return [item["name"] for item in page["items"]]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"queryString": 'name=="Blob 1","Blob 3"'}, [3, 1]),
        ({"queryString": "property=name==Blob 1&property=state==enabled"}, [1]),
        ({"queryString": "name==Blob 1&state==disabled"}, []),
        ({"orderby": "-name", "limit": "2"}, [4, 3]),
    ],
)
def test_connections_are_searched(
    api: AepClient, many: list[str], body: dict[str, Any], found: list[int]
) -> None:
    assert names(search(api, "connections", body)) == [f"Blob {number}" for number in found]


@pytest.mark.parametrize("order", ["", "-name", "name"])
def test_a_search_is_paged(api: AepClient, many: list[str], order: str) -> None:
    page = search(api, "connections", {"limit": 2, **({"orderby": order} if order else {})})
    seen = names(page)
    while page["_links"]:
        path, _, query = page["_links"]["next"]["href"].partition("?")
        assert path == "/connections/search"
        page = search(api, "connections", {}, f"?{query}")
        seen += names(page)
    assert sorted(seen) == [f"Blob {number}" for number in range(5)]
    assert seen == sorted(seen, reverse=order != "name")


def test_a_search_counts(api: AepClient, many: list[str]) -> None:
    body = {"queryString": "name==Blob 1,Blob 2", "count": True}
    assert search(api, "connections", body) == {"count": 2}


def test_a_search_of_connections_masks_secrets(api: AepClient, many: list[str]) -> None:
    (item, *_) = search(api, "connections", {})["items"]
    assert item["auth"]["params"] == {"connectionString": "******"}


def test_flows_are_projected(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    body = {"projectionFields": ["id", "flowSpec.id", "nothing"]}
    shown = {"id": id, "flowSpec": {"id": CLOUD_STORAGE_TO_AEP}}
    assert search(api, "flows", body)["items"] == [shown]


def test_flow_specs_are_searched(api: AepClient) -> None:
    body = {"queryString": "name==CloudStorageToAEP", "projectionFields": ["id", "name"]}
    shown = {"id": CLOUD_STORAGE_TO_AEP, "name": "CloudStorageToAEP"}
    assert search(api, "flowSpecs", body)["items"] == [shown]
    everything = names(search(api, "flowSpecs", {"limit": 1000}))
    page = search(api, "flowSpecs", {"limit": 4})
    query = page["_links"]["next"]["href"].partition("?")[2]
    assert names(page) == everything[:4]
    assert names(search(api, "flowSpecs", {}, f"?{query}")) == everything[4:8]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ([], 400, "1405-400"),
        (None, 400, "1405-400"),
        ({"limit": 1001}, 400, "9001-400"),
        ({"limit": "many"}, 400, "9001-400"),
        ({"limit": 5, "count": True}, 400, "1401-400"),
        ({"orderby": "--name"}, 400, "1432-400"),
        ({"orderby": "#id"}, 400, "1433-400"),
        ({"queryString": {"name": "a"}}, 400, "1454-400"),
        ({"queryString": "name~a"}, 400, "1440-400"),
        ({"queryString": "name!>a"}, 400, "1450-400"),
        ({"queryString": "name>=a,b&state==enabled"}, 400, "1448-400"),
        ({"queryString": "state==enabled&nonsense==a"}, 400, "1449-400"),
        ({"queryString": "name=="}, 400, "1453-400"),
        ({"queryString": "state==gone"}, 400, "1456-400"),
        ({"queryString": "connectionSpec.baseSpec==a"}, 400, "1423-400"),
    ],
)
def test_a_wrong_search_is_refused_with_its_code(
    api: AepClient, body: Any, status: int, code: str
) -> None:
    answer = api.call("POST", url("connections", "search"), body)
    assert (answer.status, answer.json["type"][-8:]) == (status, code)


def test_what_is_not_known_of_searches_is_said(api: AepClient) -> None:
    body = {"groupByProperty": "providerId"}
    assert api.call("POST", url("flowSpecs", "search"), body).status == 501
    answer = api.call("POST", url("flows", "search") + "?continuationToken=x", {})
    assert answer.rule.endswith("continuation_token_is_one")
    answer = api.call("POST", url("flows", "search") + "?limit=5", {})
    assert answer.json["type"].endswith("1451-400")


# Custom specs


def connection_spec(**changes: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]}
    return {
        "name": "acme",
        "providerId": PROVIDER,
        "authSpec": [{"name": "Host", "type": "host", "spec": schema}],
        "sourceSpec": {"name": "Acme", "spec": {"type": "object", "required": ["table"]}},
        "attributes": {"isDraftModeSupported": True},
        **changes,
    }


def test_a_custom_spec_is_created_listed_and_judged_by(api: AepClient, world: World) -> None:
    answer = api.call("POST", url("connectionSpecs"), connection_spec())
    spec = answer.json
    assert answer.headers["location"] == url("connectionSpecs", spec["id"])
    assert answer.warnings == ["flow_service.create_connection_spec.token_is_a_service_token"]
    (listed,) = api.ok("GET", url("connectionSpecs") + "?property=name==acme")["items"]
    (one,) = api.ok("GET", url("connectionSpecs", spec["id"]))["items"]
    assert listed == one == spec
    named = {"id": spec["id"], "version": "1.0"}
    wrong = {"connectionSpec": named, "auth": {"specName": "Host", "params": {}}}
    refused = api.call("POST", url("connections"), wrong)
    assert refused.rule.endswith("auth_params_fit_spec")
    right = {"connectionSpec": named, "auth": {"specName": "Host", "params": {"host": "a"}}}
    base = api.ok("POST", url("connections"), right)["id"]
    body = {
        "name": "Table",
        "baseConnectionId": base,
        "connectionSpec": named,
        "data": {"format": "tabular"},
        "params": {"table": "a"},
    }
    source = api.ok("POST", url("sourceConnections"), body)["id"]
    unlisted = api.call("POST", url("flows"), flow(world, sourceConnectionIds=[source]))
    assert unlisted.rule.endswith("source_spec_is_listed")
    (flow_spec,) = api.ok("GET", url("flowSpecs", CLOUD_STORAGE_TO_AEP))["items"]
    flow_spec["sourceConnectionSpecIds"].append(spec["id"])
    replaced = api.ok("PUT", url("flowSpecs", CLOUD_STORAGE_TO_AEP), flow_spec)
    assert replaced["sourceConnectionSpecIds"][-1] == spec["id"]
    api.ok("POST", url("flows"), flow(world, sourceConnectionIds=[source]))


def test_a_custom_spec_is_replaced_whole(api: AepClient) -> None:
    spec = api.ok("POST", url("connectionSpecs"), connection_spec())
    body = {"name": "acme 2", "providerId": PROVIDER}
    replaced = api.ok("PUT", url("connectionSpecs", spec["id"]), body)
    assert (replaced["name"], "authSpec" in replaced) == ("acme 2", False)
    assert (replaced["id"], replaced["createdAt"]) == (spec["id"], spec["createdAt"])
    assert api.call("PUT", url("connectionSpecs", "a"), body).status == 404


def test_custom_flow_specs_are_specs_too(api: AepClient) -> None:
    body = {"name": "AcmeToAEP", "providerId": PROVIDER, "sourceConnectionSpecIds": [S3]}
    spec = api.ok("POST", url("flowSpecs"), body)
    assert names(search(api, "flowSpecs", {"queryString": "name==AcmeToAEP"})) == ["AcmeToAEP"]
    unknown = {**body, "sourceConnectionSpecIds": ["a"]}
    answer = api.call("PUT", url("flowSpecs", spec["id"]), unknown)
    assert "flow_service.replace_flow_spec.connection_specs_exist" in answer.warnings


def test_a_spec_belongs_to_its_organization_and_all_its_sandboxes(api: AepClient) -> None:
    spec = api.ok("POST", url("connectionSpecs"), connection_spec())
    path = url("connectionSpecs", spec["id"])
    assert api.call("GET", path, x_sandbox_name="dev").status == 200
    assert api.call("GET", path, x_gw_ims_org_id="OTHER@AdobeOrg").status == 404


def test_strict_enforcement_lets_users_make_specs(make: Callable[..., AepClient]) -> None:
    """The pages about own sources have them do it, with any token."""
    answer = make(enforce="strict").call("POST", url("connectionSpecs"), connection_spec())
    assert answer.status == 201
    assert answer.warnings == ["flow_service.create_connection_spec.token_is_a_service_token"]


def test_an_own_streaming_source_has_the_documented_name(api: AepClient) -> None:
    body = connection_spec(type="generic-streaming")
    answer = api.call("POST", url("connectionSpecs"), body)
    names = [warning.rpartition(".")[2] for warning in answer.warnings]
    assert names == ["token_is_a_service_token", "streaming_spec_has_its_name"]
    path = url("connectionSpecs", answer.json["id"])
    answer = api.call("PUT", path, {**body, "name": "generic-streaming", "description": "Acme"})
    assert (answer.status, answer.json["description"]) == (200, "Acme")
    assert len(answer.warnings) == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"name": ""}, "name_and_provider_are_sent"),
        ({"authSpec": {}}, "members_are_of_their_types"),
        ({"authSpec": [{"spec": {}}]}, "members_are_of_their_types"),
        ({"sourceSpec": {"spec": {"type": "wrong"}}}, "source_spec_is_a_json_schema"),
        ({"targetSpec": {"spec": 5}}, "target_spec_is_a_json_schema"),
        (
            {"authSpec": [{"name": "a", "spec": {"$ref": "http://localhost/schema"}}]},
            "auth_specs_are_json_schemas",
        ),
    ],
)
def test_a_wrong_spec_is_refused(api: AepClient, changes: dict[str, Any], rule: str) -> None:
    before = len(api.ok("GET", url("connectionSpecs"))["items"])
    answer = api.call("POST", url("connectionSpecs"), connection_spec(**changes))
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)
    assert len(api.ok("GET", url("connectionSpecs"))["items"]) == before


def test_a_property_of_a_custom_spec_may_be_true(api: AepClient) -> None:
    schema = {"type": "object", "properties": {"host": True}}
    body = connection_spec(authSpec=[{"name": "Host", "spec": schema}])
    named = {"id": api.ok("POST", url("connectionSpecs"), body)["id"], "version": "1.0"}
    right = {"connectionSpec": named, "auth": {"specName": "Host", "params": {"host": "5"}}}
    id = api.ok("POST", url("connections"), right)["id"]
    assert api.ok("GET", url("connections", id))["items"][0]["auth"]["params"] == {"host": "5"}


# Configurations


def test_data_sets_are_listed_for_activation(api: AepClient, world: World) -> None:
    query = "?outputType=activationDatasets&outputField=datasets&start=0&limit=100"
    answer = api.ok("GET", url("connectionSpecs", S3, "configs") + query)
    assert [item["id"] for item in answer["items"]] == [world.dataset]
    assert answer["pageInfo"] == {"hasNext": False}


def test_data_sets_for_activation_are_asked_for_as_at_catalog(api: AepClient, world: World) -> None:
    """The page about exports says that all other parameters are those of Catalog."""
    more = dataset(world.schema) | {"name": "Another"}
    other = api.ok("POST", f"{CATALOG}/dataSets", more)[0].removeprefix("@/dataSets/")
    query = url("connectionSpecs", S3, "configs") + (
        "?outputType=activationDatasets&outputField=datasets"
    )
    (found, _) = api.ok("GET", f"{query}&properties=name,state&orderBy=asc:name")["items"]
    assert found == {"id": other, "name": "Another", "state": found["state"]}
    for wanted in ("name=Another", "property=name==Another"):
        assert [item["id"] for item in api.ok("GET", f"{query}&{wanted}")["items"]] == [other]
    answer = api.call("GET", f"{query}&tags=a:b")
    name = "flow_service.get_connection_spec_configs.catalog_parameters_are_obeyed"
    assert (answer.status, answer.warnings) == (200, [name])


def test_the_role_of_a_storage_is_told(api: AepClient) -> None:
    path = url("connectionSpecs", S3, "configs") + "?authType=IamBasedAuthentication"
    assert api.ok("GET", path)["configParams"]["IAMRole"].startswith("arn:aws:iam::")


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("", "output_is_asked_for"),
        ("?authType=Password", "auth_type_is_known"),
        ("?outputType=profiles&outputField=datasets", "output_is_known"),
        ("?outputType=activationDatasets&outputField=datasets&limit=101", "limit_is_within_100"),
        ("?outputType=activationDatasets&outputField=datasets&start=-1", "start_is_a_number"),
        ("?authType=IamBasedAuthentication&page=1", "parameters_are_known"),
    ],
)
def test_wrong_questions_for_configurations_are_refused(
    api: AepClient, query: str, rule: str
) -> None:
    answer = api.call("GET", url("connectionSpecs", S3, "configs") + query)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)


# The catalogue of errors


def test_every_error_of_the_catalogue_is_answered_or_explained(api: AepClient) -> None:
    """The published catalogue has 90; the tables of the documentation name those left out."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "flow-service-errors.md"
    table = page.read_text(encoding="utf-8").partition("| --- |")[2]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    explained = re.findall(r"`(\d{4}-\d{3})`", "".join(first_cells))
    coded = re.compile(r"[12]\d{3}-\d{3}")
    services = ("flow_service", "platform")
    known = [entry for entry in api.contract.problems if entry.id.partition(".")[0] in services]
    answered = {entry.code for entry in known if coded.fullmatch(entry.code)}
    used = {rule.problem for rule in api.contract.rules.values()}
    assert {entry.id for entry in known if entry.id.startswith("flow_service.")} <= used
    assert answered.isdisjoint(explained)
    assert len(answered) + len(set(explained)) == 90


@pytest.mark.parametrize(("edition", "count"), [("latest", 31), ("2020-09", 27), ("2020-03", 27)])
def test_the_sources_of_tables_are_those_of_the_editions_page(
    api: AepClient, edition: str, count: int
) -> None:
    """The page of 2025 has Databricks and leaves some out, which can be used all the same."""
    path = url("flowSpecs") + '?property=name=="CRMToAEP"'
    (spec,) = api.ok("GET", path, x_emulator_edition=edition)["items"]
    assert len(spec["sourceConnectionSpecIds"]) == count
    assert (DATABRICKS in spec["sourceConnectionSpecIds"]) == (edition == "latest")


DATABRICKS = "e9d7ec6b-0873-4e57-ad21-b3a7c65e310b"


DOCUMENTED: list[tuple[str, str, str]] = [
    ("snowflake", "KeyPair Authentication", "account username database privateKey warehouse"),
    ("salesforce", "OAuth2 Client Credential", "environmentUrl clientId clientSecret apiVersion"),
    (
        "salesforce-service-cloud",
        "OAuth2 Client Credential",
        "environmentUrl clientId clientSecret",
    ),
    ("salesforce-marketing-cloud", "OAuth2 Client Credential", "subdomain clientId clientSecret"),
    ("google-big-query", "Service Authentication", "projectId keyFileContent"),
    ("mysql", "Basic Authentication", "server database username password sslMode"),
    ("azure-blob", "SAS URI Authentication", "sasUri"),
    (
        "Azure Event Hubs",
        "Event Hub Scoped Azure Active Directory Auth",
        "tenantId clientId clientSecretValue namespace eventHubName",
    ),
    (
        "azure-synapse-analytics",
        "Service Principal Key Based Authentication",
        "server database tenant servicePrincipalId servicePrincipalKey",
    ),
    ("google-pubsub", "Google PubSub authentication credentials", "projectId credentials"),
    ("SFTP", "SFTP with SSH Key", "domain username sshKey"),
    (
        "Azure Data Lake Gen2",
        "Azure Service Principal Auth",
        "url servicePrincipalId servicePrincipalKey tenant",
    ),
    ("oracle-eloqua-destination", "SFTP with Password", "domain host username password"),
    ("pinterest-ads", "OAuth2 Refresh Code", "accessToken"),
    ("sap-commerce", "OAuth2 Client Credential", "region clientId clientSecret tokenEndpoint"),
]


@pytest.mark.parametrize(("spec", "way", "names"), DOCUMENTED)
def test_documented_ways_to_authenticate_are_accepted_without_a_remark(
    api: AepClient, spec: str, way: str, names: str
) -> None:
    (found,) = api.ok("GET", url("connectionSpecs") + f'?property=name=="{quote(spec)}"')["items"]
    auth = {"specName": way, "params": dict.fromkeys(names.split(), "x")}
    body = {"name": "a", "connectionSpec": {"id": found["id"], "version": "1.0"}, "auth": auth}
    answer = api.call("POST", url("connections"), body)
    assert (answer.status, answer.warnings) == (201, [])


def test_sources_and_destinations_are_told_apart_as_fixes_say(api: AepClient) -> None:
    def listed(query: str) -> Any:
        return api.ok("GET", f"{url('connectionSpecs')}?limit=500{query}")["items"]

    every = listed("")
    halves = [listed(f"&property=attributes.isSource=={flag}") for flag in ("true", "false")]
    assert sum(map(len, halves)) == len(every)
    for specs, member, name in zip(
        halves, ("sourceSpec", "targetSpec"), ("azure-blob", "Azure Blob Storage"), strict=True
    ):
        assert all(member in spec for spec in specs)
        assert name in names({"items": specs})
