"""The public library aepp against the emulator, over a socket: the newer tutorial as its calls.

It is pointed here as its users would: `configure` with an endpoint, and the address of the token
endpoint put into its configuration, for which it has no parameter.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bodies import BLOB, DATA_LAKE, profile_schema, source_connection
from tests.journeys.conftest import Running
from tests.journeys.library import Library


def create_flow(library: Library, made: dict[str, str]) -> dict[str, Any]:
    spec = library.flows.getFlowSpecIdFromNames("CloudStorageToAEP")
    created: dict[str, Any] = library.flows.createFlow(
        flow_spec_id=spec,
        name="Leads",
        source_connection_id=made["source"],
        target_connection_id=made["target"],
        schedule_start_time="1597784298",
        schedule_frequency="minute",
        schedule_interval=30,
        transformation_mapping_id=made["mapping"],
        transformation_name="Mapping",
    )
    return created


def test_it_takes_its_token_from_the_emulator(library: Library) -> None:
    token = library.schema.connector.token
    assert token.count(".") == 2
    assert library.schema.getTenantId().startswith("t")


def test_schemas_are_created_read_listed_and_deleted(library: Library) -> None:
    created = library.schema.createSchema(profile_schema("Leads of aepp"))
    id = created["$id"]
    full = library.schema.getSchema(id, full=True)
    assert full["title"] == "Leads of aepp"
    assert "xdm:person" in full["properties"]
    raw = library.schema.getSchema(id, full=False)
    assert [part["$ref"] for part in raw["allOf"]] == [part["$ref"] for part in created["allOf"]]
    assert [item["$id"] for item in library.schema.getSchemas()] == [id]
    operation = [{"op": "replace", "path": "/title", "value": "Renamed"}]
    assert library.schema.patchSchema(id, operation)["title"] == "Renamed"
    assert library.schema.deleteSchema(created["meta:altId"]) == 204
    assert library.schema.getSchemas()["results"] == []


def test_descriptors_unions_samples_and_the_log(library: Library) -> None:
    registry = library.schema
    id = registry.createSchema(profile_schema("Described"))["$id"]
    made = registry.createDescriptor(
        sourceSchema=id,
        sourceProperty="/personalEmail/address",
        namespace="Email",
        primary=True,
        **{"xdm:property": "xdm:code"},
    )
    assert registry.getDescriptor(made["@id"])["xdm:isPrimary"] is True
    wanted = registry.getDescriptors(
        type_desc="xdm:descriptorIdentity", prop=f"xdm:sourceSchema=={id}"
    )
    assert [item["@id"] for item in wanted] == [made["@id"]]
    changed = {**made, "xdm:namespace": "CustomerEmail"}
    assert registry.putDescriptor(made["@id"], changed)["@id"] == made["@id"]
    assert registry.getUnions() == []
    tag = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    assert registry.patchSchema(id, tag)["meta:immutableTags"] == ["union"]
    assert [union["title"] for union in registry.getUnions()] == ["XDM Individual Profile"]
    assert registry.getSchemaSample(id)["xdm:person"]["xdm:name"]["xdm:firstName"]
    assert len(registry.getAuditLogs(id)) == 2
    assert registry.exportResource(id)[-1]["title"] == "Described"
    label = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/person",
        "xdm:label": ["core/C1"],
    }
    labelled = registry.createDescriptor(label)["@id"]
    assert registry.deleteDescriptor(labelled) == 204


def test_its_own_builder_makes_a_profile_schema(library: Library) -> None:
    groups = ["https://ns.adobe.com/xdm/context/profile-person-details"]
    created = library.schema.createProfileSchema("Built", mixinIds=groups, description="d")
    assert created["title"] == "Built"
    assert created["meta:class"] == "https://ns.adobe.com/xdm/context/profile"


def test_data_sets_are_created_read_listed_and_deleted(library: Library) -> None:
    schema = library.schema.createSchema(profile_schema())["$id"]
    (reference,) = library.catalog.createDataSet(name="Leads", schemaId=schema)
    id = reference.removeprefix("@/dataSets/")
    assert library.catalog.getDataSet(id)[id]["schemaRef"]["id"] == schema
    assert list(library.catalog.getDataSets()) == [id]
    assert library.catalog.data.ids == {"Leads": id}
    library.catalog.deleteDataSet(id)
    assert library.catalog.getDataSets() == {}


def test_mapping_sets_are_created_and_read(library: Library, made: dict[str, str]) -> None:
    prep = library.dataprep
    mappings = [{"sourceType": "ATTRIBUTE", "source": "Id", "destination": "_id"}]
    id = prep.createMappingSet(schemaId=made["schema"], mappingList=mappings)["id"]
    shown = prep.getMappingSet(id)
    assert shown["outputSchema"]["schemaRef"]["id"] == made["schema"]
    assert [mapping["destination"] for mapping in shown["mappings"]] == ["_id"]
    assert {item["id"] for item in prep.getMappingSets()} == {id, made["mapping"]}


def test_expressions_are_tried_and_listed(library: Library, made: dict[str, str]) -> None:
    prep = library.dataprep
    expression = "upper(Name)"
    assert prep.validateExpression(expression)["validationStatus"] == "succeeded"
    assert prep.validateExpression("upper(")["status"] == 400
    assert "concat" in {record["function"] for record in prep.getMappingSetFunctions()}
    assert "+" in {record["operatorSymbol"] for record in prep.getMappingSetOperators()}
    mapping = {"sourceType": "EXPRESSION", "source": expression, "destination": "_id"}
    output = {"schemaRef": {"id": made["schema"], "contentType": "1.0"}}
    shown = prep.previewDataOutput({"Name": "bee"}, {"outputSchema": output, "mappings": [mapping]})
    assert shown == [{"data": {"_id": "BEE"}, "errors": None}]


def test_single_mappings_are_added_changed_and_removed(
    library: Library, made: dict[str, str]
) -> None:
    prep, id = library.dataprep, made["mapping"]
    mapping = {"sourceType": "ATTRIBUTE", "source": "b", "destination": "person.birthDate"}
    added = prep.createMappingSetMapping(id, mapping)["id"]
    prep.updateMappingSetMapping(id, added, {**mapping, "source": "c"})
    assert prep.getMappingSetMapping(id, added)["source"] == "c"
    assert prep.deleteMappingSetMapping(id, added) == 204
    assert added not in {row["id"] for row in prep.getMappingSetMappings(id)}


def test_connections_sources_and_targets_are_read_and_listed(
    library: Library, made: dict[str, str]
) -> None:
    flows = library.flows
    assert flows.getConnection(made["base"])["connectionSpec"]["id"] == BLOB
    assert [item["id"] for item in flows.getConnections()] == [made["base"]]
    source = flows.getSourceConnection(made["source"])
    assert source["params"]["path"] == "/leads/*.tsv"
    assert [item["id"] for item in flows.getSourceConnections()] == [made["source"]]
    target = flows.getTargetConnection(made["target"])
    assert target["connectionSpec"]["id"] == DATA_LAKE
    assert [item["id"] for item in flows.getTargetConnections()] == [made["target"]]


def test_specs_are_found_by_name(library: Library) -> None:
    flows = library.flows
    assert flows.getConnectionSpecIdFromName("datalake") == DATA_LAKE
    assert flows.getConnectionSpec(BLOB)["items"][0]["id"] == BLOB
    spec = flows.getFlowSpecIdFromNames("CloudStorageToAEP", target_spec_name="datalake")
    assert flows.getFlowSpec(spec)["name"] == "CloudStorageToAEP"


def test_a_flow_lives_from_creation_to_deletion(library: Library, made: dict[str, str]) -> None:
    flows = library.flows
    id = create_flow(library, made)["id"]
    assert [flow["id"] for flow in flows.getFlows(onlySources=True)] == [id]
    assert flows.getFlows(filterMappingSetIds=[made["mapping"]])[0]["id"] == id
    flow = flows.getFlow(id)
    assert (flow["state"], flow["scheduleParams"]["interval"]) == ("enabled", "30")
    patch = [{"op": "Replace", "path": "/name", "value": "Renamed"}]
    assert flows.updateFlow(id, flow["etag"], patch)["id"] == id
    assert flows.postFlowAction(id, "disable")["id"] == id
    assert flows.getFlow(id)["state"] == "disabled"
    assert flows.postFlowAction(id, "enable")["id"] == id
    assert flows.deleteFlow(id) == 204
    assert flows.getFlows() == []
    assert flows.deleteSourceConnection(made["source"]) == 204
    assert flows.deleteTargetConnection(made["target"]) == 204
    assert flows.deleteConnection(made["base"]) == 204


def test_its_manager_of_a_flow_finds_all_that_it_reads(
    library: Library, made: dict[str, str]
) -> None:
    from aepp.flowservice import FlowManager

    id = create_flow(library, made)["id"]
    manager = FlowManager(id, config=library.configuration)
    summary = manager.summary()
    assert manager.name == "Leads"
    assert json.dumps(summary)


def test_a_refusal_reaches_it_as_json(library: Library, made: dict[str, str]) -> None:
    answer = library.flows.createSourceConnection(
        data=source_connection(made["base"], data={"format": "avro"})
    )
    assert answer["status"] == 400
    assert "avro" in answer["errorMessage"]
    assert library.flows.deleteFlow("wrong")["errorMessage"].startswith("flows not found")


def test_a_sandbox_lives_from_creation_to_deletion(library: Library) -> None:
    sandboxes = library.sandboxes
    assert sandboxes.getSandboxTypes() == ["production", "development"]
    created = sandboxes.createSandbox("aepp-dev", "From aepp")
    assert (created["state"], created["type"]) == ("creating", "development")
    assert sandboxes.getSandbox("aepp-dev")["state"] == "active"
    assert [item["name"] for item in sandboxes.getSandboxes()] == ["prod", "dev", "aepp-dev"]
    assert len(sandboxes.getSandboxId("aepp-dev")) == 36
    assert sandboxes.updateSandbox("aepp-dev", {"title": "Renamed"})["title"] == "Renamed"
    assert sandboxes.resetSandbox("aepp-dev")["state"] == "resetting"
    sandboxes.deleteSandbox("aepp-dev")
    assert sandboxes.getSandbox("aepp-dev")["state"] == "deleted"
    assert sandboxes.getSandbox("nowhere")["status"] == 404


@pytest.mark.parametrize("type", ["user_drop_zone", "dlz_destination"])
def test_the_landing_zone_is_found(library: Library, shared: Running, type: str) -> None:
    flows = library.flows
    container = flows.getLandingZoneStorageName(type)
    assert flows.getLandingZoneStorageTTL(type) == 7
    account = flows.getLandingZoneNamespace(type)
    token = flows.getLandingZoneSASToken(type)
    address = f"{shared.url}/{account}/{container}?{token}"
    assert flows.getLandingZoneSASUri(type) == address
