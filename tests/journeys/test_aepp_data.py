"""aepp's calls of Catalog, the Dataset Service and Data Prep that the tutorial does not need."""

from __future__ import annotations

import pytest

from tests.bodies import dataset, profile_schema
from tests.journeys.library import Library

EVENT = "https://ns.adobe.com/xdm/context/experienceevent"


@pytest.fixture
def data(library: Library) -> str:
    schema = library.schema.createSchema(profile_schema())["$id"]
    (reference,) = library.catalog.createDataSet(data=dataset(schema))
    id: str = reference.removeprefix("@/dataSets/")
    return id


def tags(library: Library, id: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = library.catalog.getDataSet(id)[id]["tags"]
    return found


def test_data_sets_are_enabled_and_disabled(library: Library, data: str) -> None:
    catalog = library.catalog
    assert catalog.enableDatasetProfile(data) == [f"@/dataSets/{data}"]
    assert tags(library, data)["unifiedProfile"][0] == "enabled:true"
    catalog.enableDatasetUpsert(data)
    assert "isUpsert:true" in tags(library, data)["unifiedProfile"]
    catalog.disableDatasetProfile(data)
    assert tags(library, data)["unifiedProfile"] == ["enabled:false"]
    catalog.enableDatasetIdentity(data)
    assert tags(library, data)["unifiedIdentity"] == ["enabled:true"]
    catalog.disableDatasetIdentity(data)
    assert tags(library, data)["unifiedIdentity"] == ["enabled:false"]
    catalog.disableDatasetValidationContext(data)
    assert tags(library, data)["acp_validationContext"] == ["disabled"]


def test_data_sets_are_changed_in_all_three_ways(library: Library, data: str) -> None:
    catalog = library.catalog
    assert catalog.patchDataset(data, {"description": "v1"}) == [f"@/dataSets/{data}"]
    assert catalog.patchDatasetV2(data, {"description": "v2"}) == [f"@/dataSets/{data}"]
    shown = catalog.getDataSet(data)[data]
    assert (shown["description"], shown["version"]) == ("v2", "1.0.2")
    replaced = {"name": "Put", "schemaRef": shown["schemaRef"]}
    assert catalog.putDataset(data, replaced) == [f"@/dataSets/{data}"]
    assert catalog.getDataSet(data)[data]["name"] == "Put"


def test_rows_of_events_are_told_when_to_expire(library: Library) -> None:
    body = profile_schema("Events", **{"allOf": [{"$ref": EVENT}], "meta:class": EVENT})
    schema = library.schema.createSchema(body)["$id"]
    (reference,) = library.catalog.createDataSet(data=dataset(schema))
    id = reference.removeprefix("@/dataSets/")
    limits = library.catalog.getDataSetExpiration(id)["extensions"]["adobe_lakeHouse"]
    assert limits["rowExpiration"]["minValue"] == "P7D"
    assert library.catalog.setDatasetTTL(id, "P3M") == [f"@/dataSets/{id}"]
    extensions = library.catalog.getDataSet(id)[id]["extensions"]
    assert extensions["adobe_lakeHouse"]["rowExpiration"]["ttlValue"] == "P3M"


def test_what_it_reads_of_data_sets_is_there(library: Library, data: str) -> None:
    catalog = library.catalog
    catalog.createUnionProfileDataset()
    names = {found["name"] for found in catalog.getDataSets().values()}
    assert names == {"Leads", "Profile Data Export"}
    assert catalog.getDataSetObservableSchema(data) == {}
    assert catalog.getProfileSnapshotDatasets() == {}
    frame = catalog.getDataSets(output="df")
    assert set(frame["name"]) == names


def tag(library: Library, id: str) -> str:
    labels = library.datasets
    reply = labels.connector.session.head(
        f"{labels.endpoint}/datasets/{id}/labels", headers=labels.header
    )
    value: str = reply.headers["etag"]
    return value


def test_labels_are_given_replaced_and_removed(library: Library, data: str) -> None:
    labels = library.datasets
    some = {"labels": ["C1"], "optionalLabels": []}
    assert labels.createLabels(data, some)["code"] == "PES-201"
    assert labels.getLabelSchemaTests(data)[f"AEP:dataset:{data}"]["labels"] == ["C1"]
    assert labels.headLabels(data) == {}  # it loses the headers of a reply that is well
    etag = tag(library, data)
    more = {"labels": ["C1", "I2"], "optionalLabels": []}
    assert labels.updateLabels(data, more, ifMatch=etag)["code"] == "PES-200"
    refused = labels.updateLabels(data, some, ifMatch=etag)
    assert refused["code"] == "PES-409"
    assert labels.deleteLabels(data, ifMatch=tag(library, data)) == 200
    assert labels.getLabelSchemaTests(data)["code"] == "PES-404"


def test_mapping_sets_are_replaced_copied_and_deleted(
    library: Library, made: dict[str, str]
) -> None:
    prep, id = library.dataprep, made["mapping"]
    rules = [{"sourceType": "ATTRIBUTE", "source": "b", "destination": "person.name.firstName"}]
    changed = prep.updateMappingSet(id, mappingRules=rules)
    assert (changed["id"], changed["version"]) == (id, 1)
    copied = prep.copyMappingRules(prep.getMappingSet(id), tenantId=library.schema.getTenantId())
    assert [(rule["source"], rule["destination"]) for rule in copied] == [
        ("b", "person.name.firstName")
    ]
    twin = prep.createMappingSet(schemaId=made["schema"], mappingList=copied)["id"]
    assert prep.deleteMappingSet(twin) == 204
    assert {item["id"] for item in prep.getMappingSets()} == {id}
