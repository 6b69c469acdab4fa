"""`python -m benchmarks.engine`: how many rows a second a flow run moves, and in how much memory.

The newer tutorial's flow in this process: a tab-separated file of three columns and a mapping set
of three mappings, from the file area through schema and data set into a batch.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

from flask.testing import FlaskClient

from emulator.app import create_emulator
from emulator.fixtures.journey import Answer, Request, journeys, play
from emulator.json_types import loads

HEADERS = {
    "Authorization": "Bearer benchmark",
    "x-api-key": "demo-api-key",
    "x-gw-ims-org-id": "0123456789ABCDEF01234567@AdobeOrg",
    "x-sandbox-name": "prod",
}
_RUNS = "/data/foundation/flowservice/runs"


def tutorial(client: FlaskClient) -> dict[str, Any]:
    """Play the tutorial and return the ids that it has kept."""

    def send(request: Request) -> Answer:
        reply = client.open(
            request.target, method=request.method, headers=request.headers, data=request.body
        )
        return Answer(reply.status_code, dict(reply.headers), loads(reply.get_data()))

    last = list(play(journeys()["2020-09"], send))[-1]
    if not last.accepted:
        raise SystemExit(f"{last.step.title}: {last.answer.body}")
    return last.kept


def leads(count: int) -> bytes:
    """Return a file of so many rows."""
    lines = ["Id\tFirstName\tLastName"]
    lines += [f"{number}\tAnn\tNumber {number}" for number in range(count)]
    return "\n".join(lines).encode()


def megabytes() -> float:
    """Return the most memory that this process has used so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    emulator = create_emulator()
    client = emulator.wsgi_app.test_client()
    kept = tutorial(client)
    content = leads(arguments.rows)
    path = f"/_emulator/files/{kept['baseConnection']}/leads/incoming/leads.tsv"
    print(f"{arguments.rows:,} rows, {len(content) / 2**20:.1f} MiB; {megabytes():.0f} MiB before")
    for _ in range(arguments.rounds):
        client.put(path, headers=HEADERS, data=content)
        started = time.perf_counter()
        id = client.post(_RUNS, headers=HEADERS, json={"flowId": kept["flow"]}).json["id"]
        elapsed = time.perf_counter() - started
        run = client.get(f"{_RUNS}/{id}", headers=HEADERS).json["items"][0]
        moved = run["metrics"]["recordSummary"]["outputRecordCount"]
        if moved != arguments.rows:
            raise SystemExit(f"{moved} rows have landed: {run['metrics']}")
        print(f"{moved / elapsed:,.0f} rows/s; at most {megabytes():.0f} MiB")


if __name__ == "__main__":
    main()
