"""`python -m benchmarks.mapping`: how many rows a second a typical mapping set maps.

Ten mappings over rows of a flat file, into fields of a schema: five copies, three calculated
fields, a date and a constant. It prints figures; there is no aim to miss.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from emulator.clock import ManualClock
from emulator.mapping import CompiledMapping, compile_mapping_set

MAPPINGS = (
    ("ATTRIBUTE", "id", "_id"),
    ("ATTRIBUTE", "first_name", "person.name.firstName"),
    ("ATTRIBUTE", "last_name", "person.name.lastName"),
    ("EXPRESSION", "lower(trim(email))", "personalEmail.address"),
    ("EXPRESSION", "sha256(lower(email), 'UTF-8')", "_acme.hash"),
    ("EXPRESSION", "iif(orders > 10, 'gold', concat('tier-', tier))", "_acme.loyalty.level"),
    ("ATTRIBUTE", "points", "_acme.loyalty.points"),
    ("ATTRIBUTE", "opted_in", "_acme.optedIn"),
    ("ATTRIBUTE", "created", "_repo.createDate"),
    ("STATIC", "benchmark", "_acme.source"),
)
TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "properties": {
        "_id": TEXT,
        "person": {
            "type": "object",
            "properties": {
                "name": {"type": "object", "properties": {"firstName": TEXT, "lastName": TEXT}}
            },
        },
        "personalEmail": {"type": "object", "properties": {"address": TEXT}},
        "_repo": {
            "type": "object",
            "properties": {"createDate": {"type": "string", "format": "date-time"}},
        },
        "_acme": {
            "type": "object",
            "properties": {
                "hash": TEXT,
                "source": TEXT,
                "optedIn": {"type": "boolean"},
                "loyalty": {
                    "type": "object",
                    "properties": {
                        "level": TEXT,
                        "points": {"type": "integer", "meta:xdmType": "int"},
                    },
                },
            },
        },
    },
}


def rows(count: int) -> list[dict[str, Any]]:
    """Return rows as they are read from a flat file: every value is a text."""
    return [
        {
            "id": str(number),
            "first_name": "Ann",
            "last_name": f"Number {number}",
            "email": f" Ann.{number}@Example.COM ",
            "orders": str(number % 20),
            "tier": str(number % 3),
            "points": str(number),
            "opted_in": "yes" if number % 2 else "no",
            "created": f"2020-03-{number % 28 + 1:02} 10:{number % 60:02}:00",
        }
        for number in range(count)
    ]


def compiled(schema: dict[str, Any] | None) -> CompiledMapping:
    names = ("sourceType", "source", "destination")
    stored = [dict(zip(names, one, strict=True)) for one in MAPPINGS]
    return compile_mapping_set(stored, clock=ManualClock(), schema=schema)


def rate(mapping: CompiledMapping, data: list[dict[str, Any]]) -> float:
    """Return rows a second of one pass."""
    started = time.perf_counter()
    failed = sum(bool(mapped.errors) for mapped in mapping.over(data))
    elapsed = time.perf_counter() - started
    if failed:
        raise SystemExit(f"{failed} rows have errors")
    return len(data) / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mapping", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    data = rows(arguments.rows)
    started = time.perf_counter()
    first = compiled(SCHEMA)
    print(f"first set compiled, parser and functions built: {_ms(started):.0f} ms")
    started = time.perf_counter()
    without = compiled(None)
    print(f"next set compiled: {_ms(started):.2f} ms")
    for title, mapping in (("to the types of a schema", first), ("without a schema", without)):
        rates = [rate(mapping, data) for _ in range(arguments.rounds)]
        print(f"{title}: {statistics.median(rates):,.0f} rows/s, best {max(rates):,.0f}")


def _ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
