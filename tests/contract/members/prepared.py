"""An emulator in which there is one of everything, so that each call has something to act on."""

from __future__ import annotations

import base64
import bz2
import re
from typing import Any
from urllib.parse import quote

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import dumps
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CONVERSION,
    DATASET_SERVICE,
    FLOW_SERVICE,
    SANDBOX_MANAGEMENT,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    flow,
    make_world,
    mapping_set,
    profile_schema,
    source_connection,
    target_connection,
)
from tests.emulators import aep_for, new_emulator
from tests.files import LEADS, put
from tests.services.lake import ANN, BAD, IMPORT, Lake

NOW = 1_600_000_000
"""The second in which the clock stands."""

BIG_QUERY = "3c9b37f8-13a6-43d8-bad3-b863b941fedd"
CRM_TO_AEP = "14518937-270c-4525-bdec-c2ba7cce3860"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
TABLE = b"Id,FirstName,LastName,changed\n1,Ada,L,2020-01-01\n2,Alan,T,2020-01-02\n3,,H,2020-09-13\n"
LATIN = "Id;FirstName;LastName\n1;Zo\u00eb;L\u00e9vy\n".encode("iso-8859-1")
BROKEN = b"Id\tFirstName\tLastName\n1\tAda\tLovelace\n2\ttoo\tmany\tvalues\n"


def prepare() -> tuple[Emulator, dict[str, Any]]:
    """Return an emulator, and what its resources are called, by names for placeholders."""
    emulator = new_emulator(ManualClock(NOW * 1000))
    api = aep_for(emulator)
    known: dict[str, Any] = {"now": NOW, "later": NOW + 3600, "into": ""}
    _flow_parts(api, known)
    _other_parts(api, known)
    _drafts(api, known)
    _registry(api, known)
    _data(api, known)
    _what_lists_show(api, known)
    return emulator, known


def _made(api: AepClient, collection: str, body: Any) -> str:
    id: str = api.ok("POST", f"{FLOW_SERVICE}/{collection}", body)["id"]
    return id


def _dataset(api: AepClient, schema: str, **changes: Any) -> str:
    body = dataset(schema, fileDescription={"format": "json"}, **changes)
    reference: str = api.ok("POST", f"{CATALOG}/dataSets", body)[0]
    return reference.removeprefix("@/dataSets/")


def _flow_parts(api: AepClient, known: dict[str, Any]) -> None:
    """Make two of everything that a flow is made of, so that one can stand for the other."""
    world = make_world(api)
    known |= vars(world)
    known["dataset"] = _dataset(api, world.schema)
    known["target"] = _made(
        api, "targetConnections", target_connection(world.schema, known["dataset"])
    )
    for area in (world.base, "dlz-user-container"):
        put(api, area, "leads/a.tsv")
        put(api, area, "leads/2020/b.tsv", BROKEN)
        put(api, area, "latin.csv", LATIN)
        put(api, area, "packed.tsv.bz2", bz2.compress(LEADS))
        put(api, area, "rows.json", b'{"Id": "1"}')
    body = flow(world, targetConnectionIds=[known["target"]])
    known["flow"] = _made(api, "flows", body)
    api.ok("GET", f"{FLOW_SERVICE}/runs")
    (found,) = api.ok("GET", f"{FLOW_SERVICE}/runs")["items"]
    known["run"], known["run_etag"] = found["id"], found["etag"]
    window = {"startTime": NOW, "windowStartTime": NOW - 60, "windowEndTime": NOW}
    order = {"flowId": known["flow"], "params": window}
    api.ok("POST", f"{FLOW_SERVICE}/runs", order)
    known["flow_etag"] = api.ok("GET", f"{FLOW_SERVICE}/flows/{known['flow']}")["items"][0]["etag"]


def _other_parts(api: AepClient, known: dict[str, Any]) -> None:
    known["other_base"] = _made(api, "connections", base_connection(name="Other"))
    put(api, known["other_base"], "leads/c.tsv", LEADS.replace(b"Ada", b"Eve"))
    body = source_connection(known["other_base"])
    known["other_source"] = _made(api, "sourceConnections", body)
    known["other_dataset"] = _dataset(api, known["schema"], name="Other")
    body = target_connection(known["schema"], known["other_dataset"])
    known["other_target"] = _made(api, "targetConnections", body)
    pairs = [{"sourceAttribute": "LastName", "destinationXdmPath": "_id", "version": 0}]
    body = mapping_set(known["schema"], mappings=pairs)
    sets = f"{CONVERSION}/mappingSets"
    known["other_mapping"] = api.ok("POST", sets, body)["id"]
    pairs = [{"sourceAttribute": "FirstName", "destinationXdmPath": "_id", "version": 0}]
    api.ok("PUT", f"{sets}/{known['other_mapping']}", {**body, "mappings": pairs})
    params = {"project": "p", "clientId": "i", "clientSecret": "s", "refreshToken": "t"}
    auth = {"specName": "Basic Authentication", "params": params}
    spec = {"id": BIG_QUERY, "version": "1.0"}
    body = {"name": "Q", "auth": auth, "connectionSpec": spec}
    known["tables"] = _made(api, "connections", body)
    put(api, known["tables"], "leads.csv", TABLE)
    put(api, known["tables"], "others.csv", TABLE.replace(b"Ada", b"Eve"))
    body = {
        "name": "T",
        "baseConnectionId": known["tables"],
        "data": {"format": "tabular"},
        "params": {"tableName": "leads"},
        "connectionSpec": spec,
    }
    known["table_source"] = _made(api, "sourceConnections", body)
    mapping = {"mappingId": known["mapping"], "mappingVersion": 0}
    copy = {"name": "Copy", "params": {"deltaColumn": {"name": "changed"}}}
    for name, more in (("table_flow", [copy]), ("plain_table_flow", [])):
        body = {
            "name": "T",
            "flowSpec": {"id": CRM_TO_AEP, "version": "1.0"},
            "sourceConnectionIds": [known["table_source"]],
            "targetConnectionIds": [known["target"]],
            "transformations": [*more, {"name": "Mapping", "params": mapping}],
            "scheduleParams": {"startTime": NOW + 86400, "frequency": "once"},
        }
        known[name] = _made(api, "flows", body)


def _drafts(api: AepClient, known: dict[str, Any]) -> None:
    """Make what can still be published."""
    base = _made(api, "connections?mode=draft", base_connection(name="Draft"))
    body = source_connection(known["base"], name="Draft")
    source = _made(api, "sourceConnections?mode=draft", body)
    body = target_connection(known["schema"], known["dataset"], name="Draft")
    target = _made(api, "targetConnections?mode=draft", body)
    known |= {
        "draft_connection": base,
        "draft_source_connection": source,
        "draft_target_connection": target,
    }


def _registry(api: AepClient, known: dict[str, Any]) -> None:
    tenant = api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
    known["tenant"] = f"_{tenant}"
    own = {f"_{tenant}": {"type": "object", "properties": {"tier": {"type": "string"}}}}
    bodies: dict[str, dict[str, Any]] = {
        "classes": {"title": "C", "type": "object", "allOf": [{"$ref": f"{XDM}/data/record"}]},
        "fieldgroups": {
            "title": "F",
            "type": "object",
            "meta:intendedToExtend": [PROFILE],
            "properties": own,
        },
        "datatypes": {
            "title": "D",
            "type": "object",
            "properties": {"row": {"type": "string"}},
        },
        "schemas": profile_schema("Another"),
    }
    for collection, body in bodies.items():
        for name in (collection, f"other_{collection}"):
            path = f"{SCHEMA_REGISTRY}/tenant/{collection}"
            sent = {**body, "title": f"{body['title']} {name}"}
            known[name] = api.ok("POST", path, sent)["$id"]
    thin = profile_schema("Thin", allOf=[{"$ref": PROFILE}])
    known["thin_schema"] = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", thin)["$id"]
    body = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": known["schemas"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/person/name/lastName",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": False,
    }
    _unions(api, known)
    path = f"{SCHEMA_REGISTRY}/tenant/descriptors"
    known["descriptor"] = api.ok("POST", path, body)["@id"]
    other = {**body, "xdm:sourceProperty": "/person/name/fullName", "xdm:namespace": "Phone"}
    ids = known["descriptor"], api.ok("POST", path, other)["@id"]
    known["first_descriptor"] = min(ids)


XDM = "https://ns.adobe.com/xdm"


def _unions(api: AepClient, known: dict[str, Any]) -> None:
    """Make schemas of two classes that are in unions."""
    for name in ("profile", "experienceevent"):
        links = [{"$ref": f"{XDM}/context/{name}"}, {"$ref": f"{XDM}/context/identitymap"}]
        union = ["union"]
        body = {"title": name, "type": "object", "allOf": links, "meta:immutableTags": union}
        api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", body)


def _data(api: AepClient, known: dict[str, Any]) -> None:
    lake = Lake(api, title="Lake")
    known["lake"], known["lake_schema"] = lake.dataset, lake.schema
    options: dict[str, Any] = {"partialIngestionPercent": 50, "enableErrorDiagnostics": True}
    known["batch"] = lake.ingest(ANN, BAD, externalId="mine", **options)
    known["open_batch"], known["into"] = lake.create(), lake.dataset
    dates = {"availableDates": {"startDate": NOW * 1000, "endDate": NOW * 1000}}
    api.ok("PATCH", f"{CATALOG}/batches/{known['open_batch']}", dates)
    labels = f"{DATASET_SERVICE}/datasets/{known['other_dataset']}/labels"
    reply = api.call("POST", labels, {"labels": ["C1"], "optionalLabels": []})
    known["labels_etag"] = reply.headers["etag"]
    for name, data in (("sample", '{"id": 1}'), ("other_sample", '{"name": "a"}')):
        body = {"sampleData": data, "sampleType": "JSON"}
        known[name] = api.ok("POST", f"{CONVERSION}/samples", body)["id"]
    known["exports"] = "23598e46-f560-407b-88d5-ea6207e49db0"
    known["thin_dataset"] = _dataset(api, known["thin_schema"], name="Thin", description="About")
    known["two_sets_batch"] = _batch(api, known, "json", ANN_AND_BOB)
    related = [{"type": "dataSet", "id": known[name]} for name in ("lake", "other_dataset")]
    api.ok("PATCH", f"{CATALOG}/batches/{known['two_sets_batch']}", {"relatedObjects": related})
    assert lake.act(known["two_sets_batch"]).status == 200
    known["failed_batch"] = _batch(api, known, "json", b'{"_id": 1}')
    assert lake.act(known["failed_batch"], "FAIL").status == 200
    known["csv_batch"] = _batch(
        api, known, "csv", "_id;n,m\n1;Zo\u00eb\n'2!'';B\n".encode("latin-1")
    )
    known["json_batch"] = _batch(api, known, "json", b'{"_id":\n"1"}')
    schema = {"name": "Named", "jsonSchema": {"type": "object"}}
    for name in ("Named", "Other"):
        api.ok("POST", f"{CONVERSION}/schemas", {**schema, "name": name})
    body = mapping_set(known["schema"], name="Named")
    api.ok("POST", f"{CONVERSION}/mappingSets", body)
    body = {"name": "acme", "title": "Acme", "type": "development"}
    api.ok("POST", f"{SANDBOX_MANAGEMENT}/sandboxes", body)
    set_ = api.ok("GET", f"{CONVERSION}/mappingSets/{known['mapping']}")
    known["mapping_row"] = set_["mappings"][0]["id"]


ANN_AND_BOB = b'{"_id": "1"}\n{"_id": "2"}\n'


def _batch(api: AepClient, known: dict[str, Any], format: str, content: bytes) -> str:
    """Begin a batch with a file and return its id."""
    body = {"datasetId": known["lake"], "inputFormat": {"format": format}}
    id: str = api.ok("POST", f"{IMPORT}/batches", body)["id"]
    path = f"{IMPORT}/batches/{id}/datasets/{known['lake']}/files/a"
    headers = {"Content-Type": "application/octet-stream"}
    assert api.call("PUT", path, content=content, headers=headers).status == 200
    return id


def _what_lists_show(api: AepClient, known: dict[str, Any]) -> None:
    """Note what parameters of lists name: tokens, cursors, users, parts of files."""
    flows = ("connections", "sourceConnections", "targetConnections", "flows", "runs")
    for name in (*flows, "connectionSpecs", "flowSpecs"):
        page = api.ok("GET", f"{FLOW_SERVICE}/{name}?limit=1")
        token = page["_links"]["next"]["href"].partition("=")[2]
        known[f"token_{re.sub('([A-Z])', lambda m: f'_{m[1].lower()}', name)}"] = token
    known["filter"] = base64.b64encode(dumps(FIRST_ROW)).decode()
    found = api.ok("GET", f"{CATALOG}/dataSets/{known['lake']}")[known["lake"]]
    known["ms"], known["user"] = str(found["created"]), found["createdUser"]
    known["lake_view"] = found["viewId"]
    files = "/data/foundation/export"
    parts = api.ok("GET", f"{files}/files/{known['batch']}-1")["data"]
    known["part"] = parts[0]["name"]
    for name in ("failed", "meta"):
        listed = api.ok("GET", f"{files}/batches/{known['batch']}/{name}")["data"]
        known[f"get_batch_{name}"] = listed[0]["name"]
    headers = {"accept": "application/vnd.adobe.xed+json"}
    for container, name in COLLECTIONS:
        path = f"{SCHEMA_REGISTRY}/{container}/{name}?orderby=title"
        titles = [item["title"] for item in api.ok("GET", path, headers=headers)["results"]]
        known[f"title_{container}_{name}"] = sorted(titles)[0] if titles else ""


COLLECTIONS = [
    *(
        ("global", name)
        for name in "schemas classes fieldgroups mixins datatypes behaviors".split()
    ),
    *(("tenant", name) for name in "schemas classes fieldgroups mixins datatypes unions".split()),
]
FIRST_ROW = {
    "type": "PQL",
    "format": "pql/json",
    "value": {
        "nodeType": "fnApply",
        "fnName": "=",
        "params": [
            {"nodeType": "fieldLookup", "fieldName": "Id"},
            {"nodeType": "literal", "value": "1"},
        ],
    },
}
"""A row filter for the row whose Id is 1."""


def filled_path(path: str, values: dict[str, Any]) -> str:
    """Return an operation's path with its parameters."""
    for name, value in values.items():
        for form in (f"{{{name}}}", f"{{{name}*}}"):
            path = path.replace(form, quote(str(value), safe=""))
    return path
