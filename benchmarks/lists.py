"""`python -m benchmarks.lists`: what lists, filters and checks cost in a large store.

Two emulators in this process are asked the same, one with few documents of a kind and one with
many: what counts is the ratio, of processor time. Documents are copies of one that a call has
created, under other ids and names, written to the store directly.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import dumps, loads
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.store import Change
from emulator.web.message import Request

FEW = 100
HERE = Sandbox("ABC@AdobeOrg", "prod")
HEADERS = {
    "authorization": "Bearer t",
    "x-api-key": "key",
    "x-gw-ims-org-id": HERE.organization,
    "x-sandbox-name": HERE.name,
    "content-type": "application/json",
    "accept": "application/json",
    "host": "localhost",
}
XDM = {**HEADERS, "accept": "application/vnd.adobe.xed-id+json"}
CATALOG = "/data/foundation/catalog"
FLOWS = "/data/foundation/flowservice"
REGISTRY = "/data/foundation/schemaregistry/tenant"
DATA_PREP = "/data/foundation/conversion"
SANDBOXES = "/data/foundation/sandbox-management"
BLOB = {"id": "4c10e202-c428-4796-9208-5f1f5732b1cf", "version": "1.0"}
PROFILE = "https://ns.adobe.com/xdm/context/profile"


@dataclass(frozen=True)
class Kind:
    """Documents of the store: how the first is made, and what is asked about them."""

    kind: str
    make: tuple[str, dict[str, Any]]
    asks: dict[str, str]
    headers: dict[str, str]


KINDS = (
    Kind(
        "dataset",
        (f"{CATALOG}/dataSets", {"name": "n0", "schemaRef": {"id": "https://x/y"}}),
        {
            "page": f"{CATALOG}/dataSets?limit=20",
            "by name": f"{CATALOG}/dataSets?name=n{{last}}",
            "by property": f"{CATALOG}/dataSets?property=name==n{{last}}",
            "by state, page": f"{CATALOG}/dataSets?state=ACTIVE&limit=20",
            "by expression": f"{CATALOG}/dataSets?property=name~%5En{{last}}$",
            "by time, none": f"{CATALOG}/dataSets?createdAfter=99999999999999",
            "by tag, none": f"{CATALOG}/dataSets?tags=nobody:has",
            "ordered": f"{CATALOG}/dataSets?orderBy=desc:created&limit=20",
            "last page": f"{CATALOG}/dataSets?start={{last}}&limit=20",
            "views": "/data/foundation/catalog/dataSetViews?limit=20",
            "last batches": f"{CATALOG}/lastBatches",
        },
        HEADERS,
    ),
    Kind(
        "batch",
        (
            f"{CATALOG}/batches",
            {
                "status": "active",
                "relatedObjects": [{"type": "dataSet", "id": "0" * 24}],
            },
        ),
        {
            "page": f"{CATALOG}/batches?limit=20",
            "by data set": f"{CATALOG}/batches?dataSet={'0' * 24}&limit=20",
            "by data set, none": f"{CATALOG}/batches?dataSet=f{'0' * 23}",
            "ordered": f"{CATALOG}/batches?orderBy=desc:created&limit=20",
            "values": f"{CATALOG}/batches/uniques/status?limit=20",
        },
        HEADERS,
    ),
    Kind(
        "connection",
        (f"{FLOWS}/connections", {"name": "n0", "connectionSpec": BLOB}),
        {
            "page": f"{FLOWS}/connections?limit=20",
            "by name": f"{FLOWS}/connections?property=name==n{{last}}",
            "by state": f"{FLOWS}/connections?property=state==enabled",
            "ordered": f"{FLOWS}/connections?orderby=-createdAt",
            "count": f"{FLOWS}/connections?count=true",
            "count of some": f"{FLOWS}/connections?count=true&property=name==n1",
        },
        HEADERS,
    ),
    Kind(
        "xdm_schemas",
        (f"{REGISTRY}/schemas", {"title": "n0", "type": "object", "allOf": [{"$ref": PROFILE}]}),
        {
            "page": f"{REGISTRY}/schemas?limit=20",
            "by title": f"{REGISTRY}/schemas?property=title==n{{last}}",
            "ordered": f"{REGISTRY}/schemas?orderby=-title&limit=20",
        },
        XDM,
    ),
    Kind(
        "mapping_set",
        (
            f"{DATA_PREP}/mappingSets",
            {"name": "n0", "outputSchema": {"schemaRef": {"id": "https://x/y"}}, "mappings": []},
        ),
        {
            "page": f"{DATA_PREP}/mappingSets?limit=20",
            "by name": f"{DATA_PREP}/mappingSets?name=n{{last}}",
        },
        HEADERS,
    ),
    Kind(
        "sandbox_entry",
        (f"{SANDBOXES}/sandboxes", {"name": "n0", "title": "n0", "type": "development"}),
        {
            "page": f"{SANDBOXES}/sandboxes?limit=20",
            "by name": f"{SANDBOXES}/sandboxes?property=name==n{{last}}",
        },
        HEADERS,
    ),
)
IDS = {"sandbox_entry": ("name",), "xdm_schemas": ("$id", "meta:altId")}


def ask(
    emulator: Emulator, method: str, target: str, headers: dict[str, str], body: Any = None
) -> Any:
    """Return the JSON that a call answers."""
    content = b"" if body is None else dumps(body)
    response = emulator.application.handle(Request(method, target, dict(headers), content))
    if response.status >= 300:
        raise SystemExit(f"{method} {target}: {response.status} {response.body[:300]!r}")
    return loads(response.body)


def fill(emulator: Emulator, kind: Kind, count: int) -> None:
    """Create one document by a call, and copies of it."""
    target, body = kind.make
    ask(emulator, "POST", target, kind.headers, body)
    store = emulator.platform.store
    places = [place for place in store.dump().documents if place[1] == kind.kind]
    (sandbox, name) = places[0]
    first = next(store.scan(sandbox, name))
    for start in range(1, count, 1000):
        numbers = range(start, min(start + 1000, count))
        copies = (_copied(first.body, IDS.get(kind.kind, ("id",)), number) for number in numbers)
        store.write(*(Change(sandbox, name, key, copy) for key, copy in copies))


def _copied(body: dict[str, Any], ids: tuple[str, ...], number: int) -> tuple[str, dict[str, Any]]:
    copy = body | {member: f"n{number}" for member in ("name", "title") if member in body}
    if ids != ("name",):
        copy |= {member: f"{body[member][:-12]}{number:012x}" for member in ids}
    key = copy[ids[0]]
    return key, copy


def median_ms(act: Callable[[], object], rounds: int) -> float:
    """Return how many milliseconds an act takes."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        act()
        taken.append((time.process_time() - begun) * 1000)
    return statistics.median(taken)


def measured(kind: Kind, count: int, rounds: int) -> Iterator[tuple[str, float, float, float]]:
    """Yield for each question: its name, milliseconds with few, the first time with many, later."""
    small, large = (
        create_emulator(Settings(enforce="observe"), clock=ManualClock()) for _ in range(2)
    )
    fill(small, kind, FEW)
    fill(large, kind, count)
    for name, target in kind.asks.items():
        of_few = partial(ask, small, "GET", target.format(last=FEW - 1), kind.headers)
        of_many = partial(ask, large, "GET", target.format(last=count - 1), kind.headers)
        of_few()
        first = median_ms(of_many, 1)
        yield name, median_ms(of_few, rounds), first, median_ms(of_many, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("--count", type=int, default=70_000, help="of documents of each kind")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="one kind")
    arguments = parser.parse_args()
    print(f"{arguments.count:,} documents beside {FEW}; milliseconds")
    print(f"{'':<34}{FEW:>8}{'first':>10}{'later':>10}{'ratio':>8}")
    for kind in KINDS:
        if arguments.only in (None, kind.kind):
            for name, few, first, later in measured(kind, arguments.count, arguments.rounds):
                title = f"{kind.kind}: {name}"
                print(f"{title:<34}{few:>8.2f}{first:>10.2f}{later:>10.2f}{later / few:>8.1f}")


if __name__ == "__main__":
    main()
