"""`make soak`: nearly right requests, journeys and runs against one process, for an hour.

Prints each minute how many calls were answered, how much memory the process has, and the slowest
health check of the minute. Fails if the memory of the last third is more than a tenth above that of
the second, or if an answer is a 5xx other than 501.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import requests

from emulator.contract import load_contract
from emulator.package_data import data_folder
from emulator.testing.client import AepClient
from tests.attacks.mutations import Mutations
from tests.attacks.served import ServedEmulator, Watch, serving
from tests.bodies import FLOW_SERVICE, HEADERS, flow, make_world
from tests.files import LEADS, put
from tests.journeys.conftest import by_requests

MIB = 1024**2
ORGANIZATIONS = 50
"""So many organizations take turns; each is erased when its turn comes again."""


def memory(served: ServedEmulator) -> float:
    """Return the memory that the process has now, in MiB."""
    status = Path(f"/proc/{served.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def turns(served: ServedEmulator) -> Iterator[int]:
    """Play for ever; yield after each turn how many calls it took."""
    contract = load_contract(data_folder("contracts"))
    send = by_requests(served.url, requests.Session())
    for number in count():
        organization = f"{number % ORGANIZATIONS:024X}@AdobeOrg"
        headers = {**HEADERS, "x-gw-ims-org-id": organization}
        aep = AepClient(send, contract, headers)
        aep.ok("POST", "/_emulator/reset", {"organization": organization})
        world = make_world(aep)
        put(aep, world.base, "leads/incoming/a.tsv", LEADS * 50)
        made = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))["id"]
        aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": made})
        ids = {"connections": world.base, "flows": made, "dataSets": world.dataset}
        requests_made = islice(Mutations(contract, ids, number), 200)
        for sent in requests_made:
            own = {**sent.headers, "x-gw-ims-org-id": organization}
            try:
                answer = send(sent.method, sent.path, own, sent.content)
            except (requests.RequestException, UnicodeError, ValueError):
                continue  # what the client itself does not send
            if answer.status >= 500 and answer.status != 501:
                raise SystemExit(f"{answer.status}: {sent}")
        yield 210


def main() -> None:
    parser = argparse.ArgumentParser(description="Play for a long time and watch the memory.")
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    sizes: list[float] = []
    calls, begun = 0, time.monotonic()
    with serving() as served:
        playing = turns(served)
        for minute in range(1, max(2, round(minutes)) + 1):
            with Watch(served) as watch:
                while time.monotonic() - begun < minute * min(60, minutes * 60):
                    calls += next(playing)
            sizes.append(memory(served))
            now, peak = f"{sizes[-1]:6.1f} MiB", f"peak {served.peak / MIB:6.1f} MiB"
            slowest = f"slowest health check {watch.slowest * 1000:.0f} ms"
            print(f"{minute:4} min  {calls:8} calls  {now}  {peak}  {slowest}", flush=True)
    third = max(1, len(sizes) // 3)
    before, after = (
        statistics.mean(sizes[third : 2 * third] or sizes),
        statistics.mean(sizes[-third:]),
    )
    print(f"memory of the last third beside the second: {after / before:.2f}")
    if after > before * 1.1:
        raise SystemExit("the memory grows")


if __name__ == "__main__":
    main()
