"""A report as JUnit XML, the format of CI servers: a suite for each service.

A rule that is covered is a test case; one that was broken unexpectedly has failed. What was
demanded is a suite of its own. The time of a case is its share of that of the tests which covered
the rule, if these are known. The layout is that of the Jenkins plugin's junit-10.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from emulator.journal.annotation import lines_about
from emulator.journal.text import annotated_lines
from emulator.json_types import JsonObject
from emulator.plurals import counted
from emulator.reports.places import place_lines
from emulator.reports.verdict import verdict_line

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow."""


@dataclass(frozen=True, slots=True)
class Case:
    """A test case; a failed one has the type, message and text of its failure."""

    group: str
    name: str
    failure: str = ""
    message: str = ""
    text: str = ""
    remark: str = ""
    seconds: float = 0.0


def junit(report: JsonObject) -> str:
    """Return the report as JUnit XML."""
    root = Element("testsuites", name="aep-emulator")
    suites = {"thresholds": [_demand(row) for row in report["verdict"]["demands"]]}
    suites |= {service["name"]: list(_cases(report, service)) for service in report["services"]}
    suites["unknown"] = list(_of_no_operation(report))
    suites["expectations"] = [
        Case(
            row["operation"], row["rule"], "unmetExpectation", "expected to be broken, and was not"
        )
        for row in report["unmetExpectations"]
    ]
    for name, cases in suites.items():
        if cases:
            _add_suite(root, name, cases, report)
    root.set("time", _time(case.seconds for cases in suites.values() for case in cases))
    for attribute in ("tests", "failures"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    root.set("errors", "0")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _demand(row: JsonObject) -> Case:
    """Return a case for something that was demanded."""
    message = ", ".join(row["failures"])
    failure = "threshold" if message else ""
    return Case("report", row["by"], failure, message, f"demanded: {row['states']}")


def _cases(report: JsonObject, service: JsonObject) -> Iterator[Case]:
    """Yield a case for each rule that is covered."""
    failed = _by_rule(row for row in report["violations"] if row["isRule"])
    remarked = _by_rule((*report["warnings"], *report["notes"]))
    for operation in service["operations"]:
        for rule in operation["rules"]:
            if rule["state"] in ("uncovered", "muted"):
                continue
            row = failed.get(rule["id"])
            if row is not None:
                yield _failed(rule["id"], operation["id"], row, rule.get("seconds", 0.0))
            else:
                remark = remarked.get(rule["id"])
                text = f"{counted(remark['count'], 'call')}: {remark['states']}" if remark else ""
                seconds = rule.get("seconds", 0.0)
                yield Case(operation["id"], rule["id"], remark=text, seconds=seconds)


def _by_rule(rows: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Return rows by rule; rules of the gate may be broken at several operations."""
    found: dict[str, JsonObject] = {}
    for row in rows:
        first = found.get(row["rule"])
        found[row["rule"]] = row if first is None else _both(first, row)
    return found


def _both(one: JsonObject, other: JsonObject) -> JsonObject:
    joined = {name: one[name] + other[name] for name in ("count", "tests", "examples")}
    return {**one, **joined}


def _failed(rule: str, group: str, row: JsonObject, seconds: float = 0.0) -> Case:
    message = f"violated by {counted(row['count'], 'call')}: {row.get('states', rule)}"
    return Case(group, rule, row["severity"], message, _text(row), seconds=seconds)


def _of_no_operation(report: JsonObject) -> Iterator[Case]:
    """Yield a case for each error that no rule states, such as an unknown path."""
    for row in report["violations"]:
        if not row["isRule"]:
            yield _failed(row["rule"], row["operation"] or "no operation", row)


def _text(row: JsonObject) -> str:
    lines = [
        f"document: {document['title']}, {document['publisher']} {document['date']}"
        + (f", {document['address']}" if "address" in document else "")
        for document in row.get("documents", ())
    ]
    lines += [f"test: {test}" for test in row["tests"]]
    lines += [f"sent: {line}" for line in place_lines(row)]
    for entry in row["examples"]:
        lines += ["", f"#{entry['id']} {entry['status']}"]
        lines += annotated_lines(lines_about(entry, row["rule"]), entry["findings"])
    return "\n".join(lines)


def _time(seconds: Iterable[float], digits: int = 3) -> str:
    """Return seconds, added up, as an attribute; those of a report without a run of tests are 0.

    The layout allows three digits behind the point for suites; the share of a case may need more.
    """
    return f"{sum(seconds):.{digits}f}".rstrip("0").rstrip(".")


def _add_suite(root: Element, name: str, cases: list[Case], report: JsonObject) -> None:
    failed = sum(bool(case.failure) for case in cases)
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(failed),
        errors="0",
        skipped="0",
        time=_time(case.seconds for case in cases),
    )
    if began := report.get("began") or report["date"]:
        suite.set("timestamp", began.removesuffix("Z"))
    properties = SubElement(suite, "properties")
    told = {name: ", ".join(report[name]) for name in ("editions", "enforcement")}
    for named, value in {**told, "date": report["date"], "verdict": verdict_line(report)}.items():
        SubElement(properties, "property", name=named, value=_clean(value))
    for case in cases:
        group = _clean(case.group)
        element = SubElement(suite, "testcase", classname=group, name=_clean(case.name))
        element.set("time", _time([case.seconds], digits=6))
        if case.failure:
            failure = SubElement(element, "failure", type=case.failure)
            failure.set("message", _clean(case.message))
            failure.text = _clean(case.text)
        elif case.remark:
            SubElement(element, "system-out").text = _clean(case.remark)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
