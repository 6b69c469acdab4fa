"""Catalog: data sets over HTTP, in every edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.filters.catalog import ordered
from emulator.services.catalog.listing import select
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, SCHEMA_REGISTRY, dataset, make_world, profile_schema
from tests.emulators import aep_for, new_emulator

DATASETS = f"{CATALOG}/dataSets"
V2 = f"{CATALOG}/v2/dataSets"
EDITIONS = ("2020-03", "2020-09", "latest")
UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed-full+json;version=1",
}
UNKNOWN = "0123456789abcdef01234567"
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_597_784_069_368)


def make_schema(api: AepClient, title: str = "Leads", **changes: Any) -> str:
    path = f"{SCHEMA_REGISTRY}/tenant/schemas"
    id: str = api.ok("POST", path, profile_schema(title, **changes))["$id"]
    return id


def make_dataset(api: AepClient, **changes: Any) -> str:
    """Create a data set of a union schema, which needs no schema of the tenant's."""
    body = {"name": "Leads", "schemaRef": UNION, **changes}
    id: str = api.ok("POST", DATASETS, body)[0].removeprefix("@/dataSets/")
    return id


def read(api: AepClient, id: str, **headers: str) -> dict[str, Any]:
    found: dict[str, Any] = api.ok("GET", f"{DATASETS}/{id}", headers=headers)[id]
    return found


# Creating


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", ["Target Dataset", "Target dataset for cloud storage"])
def test_both_tutorials_requests_are_accepted_in_every_edition(
    api: AepClient, edition: str, name: str
) -> None:
    schema = make_schema(api)
    answer = api.call(
        "POST",
        f"{DATASETS}?requestDataSource=true",
        dataset(schema, name=name),
        x_emulator_edition=edition,
    )
    assert answer.status == 201
    today = ["catalog.create_dataset.data_source_is_not_asked_for"]  # the parameter has gone
    assert answer.warnings == (today if edition == "latest" else [])
    (reference,) = answer.json
    id = reference.removeprefix("@/dataSets/")
    assert len(id) == 24
    assert answer.headers["location"].endswith(f"/data/foundation/catalog/dataSets/{id}")
    assert read(api, id)["schemaRef"] == dataset(schema)["schemaRef"]


def test_the_server_fills_in_what_the_caller_does_not_say(
    api: AepClient, clock: ManualClock
) -> None:
    schema = make_schema(api)
    id = api.ok("POST", DATASETS, dataset(schema, name="My Leads, 2020!"))[0][-24:]
    found = read(api, id)
    user = found.pop("createdUser")
    assert user == found.pop("updatedUser")
    assert user.endswith("@techacct.adobe.com")
    assert len(found.pop("sandboxId")) == 36
    assert found == {
        "name": "My Leads, 2020!",
        "schemaRef": dataset(schema)["schemaRef"],
        "version": "1.0.0",
        "imsOrg": api.headers["x-gw-ims-org-id"],
        "created": clock.now(),
        "updated": clock.now(),
        "createdClient": "test-client",
        "viewId": f"{int(id, 16) + 1:024x}",
        "files": f"@/dataSetFiles?dataSetId={id}",
        "state": "ACTIVE",
        "enableErrorDiagnostics": False,
        "fileDescription": {"format": "parquet"},
        "classification": {"dataBehavior": "record", "managedBy": "CUSTOMER"},
        "tags": {
            "adobe/pqs/table": ["my_leads_2020"],
            "adobe/siphon/table/format": ["delta"],
            "acp_granular_plugin_validation_flags": ["identity:enabled", "profile:disabled"],
            "acp_granular_validation_flags": ["requiredFieldCheck:enabled"],
            "acp_validationContext": ["enabled"],
        },
    }


def test_what_the_server_sets_cannot_be_sent(api: AepClient) -> None:
    id = make_dataset(api, version="9", imsOrg="x", id="y", viewId="z", files="w", created=1)
    found = read(api, id)
    assert (found["version"], found["imsOrg"]) == ("1.0.0", api.headers["x-gw-ims-org-id"])
    assert found["viewId"] != "z"


def test_unknown_members_are_kept(api: AepClient) -> None:
    found = read(api, make_dataset(api, unifiedTags=["a"], systemLabels=["b"]))
    assert (found["unifiedTags"], found["systemLabels"]) == (["a"], ["b"])


def test_names_may_repeat_but_tables_do_not(api: AepClient) -> None:
    tables = [read(api, make_dataset(api))["tags"]["adobe/pqs/table"] for _ in range(3)]
    assert tables == [["leads"], ["leads_1"], ["leads_2"]]
    assert read(api, make_dataset(api, name="leads 1"))["tags"]["adobe/pqs/table"] == ["leads_1_1"]


def test_without_a_name_the_id_stands_in(api: AepClient) -> None:
    answer = api.call("POST", DATASETS, {"schemaRef": UNION})
    assert answer.warnings == ["catalog.create_dataset.name_is_sent"]
    id = answer.json[0][-24:]
    assert read(api, id)["name"] == id


def test_an_event_schema_makes_a_time_series_data_set(api: AepClient, clock: ManualClock) -> None:
    changes: dict[str, Any] = {"allOf": [{"$ref": EVENT}], "meta:class": EVENT}
    id = api.ok("POST", DATASETS, dataset(make_schema(api, **changes)))[0][-24:]
    assert read(api, id)["classification"]["dataBehavior"] == "time-series"
    row_expiration = {"ttlValue": "P3M"}
    body = {"extensions": {"adobe_lakeHouse": {"rowExpiration": row_expiration}}}
    api.ok("PATCH", f"{V2}/{id}", body)
    told = {"valueStatus": "custom", "setBy": "user", "updated": clock.now()}
    extensions = {"adobe_lakeHouse": {"rowExpiration": row_expiration | told}}
    assert read(api, id)["extensions"] == extensions
    clock.advance(60)
    api.ok("PATCH", f"{V2}/{id}", {"description": "not about rows"})
    assert read(api, id)["extensions"] == extensions


def test_another_schema_gives_another_classification(api: AepClient) -> None:
    record = make_schema(api)
    event = make_schema(api, "Events", **{"allOf": [{"$ref": EVENT}], "meta:class": EVENT})
    id = api.ok("POST", DATASETS, dataset(record))[0][-24:]
    api.ok("PATCH", f"{DATASETS}/{id}", {"schemaRef": dataset(event)["schemaRef"]})
    assert read(api, id)["classification"]["dataBehavior"] == "time-series"


def test_enabling_profile_notes_when(api: AepClient) -> None:
    id = make_dataset(api, tags={"unifiedProfile": ["enabled: true"], "mine": ["a"]})
    tags = read(api, id)["tags"]
    assert tags["unifiedProfile"] == ["enabled: true", "enabledAt:2020-08-18 20:54:29"]
    assert tags["mine"] == ["a"]


def test_validate_only_keeps_nothing(api: AepClient) -> None:
    answer = api.call("POST", DATASETS, {"name": "a", "schemaRef": UNION}, pragma="validate-only")
    assert (answer.status, answer.json) == (200, [])
    assert api.ok("GET", DATASETS) == {}
    id = make_dataset(api)
    api.ok("PUT", f"{DATASETS}/{id}", {"name": "b", "schemaRef": UNION}, pragma="validate-only")
    assert read(api, id)["name"] == "Leads"


# Reading


def test_the_version_is_the_tag_of_a_single_data_set(api: AepClient) -> None:
    id = make_dataset(api)
    headers = api.call("GET", f"{DATASETS}/{id}").headers
    assert (headers["etag"], headers["e-tag"]) == ('"1.0.0"', "1.0.0")


def test_several_are_read_by_a_list_of_ids(api: AepClient) -> None:
    first, second = make_dataset(api), make_dataset(api)
    found = api.ok("GET", f"{DATASETS}/{second},{first},{UNKNOWN}?properties=name")
    assert found == {second: {"name": "Leads"}, first: {"name": "Leads"}}


def test_paths_are_spelled_as_documents_spell_them(api: AepClient) -> None:
    id = make_dataset(api)
    for name in ("dataSets", "datasets", "DataSets", "dataSet", "dataset", "DATASETS"):
        assert id in api.ok("GET", f"{CATALOG}/{name}/{id}")
        assert id in api.ok("GET", f"{CATALOG}/{name}/")
        assert id in api.ok("GET", f"{CATALOG}/{name}")
    for path in ("v2/dataSets", "v2/datasets", "V2/DATASETS"):
        assert api.ok("PATCH", f"{CATALOG}/{path}/{id}", {"a": 1}) == [f"@/dataSets/{id}"]


def test_what_is_documented_but_not_emulated_says_so(api: AepClient) -> None:
    for path in ("", "accounts", "connectors/1", "health", "xdms/context/profile"):
        answer = api.call("GET", f"{CATALOG}/{path}")
        assert (answer.status, answer.rule) == (501, "platform.not_emulated")
        assert answer.json["type"] == "/placeholder/type/uri"


# Changing


def test_an_object_replaces_the_members_that_it_has(api: AepClient, clock: ManualClock) -> None:
    id = make_dataset(api, tags={"a": ["1"], "b": ["2"]}, description="old", extra={"x": 1, "y": 2})
    before = read(api, id)
    clock.advance(60)
    tags = {"a": ["3"], "adobe/siphon/table/format": ["delta"]}
    answer = api.call("PATCH", f"{DATASETS}/{id}", {"tags": tags, "extra": {"x": 2}})
    assert answer.json == [f"@/dataSets/{id}"]
    names = ["members_are_documented", "reserved_tags_are_sent_again"]
    assert answer.warnings == [f"catalog.patch_dataset.{name}" for name in names]
    after = read(api, id)
    reserved = {k: v for k, v in before["tags"].items() if k.startswith("adobe/")}
    assert after["tags"] == {"a": ["3"], **reserved}
    assert (after["extra"], after["description"]) == ({"x": 2}, "old")
    assert (after["version"], after["updated"]) == ("1.0.1", clock.now())
    assert after["created"] == before["created"]


def test_a_json_patch_changes_single_places(api: AepClient) -> None:
    id = make_dataset(api)
    before = read(api, id)["tags"]
    for content_type in (
        "application/json",
        "application/json-patch+json",
        "application/json+patch",
    ):
        patch = [{"op": "add", "path": "/tags/a~1b", "value": ["enabled:true"]}]
        api.ok("PATCH", f"{DATASETS}/{id}", patch, headers={"Content-Type": content_type})
    toggled = [{"op": "replace", "path": "/tags/acp_validationContext", "value": ["disabled"]}]
    answer = api.call("PATCH", f"{DATASETS}/{id}", toggled)
    assert (answer.status, answer.warnings) == (200, [])
    found = read(api, id)
    changed = {"a/b": ["enabled:true"], "acp_validationContext": ["disabled"]}
    assert found["tags"] == {**before, **changed}
    assert found["version"] == "1.0.4"


def test_version_two_merges_at_every_depth(api: AepClient) -> None:
    id = make_dataset(api, tags={"a": ["1"]}, extra={"x": {"y": 1}, "z": [1]})
    api.ok("PATCH", f"{V2}/{id}", {"tags": {"b": ["2"]}, "extra": {"x": {"w": 2}, "z": [2]}})
    found = read(api, id)
    assert found["extra"] == {"x": {"y": 1, "w": 2}, "z": [2]}
    assert found["tags"]["a"] == ["1"]
    assert found["tags"]["b"] == ["2"]
    assert found["tags"]["acp_validationContext"] == ["enabled"]


def test_put_drops_what_is_not_sent_and_keeps_what_is_the_servers(api: AepClient) -> None:
    id = make_dataset(api, description="old", tags={"a": ["1"]}, extra=1)
    before = read(api, id)
    api.ok("PUT", f"{DATASETS}/{id}", {"name": "New", "schemaRef": UNION})
    after = read(api, id)
    assert not {"description", "extra"} & set(after)
    assert "a" not in after["tags"]
    assert after["tags"]["adobe/pqs/table"] == before["tags"]["adobe/pqs/table"]
    kept = ("created", "createdUser", "viewId", "files", "imsOrg", "sandboxId")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert (after["name"], after["version"]) == ("New", "1.0.1")


@pytest.mark.parametrize("edition", EDITIONS)
def test_what_was_read_can_be_put_back(api: AepClient, edition: str) -> None:
    api.headers["x-emulator-edition"] = edition
    id = make_dataset(api, tags={"a": ["1"]}, description="d")
    before = read(api, id)
    answer = api.call("PUT", f"{DATASETS}/{id}", before)
    assert (answer.status, answer.warnings) == (200, [])
    assert read(api, id) == {**before, "version": "1.0.1"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("sent", ["1.0.0", '"1.0.0"', "1597784069368", "*"])
def test_if_match_takes_the_version_or_the_time(api: AepClient, method: str, sent: str) -> None:
    id = make_dataset(api)
    api.ok(method, f"{DATASETS}/{id}", {"name": "b", "schemaRef": UNION}, If_Match=sent)


def test_what_is_deleted_is_not_found_any_more(api: AepClient) -> None:
    id = make_dataset(api)
    assert api.ok("DELETE", f"{DATASETS}/{id}") == [f"@/dataSets/{id}"]
    answer = api.call("DELETE", f"{DATASETS}/{id}")
    assert (answer.status, answer.json["title"]) == (404, "NotFoundError")
    assert answer.json["detail"] == "DataSet not found."
    again = api.call("DELETE", f"{DATASETS}/{id}", x_emulator_edition="2020-09")
    assert (again.status, again.json) == (200, [])
    assert again.warnings == ["catalog.delete_dataset.id_is_known"]
    assert api.call("GET", f"{DATASETS}/{id}").status == 404
    assert read(api, make_dataset(api))["tags"]["adobe/pqs/table"] == ["leads"]


def test_deleting_a_data_set_in_use_is_reported(api: AepClient) -> None:
    rule = "catalog.delete_dataset.dataset_is_unused"
    assert api.call("DELETE", f"{DATASETS}/{make_world(api).dataset}").warnings == [rule]


def test_strict_refuses_to_delete_a_data_set_in_use(strict: AepClient) -> None:
    id = make_world(strict).dataset
    answer = strict.call("DELETE", f"{DATASETS}/{id}")
    assert (answer.status, answer.rule) == (400, "catalog.delete_dataset.dataset_is_unused")
    assert id in strict.ok("GET", DATASETS)


# Lists


def fill(api: AepClient, clock: ManualClock) -> dict[str, str]:
    """Create the data sets a, b, c a second apart, and return their ids by name."""
    ids = {}
    for name in "abc":
        ids[name] = make_dataset(
            api,
            name=name,
            description=f"set {name}",
            enableErrorDiagnostics=name == "b",
            tags={"unifiedProfile": ["enabled:true"], "mine": [f"x-{name}"]} if name > "a" else {},
            **({"lastly": 1} if name == "c" else {}),
        )
        clock.advance(1)
    api.ok("PATCH", f"{DATASETS}/{ids['a']}", {"description": "changed"})
    return ids


LISTS = [
    ("", "abc"),
    ("limit=2", "ab"),
    ("limit=1&start=1", "b"),
    ("limit=1&offset=2", "c"),
    ("start=3", ""),
    ("name=a", "a"),
    ("name=a,c", "ac"),
    ("name=!a,c", "b"),
    ("name=*", "abc"),
    ("name=**", ""),
    ("lastly=*", "c"),
    ("lastly=!*", "ab"),
    ("lastly=1", "c"),
    ("version=1.0.1", "a"),
    ("enableErrorDiagnostics=true", "b"),
    ("created=1597784069368", "a"),
    (f"schemaRef.id={UNION['id']}", "abc"),
    ("limit=&name=", "abc"),
    ("property=lastly", "c"),
    ("property=!lastly", "ab"),
    ("property=name==a", "a"),
    ("property=name!=a", "bc"),
    ("property=name~%5E[ab]$", "ab"),
    ("property=created>1597784069368", "bc"),
    ("property=created>=1597784069368", "abc"),
    ("property=created<1597784070368&property=name==a", "a"),
    ("property=version>1.0.0", "a"),
    ("property=version>=1.0.10", ""),
    ("property=name>a", "bc"),
    ("property=name<=b", "ab"),
    ("property=tags>a", ""),
    ("tags=unifiedProfile:enabled:true", "bc"),
    ("tags=unifiedProfile:enabled:true,mine:x-b", "b"),
    ("tags=mine:x*", "bc"),
    ("tags=mine:*", "bc"),
    ("tags=other:*", ""),
    ("createdAfter=1597784069368", "bc"),
    ("createdBefore=1597784070368", "a"),
    ("createdAfter=1597784069368&createdBefore=1597784071368", "b"),
    ("updatedAfter=1597784071368", "a"),
    ("orderBy=desc:created", "cba"),
    ("sort=desc:created", "cba"),
    ("orderBy=updated", "bca"),
    ("orderBy=enableErrorDiagnostics,desc:name", "cab"),
    ("orderBy=asc:created,updated&limit=1", "a"),
    ("orderBy=lastly", "cab"),
    ("orderBy=desc:lastly", "cab"),
    ("name=!b&createdAfter=1597784069368", "c"),
    ("requestDataSource=true&expansion=files", "abc"),
]


@pytest.mark.parametrize(("query", "names"), LISTS)
def test_lists(api: AepClient, clock: ManualClock, query: str, names: str) -> None:
    ids = fill(api, clock)
    found = api.ok("GET", f"{DATASETS}?{query}")
    assert list(found) == [ids[name] for name in names]


def test_properties_choose_members(api: AepClient) -> None:
    id = make_dataset(api, description="d")
    assert api.ok("GET", f"{DATASETS}?properties=name,description,nothing") == {
        id: {"name": "Leads", "description": "d"}
    }
    assert api.ok("GET", f"{DATASETS}/{id}?properties=observableSchema") == {id: {}}


def test_a_list_has_twenty_objects_unless_it_says(api: AepClient) -> None:
    for _ in range(25):
        make_dataset(api)
    assert len(api.ok("GET", DATASETS)) == 20
    assert len(api.ok("GET", f"{DATASETS}?limit=100")) == 25
    assert len(api.ok("GET", f"{DATASETS}?start=20")) == 5


def test_undocumented_filters_are_noted(api: AepClient) -> None:
    answer = api.call("GET", f"{DATASETS}?schemaRef.id=a")
    assert answer.warnings == ["catalog.list_datasets.filters_are_documented"]


def test_a_hostile_expression_takes_no_time(api: AepClient) -> None:
    make_dataset(api, name="a" * 5000 + "!")
    assert api.ok("GET", f"{DATASETS}?property=name~(a%2B)%2B$") == {}


def test_order_never_compares_what_cannot_be_compared() -> None:
    rows: list[dict[str, Any]] = [{"n": "b"}, {"n": 2}, {"n": None}, {}, {"n": [1]}, {"n": 1}]
    assert ordered(rows, "n")[:3] == [{"n": 1}, {"n": 2}, {"n": "b"}]
    assert ordered(rows, "desc:n")[-1] == {}
    assert select(rows, {"limit": "nonsense", "start": "-1", "createdAfter": "x"}) == []


# Editions


def test_each_edition_prints_a_data_set_its_own_way(api: AepClient) -> None:
    id = make_dataset(api)
    for edition in ("2020-03", "2020-09"):
        found = read(api, id, x_emulator_edition=edition)
        assert found["files"] == f"@/dataSets/{id}/views/{found['viewId']}/files"
        assert found["state"] == "DRAFT"
        file = {"persisted": True, "containerFormat": "parquet", "format": "parquet"}
        assert found["fileDescription"] == file
    assert read(api, id)["state"] == "ACTIVE"


def test_each_edition_makes_a_data_set_its_own_way(api: AepClient) -> None:
    body = {"name": "a", "schemaRef": UNION}
    for edition, numbered, table_format in (
        ("2020-03", True, "parquet"),
        ("2020-09", True, "parquet"),
        ("latest", False, "delta"),
    ):
        path = f"{DATASETS}?requestDataSource=true"
        id = api.ok("POST", path, body, x_emulator_edition=edition)[0][-24:]
        found = read(api, id)
        assert ("dataSourceId" in found) is numbered
        assert found["tags"]["adobe/siphon/table/format"] == [table_format]
    id = api.ok("POST", f"{DATASETS}?requestDataSource=False", body, x_emulator_edition="2020-09")
    assert "dataSourceId" not in read(api, id[0][-24:])


# Refusals that look at what there is; tests/contract/test_refusals.py has all others.

WRITES = {"create": "POST", "replace": "PUT", "patch": "PATCH", "merge": "V2"}
STATUS = {
    "catalog.not_found": (404, "NotFoundError"),
    "catalog.bad_request": (400, "BadRequestError"),
    "catalog.limit_out_of_range": (400, "BadRequestError"),
    "catalog.observable_schema_limit": (400, "BadRequestError"),
    "catalog.unknown_schema": (400, "BadRequestError"),
    "catalog.forbidden_tag": (403, "ForbiddenError"),
    "catalog.blank_table_format": (422, "UnprocessableEntity"),
    "catalog.precondition_failed": (412, "PreconditionFailedError"),
    "catalog.in_use": (400, "BadRequestError"),
    "catalog.unwanted_version": (412, "PreconditionFailedError"),
}
Refusal = tuple[str, str, str, Any, dict[str, str]]


def write_refusals() -> Iterator[Refusal]:
    """Yield (rule, method, path, body, headers); `ID` in a path is a data set that is there."""
    for verb, method in WRITES.items():
        path = {"POST": DATASETS, "V2": f"{V2}/ID"}.get(method, f"{DATASETS}/ID")
        sent = "PATCH" if method == "V2" else method
        rule = f"catalog.{verb}_dataset."
        base = {"name": "a", "schemaRef": UNION} if verb in ("create", "replace") else {}
        missing = {"schemaRef": {**UNION, "id": "https://ns.adobe.com/t/schemas/1"}}
        yield rule + "schema_exists", sent, path, {**base, **missing}, {}
        format = {"adobe/siphon/table/format": ["delta"]}
        reserved = {**base, "tags": {**format, "adobe/pqs/table": ["mine"]}}
        if verb == "create":
            yield rule + "reserved_tags_are_not_set", sent, path, reserved, {}
            continue
        yield rule + "id_is_known", sent, path.replace("ID", UNKNOWN), base, {}
        yield rule + "if_match_is_current", sent, path, base, {"If-Match": "1.0.7"}
        yield rule + "if_none_match_is_not_current", sent, path, base, {"If-None-Match": "1.0.0"}
        yield rule + "patched_tags_stay_the_platforms", sent, path, reserved, {}
        if verb in ("replace", "patch"):
            yield rule + "reserved_tags_are_sent_again", sent, path, {**base, "tags": format}, {}


def other_refusals() -> Iterator[Refusal]:
    one, rule = f"{DATASETS}/ID", "catalog.patch_dataset."
    yield rule + "table_format_stays", "PATCH", one, {"tags": {"a": ["b"]}}, {}
    missing = [{"op": "remove", "path": "/tags/nothing"}]
    yield rule + "patch_applies", "PATCH", one, missing, {}
    number = [{"op": "replace", "path": "/name", "value": 5}]
    yield rule + "patched_dataset_is_one", "PATCH", one, number, {}
    ttl = {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P3M"}}}}
    yield "catalog.merge_dataset.row_expiration_is_for_events", "PATCH", f"{V2}/ID", ttl, {}
    yield "catalog.get_dataset.id_is_known", "GET", f"{DATASETS}/{UNKNOWN}", None, {}


REFUSALS = [*write_refusals(), *other_refusals()]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_names_its_rule_and_changes_nothing(strict: AepClient, refusal: Refusal) -> None:
    rule, method, path, body, headers = refusal
    id = make_dataset(strict)
    before = strict.ok("GET", DATASETS)
    answer = strict.call(method, path.replace("ID", id), body, headers=headers)
    assert answer.rule == rule
    status, title = STATUS[strict.contract.rules[rule].problem]
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.json["type"] == "/placeholder/type/uri"
    assert answer.json["title"] == title
    assert answer.json["detail"]
    assert strict.ok("GET", DATASETS) == before


def test_the_reserved_tag_is_refused_in_the_published_words(strict: AepClient) -> None:
    body = {"tags": {"adobe/siphon/table/format": ["delta"]}}
    assert strict.call("PATCH", f"{DATASETS}/{make_dataset(strict)}", body).json == {
        "type": "/placeholder/type/uri",
        "status": 403,
        "title": "ForbiddenError",
        "detail": "Not permitted to create or modify tags for namespace(adobe/pqs/table).",
    }


ODD_BODIES: list[Any] = [
    {},
    {"name": 5, "tags": [], "schemaRef": "a", "fileDescription": [], "classification": "a"},
    {"tags": {"adobe/pqs/table": 5, "unifiedProfile": "enabled:true"}, "schemaRef": {"id": {}}},
    {"fileDescription": None, "classification": None, "tags": None, "name": None, "state": None},
]


@pytest.mark.parametrize("body", ODD_BODIES)
def test_observing_survives_whatever_it_accepts(clock: ManualClock, body: Any) -> None:
    observing = aep_for(new_emulator(clock, enforce="observe"))
    id = observing.ok("POST", DATASETS, body)[0][-24:]
    patch = [{"op": "add", "path": "/tags", "value": 5}, {"op": "remove", "path": "/version"}]
    for method, path, sent in (
        ("PUT", f"{DATASETS}/{id}", body),
        ("PATCH", f"{DATASETS}/{id}", body),
        ("PATCH", f"{DATASETS}/{id}", patch),
        ("PATCH", f"{V2}/{id}", body),
        ("GET", f"{DATASETS}/{id}", None),
        (
            "GET",
            f"{DATASETS}?limit=x&start=y&orderBy=:,&property==&property=n~(&tags=:&name=!",
            None,
        ),
        ("DELETE", f"{DATASETS}/{id}", None),
    ):
        for edition in ("2020-03", "latest") if method == "GET" else ("latest",):
            answer = observing.call(method, path, sent, x_emulator_edition=edition)
            assert answer.status == 200, (method, path, answer.content)


# Tenancy and determinism


@pytest.mark.parametrize(
    "elsewhere", [{"x-sandbox-name": "dev"}, {"x-gw-ims-org-id": "OTHER@AdobeOrg"}]
)
def test_organizations_and_sandboxes_see_their_own(
    api: AepClient, elsewhere: dict[str, str]
) -> None:
    id = make_dataset(api)
    other = replace(api, headers={**api.headers, **elsewhere})
    assert other.ok("GET", DATASETS) == {}
    assert other.call("GET", f"{DATASETS}/{id}").status == 404
    assert other.call("PATCH", f"{DATASETS}/{id}", {"name": "a"}).status == 404
    assert other.call("DELETE", f"{DATASETS}/{id}").status == 404
    assert read(other, make_dataset(other))["tags"]["adobe/pqs/table"] == ["leads"]
    assert read(api, id)["version"] == "1.0.0"


def test_same_seed_and_calls_give_the_same_answers(make: Callable[..., AepClient]) -> None:
    def run(seed: str) -> Any:
        api = make(seed=seed)
        make_dataset(api)
        make_dataset(api, name="b")
        return api.ok("GET", DATASETS)

    assert run("a") == run("a")
    assert run("a") != run("b")
