"""The platform's own resources: connection specs, flow specs and the XDM library."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from emulator.json_types import Json, JsonObject

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
XDM_FOLDERS = {
    "behaviors": "behaviors",
    "classes": "classes",
    "fieldgroups": "mixins",
    "datatypes": "datatypes",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SECRET = re.compile(
    r"password|passphrase|secret|privatekey|keyfile|credentials|connectionstring|sasuri|token$|key$",
    re.IGNORECASE,
)
BATCH = "0ed90a81-07f4-4586-8190-b40eccef1c5a"
STREAMING = "521eee4d-8cbe-4906-bb48-fb6bd4450033"
DESTINATIONS = "14e34fac-d307-11e9-bb65-2a2ae2dbcce4"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
CLOUD_STORAGE_TO_AEP = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"


def read(path: Path) -> JsonObject:
    content: JsonObject = json.loads(path.read_text(encoding="utf-8"))
    return content


def load(folder: str) -> dict[str, JsonObject]:
    """The resources of a folder by file name; the alias table is not one of them."""
    paths = sorted((FIXTURES / folder).glob("*.json"))
    return {path.stem: read(path) for path in paths if path.name != "aliases.json"}


def connection_specs() -> dict[str, JsonObject]:
    return load("connection_specs")


def flow_specs() -> dict[str, JsonObject]:
    return load("flow_specs")


def edition(name: str) -> JsonObject:
    return read(FIXTURES / "editions" / name / "flow_specs" / "cloud-storage-to-aep.json")


def xdm() -> dict[str, JsonObject]:
    """The XDM resources by $id."""
    resources = [entry for folder in XDM_FOLDERS for entry in load(f"xdm/{folder}").values()]
    return {entry["$id"]: entry for entry in resources}


def walk(node: Json) -> Iterator[JsonObject]:
    """Every object inside a JSON value, the value itself included."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from walk(child)


def references(node: Json) -> list[str]:
    return [found["$ref"] for found in walk(node) if isinstance(found.get("$ref"), str)]


def schemas(spec: JsonObject) -> list[JsonObject]:
    """Every JSON schema a connection or flow spec carries."""
    return [found for found in walk(spec) if "$schema" in found]


def members(
    node: JsonObject, library: dict[str, JsonObject], seen: tuple[str, ...] = ()
) -> JsonObject:
    """The fields of a schema node, its local definitions and everything it composes."""
    found: JsonObject = {}

    def add(fields: JsonObject) -> None:
        for name, field in fields.items():
            both = "properties" in field and "properties" in found.get(name, {})
            merged = {**found[name]["properties"], **field["properties"]} if both else None
            found[name] = {**field, "properties": merged} if both else field

    for part in node.get("allOf", []):
        ref = part["$ref"]
        if ref.startswith("#/definitions/"):
            add(node["definitions"][ref.removeprefix("#/definitions/")]["properties"])
        elif ref not in seen:
            add(members(library[ref], library, (*seen, ref)))
    if "$ref" in node:
        add(members(library[node["$ref"]], library))
    add(node.get("properties", {}))
    return found


def resolve(ids: Sequence[str], path: str, library: dict[str, JsonObject]) -> Any:
    """The field at a dotted path in a schema composed of the given resources, or None."""
    node: Any = {"allOf": [{"$ref": entry} for entry in ids]}
    for name in path.split("."):
        node = members(node, library).get(name)
        if node is None:
            return None
    return node


def test_every_file_is_json_with_two_spaces_and_a_final_newline() -> None:
    """A fixture file is stored the way it is written: two spaces, one newline at the end."""
    folders = ("connection_specs", "flow_specs", "editions", "xdm")
    for path in [p for f in folders for p in (FIXTURES / f).rglob("*.json")]:
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path


def test_file_counts() -> None:
    """97 connection specs, 22 flow specs and 100 XDM resources are known."""
    assert len(connection_specs()) == 97
    assert len(flow_specs()) == 22
    counts = {folder: len(load(f"xdm/{folder}")) for folder in XDM_FOLDERS}
    assert counts == {"behaviors": 3, "classes": 7, "fieldgroups": 33, "datatypes": 57}


def test_spec_ids_are_unique_uuids() -> None:
    """Connection and flow spec ids are UUIDs and none is used twice."""
    ids = [spec["id"] for spec in (*connection_specs().values(), *flow_specs().values())]
    assert len(set(ids)) == len(ids)
    assert all(UUID.fullmatch(entry) for entry in ids)


def test_spec_names_are_unique_and_name_the_file() -> None:
    """Specs are looked up by name, so a name identifies one spec; its slug is the file name.

    A file name says "destination" where the platform's own name of a destination does not.
    """
    for specs in (connection_specs(), flow_specs()):
        names = [spec["name"] for spec in specs.values()]
        assert len(set(names)) == len(names)
    for stem, spec in connection_specs().items():
        slug = re.sub(r"[^a-z0-9]+", "-", spec["name"].lower())
        assert stem in (slug, f"{slug}-destination")


def test_connection_spec_shape() -> None:
    """A connection spec has the documented members, in the documented order."""
    order = "id name providerId version authSpec sourceSpec targetSpec exploreSpec".split()
    order += ["attributes", "permissionsInfo", "x-emulator"]
    for stem, spec in connection_specs().items():
        assert list(spec) == [key for key in order if key in spec], stem
        assert spec["version"] == "1.0"
        known = spec["x-emulator"]
        provider = STREAMING if known["ingestion"] == "streaming" else BATCH
        assert spec["providerId"] == (
            DESTINATIONS if known["status"] == "destination" else provider
        ), stem
        assert spec["attributes"]["isSource"] == ("sourceSpec" in spec), stem
        assert "sourceSpec" in spec or "targetSpec" in spec, stem


def test_flow_spec_shape() -> None:
    """A flow spec has the documented members, in the documented order, and none is null."""
    order = "id name providerId version sourceConnectionSpecIds targetConnectionSpecIds".split()
    order += ["optionSpec", "transformationSpecs", "scheduleSpec", "runSpec"]
    order += ["attributes", "permissionsInfo", "x-emulator"]
    for stem, spec in flow_specs().items():
        assert list(spec) == [key for key in order if key in spec], stem
        assert None not in spec.values(), stem


def test_every_spec_schema_is_a_valid_draft_7_schema() -> None:
    """Auth, source, target, explore, schedule, option, run and transformation schemas hold up."""
    editions = {name: edition(name) for name in ("2020-03", "2020-09")}
    for stem, spec in (connection_specs() | flow_specs() | editions).items():
        for schema in schemas(spec):
            assert schema["$schema"] == "http://json-schema.org/draft-07/schema#", stem
            Draft7Validator.check_schema(schema)
            assert set(schema.get("required", [])) <= set(schema.get("properties", {})), stem
    for stem, spec in connection_specs().items():
        parts = [*spec.get("authSpec", []), spec.get("sourceSpec"), spec.get("targetSpec")]
        assert all("$schema" in part["spec"] for part in parts if part), stem


def test_secrets_are_marked_as_passwords() -> None:
    """Reads mask properties of format password, so every secret has it and no plain name does."""
    for stem, spec in connection_specs().items():
        for auth in spec.get("authSpec", []):
            for name, field in auth["spec"]["properties"].items():
                assert (field.get("format") == "password") == bool(SECRET.search(name)), (
                    stem,
                    name,
                )


def lists_of(spec: JsonObject) -> set[str]:
    """The lists that a spec has, as `x-emulator.complete` calls them."""
    found = {name for name in LISTS if name in spec}
    return found | {
        f"{name}.spec" for name in ("authSpec", "sourceSpec", "targetSpec") if name in spec
    }


LISTS = ("authSpec", "sourceConnectionSpecIds", "targetConnectionSpecIds")
DRAFTS = "attributes.isDraftModeSupported"


def test_every_spec_says_its_date_its_sources_and_which_lists_are_whole() -> None:
    """What is known by id or name only says so, and claims no list to be whole."""
    of_editions = {name: load(f"editions/{name}/flow_specs") for name in ("2020-03", "2020-09")}
    editions = {
        f"{name}/{stem}": spec for name in of_editions for stem, spec in of_editions[name].items()
    }
    for stem, spec in (connection_specs() | flow_specs() | editions).items():
        known = spec["x-emulator"]
        assert re.fullmatch(r"20\d\d(-\d\d(-\d\d)?)?", known["asOf"]), stem
        assert known["sources"], stem
        for source in known["sources"]:
            assert source == "aepp" or re.fullmatch(r"(help|static)/\S+\.(md|yaml)", source), stem
        assert ("known" in known) != ("complete" in known), stem
        assert known.get("known", "id") in ("id", "name"), stem
        assert set(known.get("complete", ())) <= lists_of(spec) | {DRAFTS}, stem
        assert "isDraftModeSupported" in spec.get("attributes", {}) or DRAFTS not in known.get(
            "complete", ()
        ), stem


def test_every_printed_way_to_authenticate_is_known() -> None:
    """The requests that pages print use auth specs and parameters of these fixtures."""
    specs = {spec["id"]: spec for spec in connection_specs().values()}
    seen = set()
    for path in (Path(__file__).parent / "corpus" / "printed" / "flow_service").glob("*.json"):
        if path.stem in MISTAKEN:
            continue
        for row in json.loads(path.read_text(encoding="utf-8")):
            body = row.get("repaired", row.get("body")) or {}
            auth = body.get("auth") if isinstance(body, dict) else None
            spec = specs.get(body["connectionSpec"]["id"]) if auth else None
            if auth is None or spec is None or not row["path"].startswith(CONNECTIONS):
                continue
            (schema,) = [way["spec"] for way in spec["authSpec"] if way["name"] == auth["specName"]]
            spellings = spec["x-emulator"].get("authParamAliases", {})
            sent = {spellings.get(name, name) for name in auth.get("params", {})}
            assert sent <= set(schema["properties"]), (path.stem, auth)
            assert set(schema["required"]) <= sent, (path.stem, auth)
            seen.add((spec["name"], auth["specName"]))
    assert len(seen) >= 70


CONNECTIONS = "/data/foundation/flowservice/connections"
MISTAKEN = {
    "sources-tutorials-api-create-marketing-automation-pathfactory",
    "sources-tutorials-api-create-crm-sugarcrm-accounts-contacts",
    "sources-tutorials-api-create-crm-sugarcrm-events",
    "sources-sdk-documentation-template",
    "destinations-api-api-migration-guide-cloud-storage-destinations",
}
"""Pages that print the connection spec of another source, or a key where a password belongs."""


def test_flow_specs_list_existing_connection_specs() -> None:
    """Every connection spec id a flow spec lists is a fixture that can play that part."""
    known = {spec["id"]: spec for spec in connection_specs().values()}
    for spec in (*flow_specs().values(), edition("2020-09")):
        for entry in spec.get("sourceConnectionSpecIds", []):
            assert "sourceSpec" in known[entry], (spec["name"], entry)
        for entry in spec.get("targetConnectionSpecIds", []):
            assert "targetSpec" in known[entry], (spec["name"], entry)


def test_unlisted_flow_specs_exist() -> None:
    """x-emulator.unlistedFlowSpecIds names flow specs that do not list the source themselves."""
    known = {spec["id"]: spec for spec in flow_specs().values()}
    for stem, spec in connection_specs().items():
        for entry in spec["x-emulator"].get("unlistedFlowSpecIds", []):
            assert spec["id"] not in known[entry]["sourceConnectionSpecIds"], stem


def test_aliases_point_to_existing_specs() -> None:
    """The two ids the tutorials print by mistake lead to ADLS Gen2 and SFTP."""
    aliases = read(FIXTURES / "connection_specs" / "aliases.json")
    specs = {spec["id"]: spec for spec in connection_specs().values()}
    assert aliases == {
        "0ed90a81-07f4-4586-8190-b40eccef1c5a": "b3ba5556-48be-44b7-8b85-ff2b69b46dc4",
        "bf367b0d-3d9b-4060-b67b-0d3d9bd06094": "b7bf2577-4520-42c9-bae9-cad01560f7bc",
    }
    for alias, real in aliases.items():
        assert specs[alias]["x-emulator"]["status"] == "documentation-alias"
        assert specs[alias]["x-emulator"]["aliasOf"] == real
        assert specs[alias]["authSpec"] == specs[real]["authSpec"]
    marked = {s["id"] for s in specs.values() if s["x-emulator"]["status"] == "documentation-alias"}
    assert marked == set(aliases)


def test_ids_the_documents_truncate_are_complete() -> None:
    """MariaDB and Salesforce Service Cloud have the ids that CRMToAEP lists."""
    specs = connection_specs()
    assert specs["mariadb"]["id"] == "3000eb99-cd47-43f3-827c-43caf170f015"
    assert specs["salesforce-service-cloud"]["id"] == "cb66ab34-8619-49cb-96d1-39b37ede86ea"
    listed = flow_specs()["crm-to-aep"]["sourceConnectionSpecIds"]
    assert len(listed) == 31
    assert {specs["mariadb"]["id"], specs["salesforce-service-cloud"]["id"]} <= set(listed)


def test_the_data_lake_target_needs_a_dataset() -> None:
    """The Data Lake spec is published: no auth, a target that requires a dataSetId string."""
    spec = connection_specs()["datalake"]
    assert spec["id"] == DATA_LAKE
    assert "authSpec" not in spec
    assert spec["targetSpec"]["spec"]["required"] == ["dataSetId"]
    assert spec["permissionsInfo"]["view"][0]["name"] == "Dataset"


def test_azure_file_storage_follows_the_published_json() -> None:
    """The only completely published source: auth, params, exploration and attributes."""
    spec = connection_specs()["azure-file-storage"]
    (auth,) = spec["authSpec"]
    assert (auth["name"], auth["type"]) == ("Basic Authentication", "basicAuthentication")
    assert auth["spec"]["required"] == ["host", "userid", "password"]
    assert spec["sourceSpec"]["name"] == spec["sourceSpec"]["type"] == "CloudStorage"
    assert spec["sourceSpec"]["spec"]["required"] == ["path"]
    explore = spec["exploreSpec"]["requestSpec"]
    assert explore["properties"]["objectType"]["enum"] == ["file", "folder", "root"]
    assert explore["allOf"][0]["then"]["required"] == ["object", "fileType"]
    assert spec["attributes"] == {
        "category": "Cloud Storage",
        "connectorName": "Azure File Storage",
        "isSource": True,
        "isDraftModeSupported": True,
        "uiAttributes": {"apiFeatures": {"explorePaginationSupported": False}},
    }


def test_file_sources_can_be_explored_and_take_a_path() -> None:
    """Every source of CloudStorageToAEP takes a path, explores files and reads three formats."""
    specs = {spec["id"]: spec for spec in connection_specs().values()}
    for entry in flow_specs()["cloud-storage-to-aep"]["sourceConnectionSpecIds"]:
        spec = specs[entry]
        validator = Draft7Validator(spec["sourceSpec"]["spec"])
        assert validator.is_valid({"path": "/some/path/data.csv", "recursive": True})
        assert not validator.is_valid({})
        assert not validator.is_valid({"path": ""})
        assert not validator.is_valid({"path": "/a", "type": "table"})
        assert set(spec["exploreSpec"]["responseSpec"]) == {"root", "folder", "file"}
        assert spec["x-emulator"]["dataFormats"] == ["delimited", "json", "parquet"]


def test_only_the_data_landing_zone_has_its_own_compression_types() -> None:
    """The landing zone's list of compressed files lacks deflate."""
    special = {
        stem: spec["x-emulator"]["compressionTypes"]
        for stem, spec in connection_specs().items()
        if "compressionTypes" in spec["x-emulator"]
    }
    assert special == {"landing-zone": ["bzip2", "gzip", "zipDeflate", "tarGzip", "tar"]}


def test_the_current_cloud_storage_flow_spec() -> None:
    """Today's CloudStorageToAEP: 12 sources, once allowed, interval refused with once."""
    spec = flow_specs()["cloud-storage-to-aep"]
    assert spec["id"] == CLOUD_STORAGE_TO_AEP
    assert len(spec["sourceConnectionSpecIds"]) == 12
    schedule = spec["scheduleSpec"]["spec"]
    frequencies = ["once", "minute", "hour", "day", "week"]
    assert schedule["properties"]["frequency"]["enum"] == frequencies
    validator = Draft7Validator(schedule)
    start = {"startTime": 1597784298}
    assert validator.is_valid({**start, "frequency": "once"})
    assert not validator.is_valid({**start, "frequency": "once", "interval": 15})
    assert not validator.is_valid({**start, "frequency": "once", "backfill": True})
    assert not validator.is_valid({**start, "frequency": "minute", "interval": 14})
    assert validator.is_valid({**start, "frequency": "hour", "interval": 1})
    assert not validator.is_valid({**start, "frequency": "hour"})


def test_the_2020_03_cloud_storage_flow_spec() -> None:
    """March 2020: no id lists, no permissions, no once, an endTime and an interval always."""
    spec = edition("2020-03")
    assert spec["id"] == CLOUD_STORAGE_TO_AEP
    expected = ["id", "name", "providerId", "version", "transformationSpecs", "scheduleSpec"]
    assert list(spec) == [*expected, "x-emulator"]
    schedule = spec["scheduleSpec"]["spec"]
    assert schedule["properties"]["frequency"]["enum"] == ["minute", "hour", "day", "week"]
    assert schedule["required"] == ["startTime", "frequency", "interval"]
    assert "endTime" in schedule["properties"]
    assert [entry["name"] for entry in spec["transformationSpecs"]] == ["Mapping"]


def test_the_2020_09_cloud_storage_flow_spec() -> None:
    """September 2020: the schedule of March, with 9 sources and the permissions."""
    spec, march = edition("2020-09"), edition("2020-03")
    assert len(spec["sourceConnectionSpecIds"]) == 9
    current = flow_specs()["cloud-storage-to-aep"]
    assert spec["sourceConnectionSpecIds"] == current["sourceConnectionSpecIds"][:9]
    assert spec["targetConnectionSpecIds"] == [DATA_LAKE]
    assert spec["permissionsInfo"] == current["permissionsInfo"]
    printed = [key for key in march if key != "x-emulator"]
    assert [spec[key] for key in printed] == [march[key] for key in printed]


def test_xdm_resources_have_the_raw_shape() -> None:
    """An XDM resource has its type's folder, a version, local definitions and a composition."""
    order = "$id meta:altId meta:resourceType version title type definitions allOf required".split()
    order += ["meta:extensible", "meta:abstract", "meta:extends"]
    order += ["meta:intendedToExtend", "meta:xdmType", "meta:status"]
    for folder, resource_type in XDM_FOLDERS.items():
        for stem, entry in load(f"xdm/{folder}").items():
            assert list(entry) == [key for key in order if key in entry], stem
            assert entry["meta:resourceType"] == resource_type, stem
            assert entry["type"] == entry["meta:xdmType"] == "object"
            assert ("meta:intendedToExtend" in entry) == (folder == "fieldgroups"), stem
            local = {f"#/definitions/{name}" for name in entry["definitions"]}
            assert local <= {part["$ref"] for part in entry["allOf"]}, stem


def test_xdm_ids_are_unique_and_agree_with_the_alternate_id() -> None:
    """meta:altId is the $id without its namespace, dots for slashes, after an underscore."""
    assert len(xdm()) == sum(len(load(f"xdm/{folder}")) for folder in XDM_FOLDERS)
    for entry in xdm().values():
        path = re.sub(r"^https://ns\.adobe\.com/|^http://", "", entry["$id"])
        assert entry["meta:altId"] == "_" + path.replace("/", ".")


def test_every_xdm_reference_resolves() -> None:
    """A $ref leads to a local definition or to another resource of the set."""
    library = xdm()
    for entry in library.values():
        for ref in references(entry):
            local = ref.removeprefix("#/definitions/")
            known = entry["definitions"] if local != ref else library
            assert local in known, (entry["$id"], ref)
        assert set(entry.get("meta:extends", [])) <= set(library)


def test_xdm_references_have_no_cycles() -> None:
    """Expanding every reference ends."""
    library = xdm()
    done: set[str] = set()

    def visit(entry: str, trail: tuple[str, ...]) -> None:
        assert entry not in trail, [*trail, entry]
        if entry not in done:
            for ref in references(library[entry]):
                if not ref.startswith("#"):
                    visit(ref, (*trail, entry))
            done.add(entry)

    for entry in library:
        visit(entry, ())


def test_xdm_extends_is_the_transitive_closure() -> None:
    """meta:extends holds all a resource composes, directly or through another, ancestors first."""
    library = xdm()
    for entry in library.values():
        direct = [part["$ref"] for part in entry["allOf"] if not part["$ref"].startswith("#")]
        inherited = [far for near in direct for far in library[near].get("meta:extends", [])]
        assert set(direct) | set(inherited) <= set(entry.get("meta:extends", [])), entry["$id"]
    profile = library["https://ns.adobe.com/xdm/context/profile"]
    assert profile["meta:extends"] == [
        "https://ns.adobe.com/xdm/common/auditable",
        "https://ns.adobe.com/xdm/data/record",
    ]


def test_every_xdm_field_has_a_type() -> None:
    """A field has a JSON type and the matching meta:xdmType."""
    plain = {"boolean": {"boolean"}, "array": {"array"}, "number": {"number"}}
    allowed = plain | {
        "object": {"object", "map"},
        "string": {"string", "date", "date-time"},
        "integer": {"byte", "short", "int", "long"},
    }

    def check(where: tuple[str, ...], field: JsonObject) -> None:
        assert field["meta:xdmType"] in allowed[field["type"]], where
        assert (field["meta:xdmType"] == "map") == ("additionalProperties" in field), where
        if field.get("format") in ("date", "date-time"):
            assert field["meta:xdmType"] == field["format"], where
        for name, inner in field.get("properties", {}).items():
            check((*where, name), inner)
        for key in ("items", "additionalProperties"):
            if key in field:
                check((*where, key), field[key])

    for entry in xdm().values():
        for definition in entry["definitions"].values():
            for name, field in definition["properties"].items():
                check((entry["$id"], name), field)
    person = xdm()["https://ns.adobe.com/xdm/context/person"]["definitions"]["person"]
    assert person["properties"]["birthYear"]["meta:xdmType"] == "short"


def test_tutorial_paths_resolve() -> None:
    """The mapping targets of the tutorials exist in profile plus its two detail groups."""
    base = "https://ns.adobe.com/xdm/context/profile"
    ids = [base, f"{base}-person-details", f"{base}-personal-details"]
    expected = {
        "_id": "@id",
        "person.name.firstName": "xdm:firstName",
        "person.name.lastName": "xdm:lastName",
        "mobilePhone.number": "xdm:number",
        "personalEmail.address": "xdm:address",
        "_repo.createDate": "repo:createDate",
    }
    for path, xdm_field in expected.items():
        field = resolve(ids, path, xdm())
        assert field is not None, path
        assert field["meta:xdmField"] == xdm_field, path
        assert field["type"] == "string", path
    assert resolve(ids, "person.name.nosuch", xdm()) is None


def test_sources_cover_every_platform_fixture() -> None:
    """SOURCES.json gives the provenance and the licence of each file of the platform's own."""
    groups = read(FIXTURES / "SOURCES.json")["groups"]
    patterns = [pattern for group in groups for pattern in group["files"]]
    assert all(group["sources"] and group["licence"] for group in groups)
    for folder in ("connection_specs", "flow_specs", "editions", "xdm"):
        for path in (FIXTURES / folder).rglob("*.json"):
            name = path.relative_to(FIXTURES).as_posix()
            assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name
