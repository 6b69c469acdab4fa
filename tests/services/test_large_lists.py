"""Lists of many documents answer as a store would that takes no notice of hints."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import loads
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.store import ALL, Change, Hint, MemoryStore, Store, Stored
from emulator.store.database import Database
from emulator.store.sql import SqlStore
from emulator.web.message import Request
from tests.properties.effort import IS_LONG

COUNT = 400
QUERIES = 450 if IS_LONG else 45
HERE = Sandbox("ABC@AdobeOrg", "prod")
HEADERS = {
    "authorization": "Bearer t",
    "x-api-key": "key",
    "x-gw-ims-org-id": HERE.organization,
    "x-sandbox-name": HERE.name,
    "host": "localhost",
}
ACCEPT = "application/vnd.adobe.xed-id+json"
NAMES = ["plain", "Ünïcode", 'with "quotes"', "a.b.c", "1.50", "true", "None", "1e3", "x" * 300]
TENANT = ["https://ns.adobe.com/t/schemas/" + "1" * 32, "_t.schemas." + "1" * 32]


class Heedless(MemoryStore):
    """A store that does only what it has to."""

    def scan(
        self, sandbox: Sandbox, kind: str, after: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        return super().scan(sandbox, kind, after)

    def recent(
        self, sandbox: Sandbox, kind: str, before: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        return super().recent(sandbox, kind, before)

    def ordered(self, sandbox: Sandbox, kind: str, path: str, **how: object) -> None:
        return None


def dataset(chance: random.Random, id: str) -> dict[str, Any]:
    state = chance.choice(["ACTIVE", "DRAFT", None])
    body = {
        "id": id,
        "name": chance.choice([*NAMES, 1.5, True, ["plain"], f"n{id[-3:]}"]),
        "viewId": id.replace("0", "1"),
        "files": f"@/dataSetFiles?dataSetId={id}",
        "tags": {chance.choice(["a", "b:c"]): [chance.choice(["x", "y z"])]},
        "created": chance.randrange(50),
        "updated": chance.randrange(50),
        "schemaRef": {"id": chance.choice(TENANT)},
        "fileDescription": {},
        "version": "1.0.0",
        "lastBatchId": "b",
        "imsOrg": "o",
        "sandboxId": "s",
        **dict.fromkeys(("createdClient", "createdUser", "updatedUser"), "u"),
    }
    if state:
        body["state"] = state
    if chance.random() < 0.5:
        del body["lastBatchId"]
    return body


def batch(chance: random.Random, id: str) -> dict[str, Any]:
    related = [{"type": "dataSet", "id": chance.choice("abc") * 24}]
    return {
        **dataset(chance, id),
        "status": chance.choice(["success", "failed"]),
        "relatedObjects": related if chance.random() < 0.8 else [],
    }


def connection(chance: random.Random, id: str) -> dict[str, Any]:
    return {
        "id": id,
        "name": chance.choice([*NAMES, f"n{id[-3:]}"]),
        "state": chance.choice(["enabled", "Disabled"]),
        "createdAt": chance.randrange(50),
        "updatedAt": chance.randrange(50),
        "params": {"list": [{"n": chance.choice(NAMES)}]},
        "connectionSpec": {"id": chance.choice("ab"), "version": "1.0"},
        "etag": "e",
        "version": "e",
    }


def schema(chance: random.Random, id: str) -> dict[str, Any]:
    id = f"https://ns.adobe.com/t/schemas/{id}"
    return {
        "$id": id,
        "title": chance.choice([*NAMES, f"n{id[-3:]}"]),
        "meta:altId": f"_t.schemas.{id[-24:]}",
        "meta:resourceType": "schemas",
        "meta:class": chance.choice(TENANT),
        "meta:extends": [chance.choice(TENANT)],
        "version": "1.0",
        "meta:registryMetadata": {
            "repo:createdDate": chance.randrange(50),
            "repo:lastModifiedDate": chance.randrange(50),
        },
    }


def mapping_set(chance: random.Random, id: str) -> dict[str, Any]:
    return {
        "id": id,
        "name": chance.choice([*NAMES, f"n{id[-3:]}"]),
        "version": 0,
        "createdDate": chance.randrange(50),
        "modifiedDate": chance.randrange(50),
        "createdBy": "u",
        "modifiedBy": "u",
        "status": "DRAFT",
        "mappings": [],
        "outputSchema": {"id": "o", "version": 0, "schemaRef": {"id": "x", "contentType": "1.0"}},
        "schemaRef": {"id": "x", "contentType": "1.0"},
        "xdmSchema": "x",
        "xdmVersion": "1.0",
        "firstVersion": 0,
    }


MAKERS = {
    "dataset": dataset,
    "batch": batch,
    "connection": connection,
    "xdm_schemas": schema,
    "mapping_set": mapping_set,
}
CATALOG = "/data/foundation/catalog"
FLOWS = "/data/foundation/flowservice"
REGISTRY = "/data/foundation/schemaregistry/tenant"
VALUES = [*NAMES, "n123", "n00b", "1.5", "ACTIVE", "DRAFT", "25", *TENANT]


def catalog_filter(chance: random.Random) -> str:
    value = quote(chance.choice(VALUES), safe="")
    id = f"{chance.randrange(COUNT):024x}"
    return chance.choice(
        [
            "",
            f"name={value}",
            f"name={value},plain",
            f"name=!{value}",
            "name=*",
            f"property=name=={value}",
            f"property=name!={value}",
            f"property=name~{value[:4]}",
            "property=lastBatchId",
            "property=!lastBatchId",
            f"state={value}",
            f"property=state=={value}&property=name==plain",
            f"id={id}",
            f"batch={id}",
            f"dataSet={chance.choice('abc') * 24}",
            f"files=@/dataSetFiles?dataSetId={id}",
            f"schemaRef.id={value}",
            f"createdAfter={chance.randrange(60)}",
            "tags=a:x",
            "tags=b:*",
            "tags=b:c:y*",
        ]
    )


def catalog_order(chance: random.Random) -> str:
    fields = ("created", "desc:created", "updated,desc:name", "name", "nothing", "desc:id")
    return f"&orderBy={chance.choice(fields)}&start={chance.choice((0, 3, 390))}&limit=9"


def catalog_list(chance: random.Random) -> str:
    name = chance.choice(("dataSets", "batches"))
    order = catalog_order(chance) if chance.random() < 0.5 else ""
    return f"{CATALOG}/{name}?{catalog_filter(chance)}{order}"


def catalog_other(chance: random.Random) -> str:
    name = chance.choice(("dataSetViews", "lastBatches", "batches/uniques/status"))
    return f"{CATALOG}/{name}?{catalog_filter(chance)}"


def flow_list(chance: random.Random) -> str:
    value = quote(chance.choice(VALUES), safe="")
    wanted = chance.choice(
        [
            "",
            f"property=name=={value}",
            f"property=name=={value},plain",
            "property=state==ENABLED",
            "property=connectionSpec.id==a",
            f"property=params.list[].n=={value}",
            f"property=createdAt>{chance.randrange(60)}",
        ]
    )
    rest = chance.choice(["", "orderby=-createdAt", "orderby=name,-updatedAt", "count=true"])
    return f"{FLOWS}/connections?{wanted}&{rest}&limit=7"


def schema_list(chance: random.Random) -> str:
    value = quote(chance.choice(VALUES), safe="")
    wanted = chance.choice(
        [
            "",
            f"property=title=={value}",
            f"property=title~{value[:4]}",
            f"property=meta:class=={value}",
            f"property=meta:extends=={value}",
            "property=nothing",
        ]
    )
    order = chance.choice(["", "orderby=title", "orderby=-updated", "orderby=created", "start=25"])
    return f"{REGISTRY}/schemas?{wanted}&{order}&limit=9"


def set_list(chance: random.Random) -> str:
    value = quote(chance.choice(VALUES), safe="")
    wanted = chance.choice(["", f"name={value}", f"property=name=={value}"])
    order = chance.choice(["", "orderBy=-createdDate", "orderBy=%2BupdatedDate", "start=11"])
    return f"/data/foundation/conversion/mappingSets?{wanted}&{order}"


def filled(store: Store) -> Emulator:
    made = create_emulator(Settings(enforce="observe"), clock=ManualClock(), store=store)
    chance = random.Random(0)
    for kind, maker in MAKERS.items():
        bodies = [maker(chance, f"{number:024x}") for number in range(COUNT)]
        changes = [Change(HERE, kind, body.get("id") or body["$id"], body) for body in bodies]
        made.platform.store.write(*changes)
    return made


def change_some(emulators: list[Emulator], chance: random.Random) -> None:
    """Delete, change, move and add documents of every kind, so that what is kept has to follow."""
    for kind, maker in MAKERS.items():
        numbers = [chance.randrange(COUNT) for _ in range(12)]
        seed = chance.random()
        for emulator in emulators:
            again = random.Random(seed)
            for place, number in enumerate(numbers):
                body = maker(again, f"{number:024x}")
                change = Change(HERE, kind, body.get("id") or body["$id"], body)
                change = change._replace(body=None) if place < 3 else change
                emulator.platform.store.write(change._replace(moves=place % 2 == 0))


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Emulator]]:
    """The same documents in stores that heed hints, and in one that does not."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('lists')}/a.db")
    yield [filled(Heedless()), filled(MemoryStore()), filled(SqlStore(database))]
    database.close()


@pytest.mark.parametrize("edition", ["2020-03", "latest"])
@pytest.mark.parametrize(
    "target_of", [catalog_list, catalog_other, flow_list, schema_list, set_list]
)
def test_a_hint_changes_no_answer(
    alike: list[Emulator], target_of: Callable[[random.Random], str], edition: str
) -> None:
    chance = random.Random(f"{target_of.__name__} {edition}")
    headers = {**HEADERS, "x-emulator-edition": edition, "accept": ACCEPT}
    found = 0
    for number in range(QUERIES):
        if number % 15 == 0:
            change_some(alike, chance)
        target = target_of(chance)
        answers = [
            emulator.application.handle(Request("GET", target, dict(headers), b""))
            for emulator in alike
        ]
        assert {answer.status for answer in answers} == {200}, target
        wanted, *others = (loads(answer.body) for answer in answers)
        assert all(other == wanted for other in others), target
        found += len(answers[0].body) > 100
    assert found > 10  # the queries find something
