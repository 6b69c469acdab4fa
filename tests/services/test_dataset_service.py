"""Dataset Service: the labels of data sets over HTTP, and the same labels at Catalog in 2020."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import CATALOG, DATASET_SERVICE, SCHEMA_REGISTRY, dataset, profile_schema

UNKNOWN = "0123456789abcdef01234567"
SOME = {"labels": ["C1", "I2"], "optionalLabels": []}
OLD = {"x_emulator_edition": "2020-09"}


@pytest.fixture
def schema(api: AepClient) -> str:
    id: str = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    return id


@pytest.fixture
def data(api: AepClient, schema: str) -> str:
    reference: str = api.ok("POST", f"{CATALOG}/dataSets", dataset(schema))[0]
    return reference.removeprefix("@/dataSets/")


def path(id: str) -> str:
    return f"{DATASET_SERVICE}/datasets/{id}/labels"


def of_field(schema: str) -> dict[str, Any]:
    content_type = "application/vnd.adobe.xed-full+json;version=1"
    option = {"id": schema, "contentType": content_type, "schemaPath": "/properties/person"}
    return {"labels": [], "optionalLabels": [{"option": option, "labels": ["S1"]}]}


def tag(api: AepClient, id: str) -> str:
    return api.call("GET", path(id)).headers["etag"]


def keyed(api: AepClient, id: str, labels: dict[str, Any]) -> dict[str, Any]:
    """Return what a lookup answers."""
    return {f"AEP:dataset:{id}": {"imsOrg": api.headers["x-gw-ims-org-id"], **labels}}


def test_labels_are_given_read_replaced_and_removed(api: AepClient, data: str) -> None:
    answer = api.call("POST", path(data), SOME)
    assert (answer.status, answer.json["message"]) == (201, "POST Successful")
    assert answer.json.items() >= {**SOME, "code": "PES-201"}.items()
    (schema,) = answer.json["parents"]
    assert (schema["type"], schema["namespace"]) == ("schema", "AEP")
    etag = tag(api, data)
    assert answer.headers["etag"] == etag
    assert api.ok("GET", path(data)) == keyed(api, data, SOME)
    parent = {"namespace": "AEP", "type": "dataset", "id": UNKNOWN}
    body = {"labels": ["C9"], "parents": [parent]}
    answer = api.call("PUT", path(data), body, If_Match=etag.strip('"'))
    assert (answer.status, answer.json["code"]) == (200, "PES-200")
    assert answer.json["parents"] == [schema, parent]
    assert answer.headers["etag"] == tag(api, data) != etag
    only = {"labels": ["C9"], "optionalLabels": []}
    assert api.ok("GET", path(data)) == keyed(api, data, only)
    assert api.ok("DELETE", path(data), If_Match=tag(api, data)) == {}
    assert api.call("GET", path(data)).status == 404


def test_labels_are_only_taken_from_fields(api: AepClient, data: str, schema: str) -> None:
    """The guide of 2023: POST and PUT give none; in the editions of 2020 they do."""
    answer = api.call("POST", path(data), of_field(schema))
    assert (answer.status, answer.json["code"]) == (400, "PES-400")
    assert answer.rule == "dataset_service.create_labels.fields_get_no_labels"
    api.ok("POST", path(data), of_field(schema), headers=OLD)
    more = of_field(schema)
    more["optionalLabels"][0]["labels"] = ["S1", "S2"]
    answer = api.call("PUT", path(data), more, If_Match=tag(api, data))
    assert answer.rule == "dataset_service.replace_labels.field_labels_are_only_taken"
    none = of_field(schema)
    none["optionalLabels"][0]["labels"] = []
    for body in (of_field(schema), none):
        assert api.call("PUT", path(data), body, If_Match=tag(api, data)).status == 200
    assert api.call("PUT", path(data), of_field(schema), If_Match=tag(api, data)).status == 400


def test_a_head_request_brings_the_tag(api: AepClient, data: str) -> None:
    api.ok("POST", path(data), SOME)
    status, headers, content = api.send("HEAD", path(data), api.headers, None)
    assert (status, headers["etag"], content) == (200, tag(api, data), b"")


def test_without_labels_there_is_no_entity(api: AepClient, data: str) -> None:
    for method, body in (("GET", None), ("PUT", SOME), ("DELETE", None)):
        answer = api.call(method, path(data), body, If_Match="x")
        assert answer.status == 404
        assert answer.json == {
            "timestamp": "2020-09-13T12:26:40.000Z",
            "status": "NOT_FOUND",
            "code": "PES-404",
            "message": "GET Entities Not Found",
            "path": f"/entities/AEP:dataset:{data}",
        }


def test_a_data_set_that_is_not_there_gets_no_labels(api: AepClient) -> None:
    answer = api.call("POST", path(UNKNOWN), SOME)
    assert (answer.status, answer.json["code"]) == (404, "PES-404")
    assert answer.rule == "dataset_service.create_labels.dataset_is_known"


def test_labels_go_with_their_data_set(api: AepClient, data: str) -> None:
    api.ok("POST", path(data), SOME)
    api.ok("DELETE", f"{CATALOG}/dataSets/{data}")
    assert api.call("GET", path(data)).status == 404


def test_labels_that_exist_are_not_created_again(api: AepClient, data: str) -> None:
    api.ok("POST", path(data), SOME)
    answer = api.call("POST", path(data), {"labels": ["C9"]})
    assert (answer.status, answer.json["status"]) == (403, "FORBIDDEN")
    assert answer.json["code"] == "PES-403"
    assert api.ok("GET", path(data)) == keyed(api, data, SOME)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_names_the_version_that_it_changes(api: AepClient, data: str, method: str) -> None:
    api.ok("POST", path(data), SOME)
    body = {"labels": ["C9"]} if method == "PUT" else None
    answer = api.call(method, path(data), body)
    assert (answer.status, answer.json["code"]) == (400, "PES-400")
    answer = api.call(method, path(data), body, If_Match="8f00d38e-0000-0200-0000-5ef4fc6d0000")
    assert (answer.status, answer.json["status"], answer.json["code"]) == (
        409,
        "CONFLICT",
        "PES-409",
    )
    assert api.ok("GET", path(data)) == keyed(api, data, SOME)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"labels": "C1"},
        {"labels": [1]},
        {"optionalLabels": [{"labels": ["C1"]}]},
        of_field("https://ns.adobe.com/nobody/schemas/1"),
    ],
)
def test_what_is_no_set_of_labels_is_refused(api: AepClient, data: str, body: Any) -> None:
    answer = api.call("POST", path(data), body)
    assert (answer.status, answer.json["code"]) == (400, "PES-400")
    assert api.call("GET", path(data)).status == 404


def test_other_errors_are_in_the_same_envelope(api: AepClient) -> None:
    answer = api.call("PUT", f"{path(UNKNOWN)}/more", SOME)
    assert (answer.status, answer.json["code"]) == (404, "PES-9404-404")
    assert "path" not in answer.json


def test_in_2020_either_method_creates_and_a_lookup_names_the_entity(
    api: AepClient, data: str
) -> None:
    edition = {"x_emulator_edition": "2020-09"}
    first = api.call("PUT", path(data), SOME, If_Match="any", headers=edition)
    assert first.status == 200
    api.ok("POST", path(data), {"labels": ["C9"]}, headers=edition)
    found = api.ok("GET", path(data), headers=edition)
    organization = api.headers["x-gw-ims-org-id"]
    entity = {"imsOrg": organization, "labels": ["C9"], "optionalLabels": []}
    assert found == {f"AEP:dataset:{data}": entity}


def test_the_guide_of_2020_has_labels_at_catalog(api: AepClient, data: str, schema: str) -> None:
    edition = {"x_emulator_edition": "2020-03"}
    place = f"{CATALOG}/dataSets/{data}/labels"
    empty = {"imsOrg": api.headers["x-gw-ims-org-id"], "labels": [], "optionalLabels": []}
    assert api.ok("GET", place, headers=edition) == {f"AEP:dataset:{data}": empty}
    answer = api.call("POST", place, SOME, headers=edition)
    assert (answer.status, answer.json) == (201, SOME)
    assert api.ok("GET", path(data)) == keyed(api, data, SOME)
    assert api.ok("PUT", place, of_field(schema), headers=edition) == of_field(schema)
    assert api.ok("DELETE", place, headers=edition) == [f"@/dataSets/{data}"]
    assert api.call("GET", path(data)).status == 404
    assert api.call("PUT", place, {"labels": "C1"}, headers=edition).status == 400
    assert api.call("GET", f"{CATALOG}/dataSets/{UNKNOWN}/labels", headers=edition).status == 404


def test_the_catalog_of_today_says_where_labels_are(api: AepClient, data: str) -> None:
    for method, body in (("GET", None), ("POST", SOME), ("PUT", SOME), ("DELETE", None)):
        answer = api.call(method, f"{CATALOG}/dataSets/{data}/labels", body)
        assert (answer.status, answer.json["title"]) == (404, "NotFoundError")
        assert "/data/foundation/dataset/datasets/{DATASET_ID}/labels" in answer.json["detail"]
    assert api.call("GET", path(data)).status == 404
