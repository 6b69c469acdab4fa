"""Own specs and field groups: used like the platform's, or told of at the start."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.app import check_fixtures, create_emulator
from emulator.clock import ManualClock
from emulator.fixtures.library import KINDS, FixtureError, FixtureLibrary
from emulator.package_data import data_folder
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CONVERSION,
    DATA_LAKE,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    mapping_set,
    profile_schema,
    source_connection,
    target_connection,
)
from tests.emulators import aep_for

PROFILE = "https://ns.adobe.com/xdm/context/profile"
OWN_SPEC = "6b1c0f8e-51a3-4a53-9d0c-6b3a1b9f0001"
OWN_FLOW_SPEC = "6b1c0f8e-51a3-4a53-9d0c-6b3a1b9f0002"
OWN_GROUP = "https://ns.adobe.com/xdm/context/own-loyalty"
Edit = Callable[[dict[str, Any]], Any]


def own_spec() -> dict[str, Any]:
    token = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}}
    path = {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}}}
    return {
        "id": OWN_SPEC,
        "name": "own-drive",
        "providerId": "0ed90a81-07f4-4586-8190-b40eccef1c5a",
        "version": "1.0",
        "authSpec": [{"name": "Token", "type": "token", "spec": token}],
        "sourceSpec": {"spec": path, "attributes": {}},
        "attributes": {"category": "Cloud Storage", "isSource": True},
    }


def own_flow_spec() -> dict[str, Any]:
    mapping = {"type": "object", "properties": {"mappingId": {"type": "string"}}}
    return {
        "id": OWN_FLOW_SPEC,
        "name": "OwnDriveToAEP",
        "version": "1.0",
        "sourceConnectionSpecIds": [OWN_SPEC],
        "targetConnectionSpecIds": [DATA_LAKE],
        "transformationSpecs": [{"name": "Mapping", "spec": mapping}],
    }


def own_group() -> dict[str, Any]:
    points = {"title": "Points", "type": "integer", "meta:xdmType": "int"}
    return {
        "$id": OWN_GROUP,
        "meta:altId": "_xdm.context.own-loyalty",
        "meta:resourceType": "mixins",
        "version": "1.0",
        "title": "Own loyalty",
        "type": "object",
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"own": {"properties": {"ownPoints": points}}},
        "allOf": [{"$ref": "#/definitions/own"}],
        "meta:xdmType": "object",
    }


OWN: dict[str, Callable[[], dict[str, Any]]] = {
    "connection_specs/own.json": own_spec,
    "flow_specs/own.json": own_flow_spec,
    "xdm/fieldgroups/own.json": own_group,
}


def write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    for name, make in OWN.items():
        write(tmp_path, name, make())
    return tmp_path


@pytest.fixture
def api(overlay: Path) -> AepClient:
    return aep_for(create_emulator(Settings(fixtures=overlay), clock=ManualClock()))


def complaints(folder: Path) -> list[str]:
    """The lines that a start with this overlay would say."""
    try:
        check_fixtures(folder, FixtureLibrary(data_folder("fixtures"), folder))
    except FixtureError as error:
        return str(error).splitlines()
    return []


def test_the_platforms_own_fixtures_would_pass() -> None:
    for kind in KINDS:
        assert (data_folder("fixtures") / kind).is_dir()
    shipped = FixtureLibrary(data_folder("fixtures"))
    from emulator.fixtures.overlay import _of_the_form

    found = list(_of_the_form(data_folder("fixtures")))
    assert len(found) == sum(len(shipped.edition("").all(kind)) for kind in KINDS)
    assert [said for _, _, said in found if isinstance(said, str)] == []


def test_own_specs_and_field_groups_work_in_a_flow(api: AepClient) -> None:
    shown = api.ok("GET", f"{FLOW_SERVICE}/connectionSpecs/{OWN_SPEC}")["items"]
    assert [spec["name"] for spec in shown] == ["own-drive"]
    spec = {"id": OWN_SPEC, "version": "1.0"}
    auth = {"specName": "Token", "params": {"token": "secret"}}
    body = base_connection(connectionSpec=spec, auth=auth)
    base = api.ok("POST", f"{FLOW_SERVICE}/connections", body)["id"]
    body = source_connection(base, connectionSpec=spec, params={"path": "/a"})
    source = api.ok("POST", f"{FLOW_SERVICE}/sourceConnections", body)["id"]
    parts = [{"$ref": PROFILE}, {"$ref": OWN_GROUP}]
    schema = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema(allOf=parts))["$id"]
    reference = api.ok("POST", f"{CATALOG}/dataSets", dataset(schema))[0]
    data = reference.removeprefix("@/dataSets/")
    body = target_connection(schema, data)
    target = api.ok("POST", f"{FLOW_SERVICE}/targetConnections", body)["id"]
    mapping = {"sourceType": "ATTRIBUTE", "source": "points", "destination": "ownPoints"}
    body = mapping_set(schema, mappings=[mapping])
    mapped = api.ok("POST", f"{CONVERSION}/mappingSets", body)["id"]
    made = api.ok(
        "POST",
        f"{FLOW_SERVICE}/flows",
        {
            "name": "Own",
            "flowSpec": {"id": OWN_FLOW_SPEC, "version": "1.0"},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
            "transformations": [{"name": "Mapping", "params": {"mappingId": mapped}}],
        },
    )
    assert api.ok("GET", f"{FLOW_SERVICE}/flows/{made['id']}")["items"][0]["state"] == "enabled"


def test_rules_judge_by_own_specs(api: AepClient) -> None:
    spec = {"id": OWN_SPEC, "version": "1.0"}
    body = base_connection(connectionSpec=spec, auth={"specName": "Token", "params": {}})
    answer = api.call("POST", f"{FLOW_SERVICE}/connections", body)
    assert answer.status == 400
    assert "token" in answer.json["errorMessage"]


def test_the_two_lines_that_a_refusal_shows_add_a_spec(tmp_path: Path) -> None:
    """What a refusal of an unknown spec advises is carried out, and the call is accepted."""
    emulator = create_emulator(Settings(), clock=ManualClock())
    api = aep_for(emulator)
    for path in (f"connectionSpecs/{OWN_SPEC}", f"flowSpecs/{OWN_FLOW_SPEC}"):
        api.call("GET", f"{FLOW_SERVICE}/{path}")
        (found,) = api.call("GET", "/_emulator/journal/last").json["findings"]
        line, start = found["reason"].splitlines()[1:]
        assert start == "aep-emulator serve --fixtures own"
        subprocess.run(line, shell=True, check=True, cwd=tmp_path)
    emulator.close()
    own = tmp_path / "own"
    assert complaints(own) == []
    api = aep_for(create_emulator(Settings(fixtures=own), clock=ManualClock()))
    (shown,) = api.ok("GET", f"{FLOW_SERVICE}/connectionSpecs/{OWN_SPEC}")["items"]
    assert shown == {"id": OWN_SPEC, "name": "mine", "version": "1.0"}
    spec = {"id": OWN_SPEC, "version": "1.0"}
    auth = {"specName": "Any", "params": {"any": "thing"}}
    body = base_connection(connectionSpec=spec, auth=auth)
    answer = api.call("POST", f"{FLOW_SERVICE}/connections", body)
    assert (answer.status, answer.warnings) == (201, [])
    (shown,) = api.ok("GET", f"{FLOW_SERVICE}/flowSpecs/{OWN_FLOW_SPEC}")["items"]
    assert shown == {"id": OWN_FLOW_SPEC, "name": "mine", "version": "1.0"}


@pytest.mark.parametrize(("complete", "status"), [(None, 400), (["authSpec"], 400), ([], 201)])
def test_an_own_spec_says_whether_its_lists_are_whole(
    tmp_path: Path, complete: list[str] | None, status: int
) -> None:
    known = {} if complete is None else {"x-emulator": {"asOf": "2026", "complete": complete}}
    write(tmp_path, SPEC, {**own_spec(), **known})
    api = aep_for(create_emulator(Settings(fixtures=tmp_path), clock=ManualClock()))
    spec = {"id": OWN_SPEC, "version": "1.0"}
    body = base_connection(connectionSpec=spec, auth={"specName": "Other", "params": {}})
    answer = api.call("POST", f"{FLOW_SERVICE}/connections", body)
    assert answer.status == status
    (shown,) = api.ok("GET", f"{FLOW_SERVICE}/connectionSpecs/{OWN_SPEC}")["items"]
    assert shown == own_spec()


def test_own_fields_resolve_in_the_full_form(api: AepClient) -> None:
    path = f"{SCHEMA_REGISTRY}/global/fieldgroups/_xdm.context.own-loyalty"
    full = api.ok("GET", path, Accept="application/vnd.adobe.xed-full+json; version=1")
    assert full["properties"]["ownPoints"]["type"] == "integer"
    assert "x-emulator" not in full


def drop(*path: str) -> Edit:
    """Return a change that takes a member away."""

    def edit(resource: dict[str, Any]) -> None:
        for step in path[:-1]:
            resource = resource[step]
        del resource[path[-1]]

    return edit


def put(value: Any, *path: Any) -> Edit:
    """Return a change that puts a value at a place."""

    def edit(resource: dict[str, Any]) -> None:
        for step in path[:-1]:
            resource = resource[step]
        resource[path[-1]] = value

    return edit


SPEC, FLOW, GROUP = OWN
FAULTS: list[tuple[str, Edit, tuple[str, ...]]] = [
    (SPEC, drop("id"), ("id: Field required",)),
    (SPEC, put(7, "name"), ("name: Input should be a valid string",)),
    (SPEC, put({"Token": {}}, "authSpec"), ("authSpec: Input should be a valid list",)),
    (SPEC, drop("authSpec"), ()),
    (SPEC, put([{"name": "Token"}], "authSpec"), ("authSpec.0.spec: Field required",)),
    (
        SPEC,
        put({"type": "objct"}, "authSpec", 0, "spec"),
        ("authSpec.0.spec: not a JSON Schema: type:", "objct"),
    ),
    (
        SPEC,
        put({"properties": {"a": {"pattern": "("}}}, "sourceSpec", "spec"),
        ("sourceSpec.spec: not a",),
    ),
    (
        SPEC,
        put({"$ref": "https://example.com/a.json"}, "sourceSpec", "spec"),
        ("sourceSpec.spec: $ref https://example.com/a.json leads out of the schema",),
    ),
    (
        SPEC,
        put({"$ref": "#/definitions/none"}, "sourceSpec", "spec"),
        ("sourceSpec.spec: not a usable JSON Schema",),
    ),
    (SPEC, put("yes", "attributes", "isSource"), ("attributes.isSource: ",)),
    (SPEC, put("all", "x-emulator"), ("x-emulator: ",)),
    (SPEC, put({"complete": "authSpec"}, "x-emulator"), ("x-emulator.complete: ", "valid list")),
    (FLOW, drop("name"), ("name: Field required",)),
    (FLOW, put(1, "version"), ("version: Input should be a valid string",)),
    (FLOW, put("x", "sourceConnectionSpecIds"), ("sourceConnectionSpecIds: ", "valid list")),
    (
        FLOW,
        put(["unheard-of"], "targetConnectionSpecIds"),
        ("targetConnectionSpecIds.0: there is no connection spec unheard-of",),
    ),
    (
        FLOW,
        put([{"name": "Mapping", "spec": {"type": 5}}], "transformationSpecs"),
        ("transformationSpecs.0.spec: not a JSON Schema",),
    ),
    (GROUP, drop("$id"), ("$id: Field required",)),
    (GROUP, drop("meta:altId"), ("meta:altId: Field required",)),
    (
        GROUP,
        put("_xdm.context.other", "meta:altId"),
        ("meta:altId: the one of this $id is _xdm.context.own-loyalty",),
    ),
    (GROUP, put("fieldgroup", "meta:resourceType"), ("meta:resourceType: Input should be",)),
    (GROUP, drop("meta:intendedToExtend"), ("meta:intendedToExtend: a field group names",)),
    (
        GROUP,
        put(["https://ns.adobe.com/xdm/context/profil"], "meta:intendedToExtend"),
        ("meta:intendedToExtend.0: there is no XDM resource", "profil"),
    ),
    (
        GROUP,
        put("https://ns.adobe.com/xdm/none", "allOf", 0, "$ref"),
        ("$ref: there is no XDM resource https://ns.adobe.com/xdm/none",),
    ),
    (
        GROUP,
        put("#/definitions/none", "allOf", 0, "$ref"),
        ("$ref: there is no #/definitions/none in this resource",),
    ),
    (
        GROUP,
        put("integr", "definitions", "own", "properties", "ownPoints", "type"),
        ("not a JSON Schema: definitions/own/properties/ownPoints/type", "integr"),
    ),
    (GROUP, put([], "definitions"), ("definitions: Input should be a valid dictionary",)),
]


@pytest.mark.parametrize(("name", "edit", "said"), FAULTS)
def test_each_fault_is_one_line(
    overlay: Path, name: str, edit: Edit, said: tuple[str, ...]
) -> None:
    resource = OWN[name]()
    edit(resource)
    file = write(overlay, name, resource)
    lines = complaints(overlay)
    assert len(lines) == bool(said)
    for words in said:
        assert lines[0].startswith(f"{file}: ")
        assert words in lines[0]


@pytest.mark.parametrize("content", ["[", "[1]", ""])
def test_what_is_no_object_is_one_line(overlay: Path, content: str) -> None:
    file = write(overlay, SPEC, content)
    (line,) = complaints(overlay)
    assert line.startswith(f"{file}: ")


def test_all_faults_are_told_at_once(overlay: Path) -> None:
    write(overlay, SPEC, {**own_spec(), "name": "", "version": 1})
    write(overlay, GROUP, {**own_group(), "title": 5})
    assert len(complaints(overlay)) == 3


def test_one_id_belongs_to_one_file(overlay: Path) -> None:
    twin = write(overlay, "connection_specs/z.json", own_spec())
    (line,) = complaints(overlay)
    assert line.startswith(f"{twin}: {OWN_SPEC} is already the id of ")


def test_aliases_lead_somewhere(overlay: Path) -> None:
    write(overlay, "connection_specs/aliases.json", {"other": OWN_SPEC})
    assert complaints(overlay) == []
    file = write(overlay, "connection_specs/aliases.json", {"other": "nowhere"})
    assert complaints(overlay) == [f"{file}: other: there is nothing with the id 'nowhere'"]
    write(overlay, "connection_specs/aliases.json", "[]")
    assert complaints(overlay) == [f"{file}: expected an object"]


def test_files_and_folders_have_their_place(overlay: Path) -> None:
    stray = write(overlay, "own.json", own_spec())
    folder = overlay / "journeys"
    folder.mkdir()
    (overlay / "README.md").write_text("Ours", encoding="utf-8")
    kinds = ", ".join(KINDS)
    assert complaints(overlay) == [
        f"{folder}: not a kind of fixture; there are {kinds}, scenarios",
        f"{stray}: belongs into one of the folders {kinds}",
    ]


def test_a_start_without_an_overlay_examines_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "emulator.fixtures.overlay", None)
    create_emulator(Settings()).close()


def test_the_pages_own_examples_pass(tmp_path: Path) -> None:
    page = (
        Path(__file__).resolve().parent.parent / "docs" / "how-to" / "own-fixtures.md"
    ).read_text("utf-8")
    group, spec, least = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    write(tmp_path, "xdm/fieldgroups/own-loyalty.json", group)
    write(tmp_path, "connection_specs/own-drive.json", spec)
    write(tmp_path, "connection_specs/mine.json", least)
    assert complaints(tmp_path) == []
