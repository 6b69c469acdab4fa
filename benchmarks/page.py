"""`python -m benchmarks.page`: what the views of the page cost over many resources.

The emulator is in this process, and the views are asked for as a browser does, by turns; the time
is wall-clock time from the request to the whole markup. Documents are copies of those of a scenario
under other ids and names, written to the store directly.
"""

from __future__ import annotations

import argparse
import statistics
import time
from urllib.parse import quote

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.json_types import dumps, loads
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.store import Change
from emulator.web.message import Request

HERE = Sandbox(GIVEN["organization"], GIVEN["sandbox"])
KINDS = (
    "flow connection source_connection target_connection mapping_set dataset batch dataset_file"
    " xdm_schemas run connection_file"
).split()
AIM = 100
"""What a view may take, in milliseconds."""

UI = "/_emulator/ui"
HEADERS = {
    "authorization": "Bearer t",
    "x-api-key": "key",
    "x-gw-ims-org-id": HERE.organization,
    "x-sandbox-name": HERE.name,
    "host": "localhost",
}


def fill(emulator: Emulator, many: int) -> dict[str, str]:
    """Copy a document of each kind so often; return the id of an original by kind."""
    store, originals = emulator.platform.store, {}
    blobs = emulator.platform.blobs
    data = blobs.read(HERE, next(name for name in blobs.keys(HERE, "batches/") if "/data/" in name))
    for kind in KINDS:
        stored = next(store.scan(HERE, kind))
        originals[kind], text = stored.key, dumps(stored.body).decode()
        for number in range(many):
            key = f"{stored.key[:-8]}{number:08d}"
            old, new = stored.key, key
            if kind == "dataset_file":  # of the copied batch, and with data
                old = stored.body["batchId"]
                new = f"{old[:-8]}{number:08d}"
                key = f"{new}-1"
                place = f"batches/{new}/data/{key}/part-0.parquet"
                blobs.put(HERE, place, data or b"")
            body = loads(text.replace(old, new))
            if "name" in body:
                body["name"] = f"{body['name']} {number}"
            if kind == "connection_file":
                body["path"] = key.partition("/")[2]
            store.write(Change(HERE, kind, key, body))
    return originals


def views(ids: dict[str, str]) -> list[str]:
    """Return the addresses of the views."""
    where = f"organization={quote(HERE.organization)}&sandbox={HERE.name}"
    area = ids["connection_file"].partition("/")[0]
    return [
        "/journal",
        "/journal?outcome=refused",
        "/journal/1",
        "/resources",
        *(f"/resources/{kind}?{where}" for kind in ("dataset", "xdm_schemas", "batch")),
        f"/resources/dataset?{where}&q=999",
        *(
            f"/resources/{kind}/one?{where}&id={quote(ids[kind], safe='')}"
            for kind in ("flow", "dataset", "xdm_schemas", "connection", "batch", "mapping_set")
        ),
        f"/runs?{where}",
        f"/runs?{where}&flow={ids['flow']}",
        f"/runs/one?{where}&id={ids['run']}",
        f"/files?{where}&area={area}",
        "/coverage",
        "/operations",
        "/rules",
        "/rules?q=frequency",
        "/editions",
        "/clock",
        "/faults",
        "/worlds",
    ]


def measure(emulator: Emulator, path: str, rounds: int) -> list[float]:
    """Return how many milliseconds a view takes, after it was asked for once."""
    took = []
    for _ in range(rounds + 1):
        sent = Request("GET", UI + path, {**HEADERS, "accept": "text/html"})
        begun = time.perf_counter()
        answer = emulator.application.handle(sent)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {answer.body[:2000]!r}")
    return took[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=10_000, help="documents of each kind")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    settings = Settings(scenario="failing-runs", max_stored=2**40)
    emulator = create_emulator(settings, clock=ManualClock())
    ids = fill(emulator, arguments.many)
    for number in range(1000):
        path = f"/data/foundation/flowservice/flows/{ids['flow'] if number % 3 else 'none'}"
        emulator.application.handle(Request("GET", path, dict(HEADERS)))
    print(f"{'view':<70}{'median ms':>10}{'worst ms':>10}")
    slow = 0
    for path in views(ids):
        took = measure(emulator, path, arguments.rounds)
        median = statistics.median(took)
        slow += median > AIM
        print(f"{path.partition('?')[0][:69]:<70}{median:>10.1f}{max(took):>10.1f}")
    print(f"\n{slow} views take more than {AIM} ms")


if __name__ == "__main__":
    main()
