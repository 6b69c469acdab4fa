"""`python -m benchmarks.verify`: how fast recorded traffic is judged, and in how much memory.

Writes a HAR whose entries repeat a small client's day (create a connection, read it, list, change,
delete, and a wrong one among them), each with ids of its own, and verifies it in a process of its
own with `aep-emulator verify`. It prints figures; there is no aim to miss.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

BASE = "https://platform.adobe.io/data/foundation/flowservice/connections"
HEADERS = {
    "Authorization": "Bearer token",
    "x-api-key": "benchmark",
    "x-gw-ims-org-id": "5C1328435BF324E90A49402A@AdobeOrg",
    "x-sandbox-name": "prod",
}
SERVER_MADE = {
    "state": "enabled",
    "createdAt": 1772359200000,
    "updatedAt": 1772359200000,
    "createdBy": "0123456789ABCDEF01234567@techacct.adobe.com",
    "updatedBy": "0123456789ABCDEF01234567@techacct.adobe.com",
    "createdClient": "benchmark",
    "updatedClient": "benchmark",
    "sandboxId": "8129954b-fa83-43ba-a995-4bfa8373ba2b",
    "sandboxName": "prod",
    "imsOrgId": HEADERS["x-gw-ims-org-id"],
}
BLOB = "4c10e202-c428-4796-9208-5f1f5732b1cf"


def entries(count: int) -> Iterator[dict[str, Any]]:
    """Yield the entries of the recording."""
    days = (entry for number in itertools.count() for entry in _day(number))
    return itertools.islice(days, count)


def _day(number: int) -> Iterator[dict[str, Any]]:
    id = f"{number:08x}-1111-4222-8333-444444444444"
    etag = f'"{number:08x}-0000-0200-0000-5f5e10000000"'
    auth = {"specName": "ConnectionString", "params": {"connectionString": "AccountKey=x"}}
    spec = {"id": BLOB, "version": "1.0"}
    body = {"name": f"Blob {number}", "auth": auth, "connectionSpec": spec}
    whole = {**body, "id": id, "etag": etag, "version": etag, **SERVER_MADE}
    yield _entry("POST", BASE, body, 201, {"id": id, "etag": etag})
    yield _entry("GET", f"{BASE}/{id}", None, 200, {"items": [whole]})
    yield _entry("GET", f"{BASE}?limit=20", None, 200, {"items": [whole] * 3, "_links": {}})
    patch = [{"op": "replace", "path": "/name", "value": "New"}]
    yield _entry("PATCH", f"{BASE}/{id}", patch, 200, {"id": id, "etag": etag}, etag)
    wrong = {**body, "name": 7}
    error = {"errorMessage": "wrong", "errorDetails": "wrong"}
    yield _entry("POST", BASE, wrong, 400, error)
    yield _entry("DELETE", f"{BASE}/{id}", None, 204, None)


def _entry(
    method: str, url: str, body: Any, status: int, answer: Any, etag: str = ""
) -> dict[str, Any]:
    sent = {**HEADERS, **({"If-Match": etag} if etag else {})}
    request: dict[str, Any] = {"method": method, "url": url}
    if body is not None:
        sent["Content-Type"] = "application/json"
        text = json.dumps(body)
        request["postData"] = {"mimeType": "application/json", "text": text}
    request["headers"] = [{"name": name, "value": value} for name, value in sent.items()]
    text = "" if answer is None else json.dumps(answer)
    kind = [{"name": "Content-Type", "value": "application/json"}] if text else []
    content = {"size": len(text), "mimeType": "application/json", "text": text}
    response = {"status": status, "headers": kind, "content": content}
    started = "2026-11-24T10:00:00.000Z"
    return {"startedDateTime": started, "time": 12, "request": request, "response": response}


def write(file: IO[str], count: int) -> None:
    """Write a HAR of so many entries, one at a time."""
    file.write('{"log":{"version":"1.2","creator":{"name":"benchmark","version":"1"},"entries":[\n')
    for number, entry in enumerate(entries(count)):
        file.write((",\n" if number else "") + json.dumps(entry))
    file.write("\n]}}\n")


def main() -> None:
    """Write, verify, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[1_000, 100_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count in arguments.entries:
            measure(Path(folder) / "traffic.har", count)


def measure(path: Path, count: int) -> None:
    """Verify a recording of so many entries and print entries per second and memory at most."""
    with path.open("w", encoding="utf-8") as file:
        write(file, count)
    command = ["verify", str(path), "--fail-on", "nothing", "--format", "json", "--output"]
    report = path.with_suffix(".json")
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "emulator", *command, str(report)], check=True, stdout=sys.stderr
    )
    seconds = time.perf_counter() - started
    told = json.loads(report.read_text(encoding="utf-8"))
    if told["recording"]["judged"] != count or told["drift"]:
        complaints = [row["deviation"] for row in told["drift"]]
        raise SystemExit(f"of {count} entries: {told['recording']}, {complaints}")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    size = path.stat().st_size / 1024**2
    rate = count / seconds
    print(
        f"{count:>9,} entries  {size:8.1f} MiB  {rate:8,.0f} entries/s  {memory:6.0f} MiB at most"
    )


if __name__ == "__main__":
    main()
