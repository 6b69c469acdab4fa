"""Tags, row expiration, storage credentials, conditions and ranges of Catalog."""

from __future__ import annotations

import pytest

from emulator.testing.client import AepClient
from tests.bodies import CATALOG, SCHEMA_REGISTRY, dataset, profile_schema

DATASETS = f"{CATALOG}/dataSets"
UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed-full+json;version=1",
}
UNKNOWN = "0123456789abcdef01234567"
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"


def make_dataset(api: AepClient, **changes: object) -> str:
    body = {"name": "Leads", "schemaRef": UNION, **changes}
    reference: str = api.ok("POST", DATASETS, body)[0]
    return reference.removeprefix("@/dataSets/")


def make_events(api: AepClient) -> str:
    changes = {"allOf": [{"$ref": EVENT}], "meta:class": EVENT}
    body = profile_schema("Events", **changes)
    schema = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", body)["$id"]
    return make_dataset(api, schemaRef=dataset(schema)["schemaRef"])


def test_a_tag_has_values_and_the_data_sets_that_have_it(api: AepClient) -> None:
    first = make_dataset(api, tags={"our/team": ["red", "blue"]})
    make_dataset(api)
    second = make_dataset(api, tags={"our/team": ["blue", "green"]})
    assert api.ok("GET", f"{CATALOG}/tags/our/team") == {
        "objectType": {"datasets": [f"@/DataSet/{first}", f"@/DataSet/{second}"]},
        "our/team": ["red", "blue", "green"],
    }
    tables = api.ok("GET", f"{CATALOG}/tags/adobe%2Fpqs%2Ftable")["adobe/pqs/table"]
    assert tables == ["leads", "leads_1", "leads_2"]


def test_a_tag_that_no_data_set_has_is_not_found(api: AepClient) -> None:
    make_dataset(api)
    answer = api.call("GET", f"{CATALOG}/tags/our/team")
    assert (answer.status, answer.json["title"]) == (404, "NotFoundError")
    assert answer.json["detail"] == "Tag not found: our/team"
    assert api.call("GET", f"{CATALOG}/tags/our/team", x_sandbox_name="dev").status == 404


def test_data_sets_of_events_have_limits_of_row_expiration(api: AepClient) -> None:
    answer = api.call("GET", f"{CATALOG}/ttl/{make_events(api)}")
    limits = {"defaultValue": "P12M", "maxValue": "P12M", "minValue": "P7D"}
    assert answer.json == {"extensions": {"adobe_lakeHouse": {"rowExpiration": limits}}}
    assert answer.warnings == []
    remarked = api.call("GET", f"{CATALOG}/ttl/{make_dataset(api)}")
    assert remarked.warnings == ["catalog.get_row_expiration.rows_expire_in_events"]
    assert api.call("GET", f"{CATALOG}/ttl/{UNKNOWN}").status == 404


def test_credentials_look_like_credentials_and_stay_the_same(api: AepClient) -> None:
    id = make_dataset(api)
    found = api.ok("GET", f"{DATASETS}/{id}/credentials")
    assert found["dataSetId"] == id
    assert id in found["path"]
    assert "stagePath" not in found
    staged = api.ok("GET", f"{DATASETS}/{id}/credentials?batchId=b1")
    assert staged == {**found, "stagePath": "platformdataset/stage/b1"}
    elsewhere = api.call("GET", f"{DATASETS}/{id}/credentials", x_sandbox_name="dev")
    assert elsewhere.status == 404
    assert found["credentials"]["clientKey"] not in elsewhere.content.decode()


@pytest.mark.parametrize("path", ["dataSets", "v2/dataSets"])
def test_a_change_may_name_versions_that_it_does_not_mean(api: AepClient, path: str) -> None:
    id = make_dataset(api)
    place = f"{CATALOG}/{path}/{id}"
    answer = api.call("PATCH", place, {"name": "b"}, If_None_Match='"1.0.0"')
    assert (answer.status, answer.json["title"]) == (412, "PreconditionFailedError")
    assert api.ok("GET", f"{DATASETS}/{id}")[id]["name"] == "Leads"
    assert api.call("PATCH", place, {"name": "b"}, If_None_Match="1.0.9").status == 200
    assert api.ok("GET", f"{DATASETS}/{id}")[id]["name"] == "b"


def test_a_range_of_objects_has_the_total_in_its_header(api: AepClient) -> None:
    ids = [make_dataset(api) for _ in range(5)]
    answer = api.call("GET", DATASETS, Range="objects=1-2")
    assert (answer.status, list(answer.json)) == (206, ids[1:3])
    assert answer.headers["content-range"] == "objects 1-2/5"
    answer = api.call(
        "GET", f"{DATASETS}?orderBy=desc:created&properties=name", Range="objects=4-9"
    )
    assert (list(answer.json), answer.headers["content-range"]) == ([ids[4]], "objects 4-4/5")
    beyond = api.call("GET", DATASETS, Range="objects=7-9")
    assert (beyond.status, beyond.json) == (206, {})
    assert beyond.headers["content-range"] == "objects */5"


def test_a_malformed_range_is_remarked_on(api: AepClient) -> None:
    id = make_dataset(api)
    for text in ("objects=2-1", "objects=a-b", "objects=1-101"):
        answer = api.call("GET", DATASETS, Range=text)
        assert (answer.status, list(answer.json)) == (200, [id]), text
        assert answer.warnings == ["catalog.list_datasets.range_is_of_objects"]


def test_ranges_of_bytes_are_not_ranges_of_objects(api: AepClient) -> None:
    id = make_dataset(api)
    answer = api.call("GET", DATASETS, Range="bytes=0-9")
    assert (answer.status, list(answer.json)) == (200, [id])


def test_profile_needs_a_schema_that_is_in_the_profile(api: AepClient) -> None:
    parts = [
        {"$ref": f"https://ns.adobe.com/xdm/context/{name}"} for name in ("profile", "identitymap")
    ]
    body = profile_schema("Plain", allOf=parts)
    schema = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", body)["$id"]
    enabled = {"tags": {"unifiedProfile": ["enabled: true"]}}
    rule = "catalog.create_dataset.profile_has_its_schema"
    assert rule in api.call("POST", DATASETS, {**dataset(schema), **enabled}).warnings
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    escaped = schema.replace(":", "%3A").replace("/", "%2F")
    api.ok("PATCH", f"{SCHEMA_REGISTRY}/tenant/schemas/{escaped}", union)
    assert rule not in api.call("POST", DATASETS, {**dataset(schema), **enabled}).warnings
    assert rule not in api.call("POST", DATASETS, dataset(schema)).warnings


def test_expansion_puts_files_in_place_of_their_link(api: AepClient) -> None:
    id, other = make_dataset(api), make_dataset(api)
    place = "/data/foundation/import/batches"
    body = {"datasetId": id, "inputFormat": {"format": "json"}}
    batch = api.ok("POST", place, body)["id"]
    octets = {"Content_Type": "application/octet-stream"}
    api.call(
        "PUT",
        f"{place}/{batch}/datasets/{id}/files/a.json",
        content=b'{"_id": "1"}',
        headers=octets,
    )
    api.ok("POST", f"{place}/{batch}?action=COMPLETE")
    files = api.ok("GET", f"{CATALOG}/dataSetFiles?dataSetId={id}")
    assert list(files) == [f"{batch}-1"]
    found = api.ok("GET", f"{DATASETS}?expansion=files&properties=files")
    assert found == {id: {"files": files}, other: {"files": {}}}
    assert api.ok("GET", f"{DATASETS}/{id}?expansion=files")[id]["files"] == files
    remarked = api.call("GET", f"{DATASETS}/{id}?expansion=xdm")
    assert remarked.warnings == ["catalog.get_dataset.expansion_is_of_files"]
    assert isinstance(remarked.json[id]["files"], str)
