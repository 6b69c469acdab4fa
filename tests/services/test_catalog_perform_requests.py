"""Several requests in one at Catalog's root: order, templates, and all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.filters.templates import attributes, fill
from emulator.testing.client import AepClient
from tests.bodies import CATALOG

DATASETS = f"{CATALOG}/dataSets"
UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed-full+json;version=1",
}
UNKNOWN = "0123456789abcdef01234567"
EDITIONS = ("2020-03", "2020-09", "latest")


def create(id: str, **changes: Any) -> dict[str, Any]:
    body = {"name": id, "schemaRef": UNION, **changes}
    return {"id": id, "resource": "/dataSets", "method": "post", "body": body}


def ask(id: str, resource: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"id": id, "resource": resource, "method": method, **more}


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("path", [CATALOG, f"{CATALOG}/"])
def test_a_later_request_uses_what_an_earlier_one_answered(
    api: AepClient, edition: str, path: str
) -> None:
    body = [
        create("first"),
        create("second", description="after <<first.id>>"),
        ask("third", "/datasets/<<second.id>>?properties=name,description"),
        ask("fourth", "/dataSets/<<first.id>>", "Patch", body={"description": "<<third.name>>"}),
    ]
    answer = api.call("POST", path, body, x_emulator_edition=edition)
    assert answer.status == 200
    assert [(item["id"], item["code"]) for item in answer.json] == [
        ("first", 200),
        ("second", 200),
        ("third", 200),
        ("fourth", 200),
    ]
    first, second = (item["body"][0].removeprefix("@/dataSets/") for item in answer.json[:2])
    assert answer.json[2]["body"] == {second: {"name": "second", "description": f"after {first}"}}
    assert api.ok("GET", f"{DATASETS}/{first}")[first]["description"] == "second"


def test_if_one_change_fails_none_is_made(api: AepClient) -> None:
    kept = api.ok("POST", DATASETS, create("kept")["body"])
    before = api.ok("GET", DATASETS)
    id = kept[0].removeprefix("@/dataSets/")
    body = [
        create("first"),
        ask("second", f"/dataSets/{id}", "PATCH", body={"name": "changed"}),
        ask("third", "/dataSets/<<first.id>>", "DELETE"),
        create("fourth", name=5),
    ]
    answer = api.call("POST", CATALOG, body)
    assert (answer.status, answer.json["title"]) == (400, "BadRequestError")
    assert answer.rule == "catalog.create_dataset.name_is_text"
    assert api.ok("GET", DATASETS) == before
    again = api.ok("POST", CATALOG, body[:1])[0]["body"]
    assert api.ok("GET", DATASETS).keys() == {id, again[0].removeprefix("@/dataSets/")}


def test_a_failing_lookup_leaves_the_others_alone(api: AepClient) -> None:
    body = [create("first"), ask("second", f"/dataSets/{UNKNOWN}"), create("third")]
    answer = api.call("POST", CATALOG, body)
    assert [item["code"] for item in answer.json] == [200, 404, 200]
    assert answer.json[1]["body"]["title"] == "NotFoundError"
    assert "catalog.get_dataset.id_is_known" in answer.warnings
    assert len(api.ok("GET", DATASETS)) == 2


def test_each_request_may_name_the_version_that_it_changes(api: AepClient) -> None:
    id = api.ok("POST", DATASETS, create("one")["body"])[0].removeprefix("@/dataSets/")
    change = ask("a", f"/dataSets/{id}", "PATCH", body={"name": "two"})
    stale = api.call("POST", CATALOG, [{**change, "headers": {"if-match": "1.0.9"}}])
    assert (stale.status, stale.json["title"]) == (412, "PreconditionFailedError")
    api.ok("POST", CATALOG, [{**change, "headers": {"If-Match": "1.0.0"}}])
    assert api.ok("GET", f"{DATASETS}/{id}")[id]["name"] == "two"


def test_no_request_leaves_the_sandbox_or_the_organization(api: AepClient) -> None:
    elsewhere = {"x-sandbox-name": "dev", "x-gw-ims-org-id": f"{1:024X}@AdobeOrg", "x-api-key": "k"}
    item = {**create("first"), "headers": elsewhere}
    (made,) = api.ok("POST", CATALOG, [item])
    id = made["body"][0].removeprefix("@/dataSets/")
    assert api.ok("GET", f"{DATASETS}/{id}")[id]["createdClient"] == api.headers["x-api-key"]
    assert api.ok("GET", DATASETS, x_sandbox_name="dev") == {}


def test_what_catalog_does_not_have_is_refused_as_by_itself(api: AepClient) -> None:
    for item, status in (
        (ask("a", "/nowhere"), 404),
        (ask("a", "/dataSets", "DELETE"), 405),
        (ask("a", "/v2/dataSets/x"), 405),
        (ask("a", "/../schemaregistry/tenant/schemas"), 404),
    ):
        answer = api.call("POST", CATALOG, [item])
        code = answer.json["status"] if answer.status >= 400 else answer.json[0]["code"]
        assert code == status, item


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "body_is_a_list"),
        (["a"], "body_is_a_list"),
        ([{"id": "a", "method": "GET"}], "requests_are_whole"),
        ([ask("a", "/")], "requests_are_whole"),
        ([ask("a", "dataSets")], "requests_are_whole"),
        ([ask("a", "/dataSets", "HEAD")], "requests_are_whole"),
        ([ask("a", "/dataSets", headers=["x"])], "headers_are_texts"),
        ([ask("a", "/dataSets/<<b.id>>"), create("b")], "templates_refer_back"),
    ],
)
def test_a_body_that_is_not_a_list_of_requests_is_refused(
    api: AepClient, body: Any, rule: str
) -> None:
    answer = api.call("POST", CATALOG, body)
    assert (answer.status, answer.json["title"]) == (400, "BadRequestError")
    assert answer.rule == f"catalog.perform_requests.{rule}"
    assert api.ok("GET", DATASETS) == {}


def test_templates_become_what_they_name() -> None:
    answers = {"a": ["@/dataSets/5be2"], "b": {"x1": {"size": 7, "deep": {"er": "z"}}}, "c": None}
    wanted = {"n": 7, "t": "<5be2> 7", "l": ["z", "x1"], "none": "<<a.name>>", "odd": "<<c.id>>"}
    given = {
        "n": "<<b.size>>",
        "t": "<<<a.id>>> <<b.size>>",
        "l": ["<<b.deep.er>>", "<<b.id>>"],
        "none": "<<a.name>>",
        "odd": "<<c.id>>",
    }
    assert fill(given, answers) == wanted
    assert attributes({"p": 1, "q": 2}) == {"p": 1, "q": 2}
    assert attributes(["@/dataSets/1", "@/dataSets/2"]) == {}


def test_files_that_a_change_removed_come_back_with_it(api: AepClient) -> None:
    id = api.ok("POST", DATASETS, create("one")["body"])[0].removeprefix("@/dataSets/")
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
    data = f"/data/foundation/export/batches/{batch}/files"
    before = api.ok("GET", data)
    assert len(before["data"]) == 1
    whole = [ask("a", f"/batches/{batch}", "DELETE"), create("b", name=5)]
    assert api.call("POST", CATALOG, whole).rule == "catalog.create_dataset.name_is_text"
    assert api.ok("GET", data) == before
    rows = f"/data/foundation/export/datasets/{id}/preview"
    shown = api.ok("GET", rows)
    assert "_id" in str(shown)
    api.ok("POST", CATALOG, whole[:1])
    assert "_id" not in str(api.ok("GET", rows))
