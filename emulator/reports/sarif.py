"""A report as SARIF 2.1.0, the format of code scanning: a result for each broken rule.

A call has no file. If its test is known, the location is where that begins; if it is named as
pytest names it, `tests/a.py::test_b`, that file, else one that stands for the operation. Operation
and pointer are logical locations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from emulator.json_types import JsonObject, dumps
from emulator.reports.places import place_lines

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_FILE = re.compile(r"(?P<file>[\w./ -]+\.\w+)::")


def sarif(report: JsonObject) -> str:
    """Return the report as JSON."""
    rows = [*report["violations"], *report["warnings"], *report["notes"]]
    rules = list({row["rule"]: row for row in rows}.values())
    places = {row["rule"]: index for index, row in enumerate(rules)}
    tests = {test["id"]: test for test in report.get("tests", ())}
    driver = {
        "name": report["tool"]["name"],
        "version": report["tool"]["version"],
        "rules": [_rule(row) for row in rules],
    }
    run: JsonObject = {
        "tool": {"driver": driver},
        "results": [result for row in rows for result in _results(row, places[row["rule"]], tests)],
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "properties": {name: report[name] for name in ("editions", "enforcement", "verdict")},
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).decode() + "\n"


def _invocation(report: JsonObject) -> JsonObject:
    notices = [{"level": "error", "message": {"text": failure}} for failure in report["failures"]]
    said: JsonObject = {"executionSuccessful": True, "toolExecutionNotifications": notices}
    return {**said, "endTimeUtc": report["date"]} if report["date"] else said


def _rule(row: JsonObject) -> JsonObject:
    states = row.get("states") or row["rule"]
    sources = [
        f"{document['title']}, {document['publisher']} {document['date']}"
        for document in row.get("documents", ())
    ]
    rule: JsonObject = {
        "id": row["rule"],
        "shortDescription": {"text": states},
        "fullDescription": {"text": "\n".join([states, *sources])},
        "defaultConfiguration": {"level": LEVELS[row["severity"]]},
        "properties": {"evidence": row.get("evidence", ""), "tags": [row["service"] or "unknown"]},
    }
    addresses = [document["address"] for document in row.get("documents", ()) if _is_web(document)]
    if addresses:
        rule["helpUri"] = addresses[0]
    text = "\n".join([*([row["fix"]] if row.get("fix") else []), *dict.fromkeys(addresses)])
    return {**rule, "help": {"text": text}} if text else rule


def _is_web(document: JsonObject) -> bool:
    return bool(document.get("address", "").startswith("https://"))


def _results(row: JsonObject, place: int, tests: dict[str, JsonObject]) -> Iterator[JsonObject]:
    """Yield a result for each test that broke a rule, or one if the tests are unknown."""
    for test in row["tests"] or [""]:
        example = _example(row, test)
        at, reason = _broken(row, example)
        said = f"{reason}. {row.get('states', '')}".strip(". ")
        text = "\n".join([f"{said}." if said else row["rule"], *place_lines(row)])
        key = "\x00".join((row["rule"], row["operation"], test))
        yield {
            "ruleId": row["rule"],
            "ruleIndex": place,
            "level": LEVELS[row["severity"]],
            "message": {"text": text},
            "locations": [_location(row["operation"], test, at, tests.get(test))],
            "partialFingerprints": {"ruleOperationTest/v1": sha256(key.encode()).hexdigest()},
            "properties": {"calls": row["count"], "test": test},
        }


def _example(row: JsonObject, test: str) -> JsonObject | None:
    own = (entry for entry in row["examples"] if entry.get("test", "") == test)
    return next(own, row["examples"][0] if row["examples"] else None)


def _broken(row: JsonObject, example: JsonObject | None) -> tuple[str, str]:
    """Return pointer and reason of a broken rule in an example call."""
    for item in example["findings"] if example else ():
        if item["rule"] == row["rule"]:
            return item["at"], item["reason"]
    return "", ""


def _location(operation: str, test: str, at: str, known: JsonObject | None) -> JsonObject:
    named = _FILE.match(test)
    uri = named["file"].strip() if named else f"operations/{operation or 'unknown'}"
    line = 1
    if known is not None and known.get("file"):
        uri, line = known["file"], known["line"]
    logical: list[JsonObject] = []
    if operation:
        logical.append({"fullyQualifiedName": operation, "kind": "function"})
    if at:
        logical.append({"fullyQualifiedName": at, "kind": "value"})
    location: JsonObject = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri.replace(" ", "%20")},
            "region": {"startLine": line},
        }
    }
    return {**location, "logicalLocations": logical} if logical else location
