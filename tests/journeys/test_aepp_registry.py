"""aepp's managers and its calls of the Schema Registry: what it builds, it reads and changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bodies import dataset, profile_schema
from tests.journeys.library import Library

PROFILE = "https://ns.adobe.com/xdm/context/profile"
RECORD = "https://ns.adobe.com/xdm/data/record"
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
PERSON_DETAILS = "https://ns.adobe.com/xdm/context/profile-person-details"


def field_group(tenant: str, **changes: Any) -> dict[str, Any]:
    fields = {"points": {"title": "Points", "type": "integer"}, "level": {"type": "string"}}
    own = {f"_{tenant}": {"type": "object", "properties": fields}}
    return {
        "type": "object",
        "title": "Loyalty",
        "description": "",
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"property": {"type": "object", "properties": own}},
        "allOf": [{"$ref": "#/definitions/property"}],
        **changes,
    }


def own_field(tenant: str) -> dict[str, Any]:
    return {f"_{tenant}": {"type": "object", "properties": {"a": {"type": "string"}}}}


def test_field_groups_live_from_creation_to_deletion(library: Library) -> None:
    registry = library.schema
    made = registry.createFieldGroup(field_group(registry.getTenantId()))
    id = made["$id"]
    assert registry.getFieldGroup(id, full=False)["title"] == "Loyalty"
    assert [group["$id"] for group in registry.getFieldGroups()] == [id]
    assert registry.extendFieldGroup(id)["meta:intendedToExtend"] == [PROFILE, EVENT]
    rename = [{"op": "replace", "path": "/title", "value": "Renamed"}]
    assert registry.patchFieldGroup(id, rename)["title"] == "Renamed"
    copied = registry.copyFieldGroup(registry.getFieldGroup(id, full=False), title="Copied")
    assert registry.createFieldGroup(copied)["title"] == "Copied"
    replaced = registry.putFieldGroup(id, field_group(registry.getTenantId(), title="Put"))
    assert replaced["title"] == "Put"
    assert registry.deleteFieldGroup(id) == 204
    assert [group["title"] for group in registry.getFieldGroups()] == ["Copied"]


def test_data_types_live_from_creation_to_deletion(library: Library) -> None:
    registry = library.schema
    own = {
        f"_{registry.getTenantId()}": {"type": "object", "properties": {"a": {"type": "string"}}}
    }
    definitions = {"property": {"type": "object", "properties": own}}
    body = {
        "type": "object",
        "title": "Pair",
        "definitions": definitions,
        "allOf": [{"$ref": "#/definitions/property"}],
    }
    made = registry.createDataType(body)
    assert registry.getDataType(made["$id"], full=False)["title"] == "Pair"
    assert [item["$id"] for item in registry.getDataTypes()] == [made["$id"]]
    rename = [{"op": "replace", "path": "/title", "value": "Renamed"}]
    assert registry.patchDataType(made["$id"], rename)["title"] == "Renamed"
    assert registry.putDataType(made["$id"], {**body, "title": "Put"})["title"] == "Put"
    assert registry.deleteDataType(made["$id"]) == 204
    assert list(registry.getDataTypes()) == []


def test_classes_live_from_creation_to_deletion(library: Library) -> None:
    registry = library.schema
    behavior = registry.getBehavior(RECORD)
    assert behavior["title"]
    own = {
        f"_{registry.getTenantId()}": {"type": "object", "properties": {"a": {"type": "string"}}}
    }
    body = {
        "type": "object",
        "title": "Property",
        "definitions": {"property": {"type": "object", "properties": own}},
        "allOf": [
            {"$ref": "https://ns.adobe.com/xdm/data/record"},
            {"$ref": "#/definitions/property"},
        ],
    }
    made = registry.createClass(body)
    assert registry.getClass(made["$id"], full=False)["title"] == "Property"
    assert [item["$id"] for item in registry.getClasses()] == [made["$id"]]
    rename = [{"op": "replace", "path": "/title", "value": "Renamed"}]
    assert registry.patchClass(made["$id"], rename)["title"] == "Renamed"
    assert registry.putClass(made["$id"], {**body, "title": "Put"})["title"] == "Put"
    assert registry.deleteClass(made["$id"]) == 204


def test_the_platforms_own_resources_are_listed(library: Library) -> None:
    registry = library.schema
    assert len(registry.getBehaviors()) >= 2
    assert PROFILE in {item["$id"] for item in registry.getClassesGlobal()}
    assert PERSON_DETAILS in {item["$id"] for item in registry.getFieldGroupsGlobal()}
    assert len(registry.getDataTypesGlobal()) > 20
    assert registry.getStats()["counts"]["schemas"] == 0


def test_a_schema_grows_and_enters_the_profile(library: Library) -> None:
    registry = library.schema
    id = registry.createSchema(profile_schema())["$id"]
    group = registry.createFieldGroup(field_group(registry.getTenantId()))["$id"]
    grown = registry.addFieldGroupToSchema(id, [group])
    assert group in [part["$ref"] for part in grown["allOf"]]
    paths = registry.getSchemaPaths(id)
    assert f"_{registry.getTenantId()}.points" in paths
    registry.createDescriptor(
        sourceSchema=id,
        sourceProperty="/personalEmail/address",
        namespace="Email",
        primary=True,
        **{"xdm:property": "xdm:code"},
    )
    assert registry.enableSchemaForRealTime(id)["meta:immutableTags"] == ["union"]
    union = registry.getUnion(f"{PROFILE}__union")
    assert union["title"] == "XDM Individual Profile"
    whole = registry.getSchema(id, full=False)
    replaced = registry.putSchema(id, {**profile_schema("Replaced"), "allOf": whole["allOf"]})
    assert replaced["title"] == "Replaced"


def test_its_builder_makes_an_event_schema(library: Library) -> None:
    groups = ["https://ns.adobe.com/xdm/context/experienceevent-advertising"]
    made = library.schema.createExperienceEventSchema("Events", fieldGroupIds=groups)
    assert made["meta:class"] == EVENT


def test_an_export_is_imported_elsewhere(library: Library) -> None:
    registry = library.schema
    id = registry.createSchema(profile_schema("Travelling"))["$id"]
    exported = registry.exportResource(id)
    registry.header["x-sandbox-name"] = "dev"
    registry.connector.header["x-sandbox-name"] = "dev"
    imported = registry.importResource(exported)
    assert [item["title"] for item in imported] == ["Travelling"]


# Its managers


@pytest.fixture
def group(library: Library) -> Any:
    from aepp.fieldgroupmanager import FieldGroupManager

    manager = FieldGroupManager(
        title="Built", schemaAPI=library.schema, fg_class=["profile"], retry=0
    )
    tenant = f"_{library.schema.getTenantId()}"
    for path in (tenant, f"{tenant}.member"):
        assert manager.addField(path, dataType="object")
    assert manager.addField(f"{tenant}.points", dataType="integer", title="Points")
    assert manager.addField(f"{tenant}.member.level", dataType="string")
    return manager


def test_its_manager_of_a_field_group_creates_reads_and_changes_one(
    library: Library, group: Any
) -> None:
    from aepp.fieldgroupmanager import FieldGroupManager

    made = group.createFieldGroup()
    assert made["title"] == "Built"
    again = FieldGroupManager(fieldGroup=made["$id"], schemaAPI=library.schema, retry=0)
    tenant = f"_{library.schema.getTenantId()}"
    assert again.getField(f"{tenant}.points")["type"] == "integer"
    assert [row["level"]["path"] for row in again.searchField("level")] == [
        f"{tenant}.member.level"
    ]
    assert again.addField(f"{tenant}.since", dataType="date")
    changed = again.updateFieldGroup()
    assert changed["$id"] == made["$id"]
    frame = FieldGroupManager(fieldGroup=made["$id"], schemaAPI=library.schema, retry=0)
    assert {"points", "level", "since"} <= {
        path.rpartition(".")[2] for path in frame.to_dataframe()["path"]
    }


def test_its_manager_of_a_schema_composes_one(library: Library, group: Any) -> None:
    from aepp.schemamanager import SchemaManager

    own = group.createFieldGroup()["$id"]
    manager = SchemaManager(title="Managed", schemaAPI=library.schema, retry=0)
    manager.addFieldGroup(own)
    manager.addFieldGroup(PERSON_DETAILS)
    made = manager.createSchema()
    assert made["title"] == "Managed"
    again = SchemaManager(made["$id"], schemaAPI=library.schema, retry=0)
    assert set(again.fieldGroupIds) == {own, PERSON_DETAILS}
    assert again.searchField("points")
    identity = again.createDescriptorOperation(
        descType="xdm:descriptorIdentity",
        completePath=f"_{library.schema.getTenantId()}.points",
        identityNSCode="CRMID",
        identityPrimary=True,
    )
    assert again.createDescriptor(identity)["xdm:isPrimary"] is True
    paths = set(again.to_dataframe()["path"])
    assert "person.name.firstName" in paths
    assert f"_{library.schema.getTenantId()}.points" in paths
    again.setTitle("Retitled")
    assert again.updateSchema()["title"] == "Retitled"
    (reference,) = library.catalog.createDataSet(data=dataset(made["$id"]))
    assert reference.startswith("@/dataSets/")
