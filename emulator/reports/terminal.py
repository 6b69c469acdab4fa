"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.journal.annotation import lines_about
from emulator.journal.text import annotated_lines, finding_lines
from emulator.json_types import JsonObject
from emulator.plurals import counted
from emulator.reports.places import place_lines
from emulator.reports.thresholds import percent
from emulator.reports.verdict import circumstances, demand_lines, verdict_line

MAX_TESTS = 20
"""How many tests that broke rules are named."""

MAX_UNCOVERED = 12
"""How many rules that are not covered are named."""

KINDS = (
    ("violations", "Violations"),
    ("warnings", "Warnings"),
    ("notes", "Notes"),
)


def terminal(report: JsonObject) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: JsonObject) -> Iterator[str]:
    yield verdict_line(report)
    yield from (f"  {line}" for line in demand_lines(report))
    yield from ("", *headline(report))
    for kind, title in KINDS:
        if report[kind]:
            yield from ("", f"{title}: {counted(len(report[kind]), 'rule')}")
            for row in report[kind]:
                yield from _finding(row)
    if report["unmetExpectations"]:
        yield from ("", "Unmet expectations:")
        for row in report["unmetExpectations"]:
            yield f"  {row['rule']}  {counted(row['count'], 'call')}{_by(row['tests'])}"
    if report["drift"]:
        yield from ("", "Undocumented responses:")
        for row in report["drift"]:
            yield f"  {row['operation']}: {row['deviation']}  ({counted(row['count'], 'time')})"
            yield from (f"    {call['source']}" for call in row["examples"] if "source" in call)
    yield from _muted(report)
    yield from _tests(report)
    for section in report.get("sections", ()):
        yield from ("", section["title"], *(f"  {line}" for line in section["lines"]))
    yield from ("", *_services(report))
    yield from _uncovered(report)
    if report["failures"]:
        yield from ("", *(f"Failed: {failure}" for failure in report["failures"]))


def headline(report: JsonObject) -> Iterator[str]:
    """Yield the coverage in words."""
    totals = report["totals"]
    operations, rules = totals["operations"], totals["rules"]
    which = "listed" if report["scope"] == "listed" else "emulated"
    yield f"Contract coverage of {counted(totals['calls'], 'call')}, {circumstances(report)}"
    yield (
        f"  operations  {operations['called']} of {operations['total']} {which}"
        f" ({percent(operations['coverage'])}) called"
    )
    yield (
        f"  rules       {rules['covered']} of {rules['total']} of the {report['scope']}"
        f" operations ({percent(rules['coverage'])}) covered"
    )
    yield (
        f"              {rules['passed']} passed, {rules['expected']} broken as expected, "
        f"{rules['unexpected']} broken unexpectedly, {rules['uncovered']} not covered"
    )


def _by(tests: list[str]) -> str:
    return f"  by {', '.join(tests[:3])}{' …' if len(tests) > 3 else ''}" if tests else ""


def _finding(row: JsonObject) -> Iterator[str]:
    where = f" in {row['operation']}" if row["operation"] else ""
    yield ""
    yield f"{counted(row['count'], 'call')}{where}{_by(row['tests'])}"
    finding = {**row, "classification": "unexpected", "refused": False}
    finding["accepts"] = {"values": row.get("accepts", [])}
    yield from (f"  {line}" for line in finding_lines(finding))
    yield from (f"  sent      {line}" for line in place_lines(row))
    for entry in row["examples"][:1]:
        lines = lines_about(entry, row["rule"])
        yield from (f"  {line}" for line in annotated_lines(lines, entry["findings"]))


def _muted(report: JsonObject) -> Iterator[str]:
    if report["muted"]:
        yield from ("", "Muted:")
        for row in report["muted"]:
            until = f" until {row['until']}" if row["until"] else ""
            times = f"broken {counted(row['count'], 'time')}"
            yield f"  {row['rule']}  {times}{until}: {row['reason']}"


def _tests(report: JsonObject) -> Iterator[str]:
    """Name the tests that broke rules unexpectedly, those that broke most first."""
    tests = report["tests"]
    broke = [row for row in tests if row["violations"] or row["warnings"]]
    if tests:
        yield from ("", f"Tests: {len(tests)} called, {len(broke)} broke rules unexpectedly")
    for row in broke[:MAX_TESTS]:
        found = [
            counted(row[f"{what}s"], what) for what in ("violation", "warning") if row[f"{what}s"]
        ]
        yield f"  {row['id']}  {counted(row['calls'], 'call')}, {', '.join(found)}"
    if len(broke) > MAX_TESTS:
        yield f"  … and {len(broke) - MAX_TESTS} more"


def _services(report: JsonObject) -> Iterator[str]:
    for service in report["services"]:
        called = [row for row in service["operations"] if row["calls"]]
        if called:
            operations = f"{len(called)} of {len(service['operations'])} operations"
            rules = f"{service['rulesCovered']} of {service['rulesTotal']} rules"
            yield f"{service['title']}: {operations}, {rules}"
        for row in called:
            unexpected = sum(rule["state"] == "unexpected" for rule in row["rules"])
            broken = f", {unexpected} broken unexpectedly" if unexpected else ""
            name = row["id"].partition(".")[2]
            calls = counted(row["calls"], "call")
            rules = f"{row['rulesCovered']:>5}/{len(row['rules'])} rules"
            yield f"  {name:<32}{calls:>12}{rules}{broken}"


def _uncovered(report: JsonObject) -> Iterator[str]:
    """Name the rules of called operations that are not covered, those that refuse first."""
    uncovered = [
        rule
        for service in report["services"]
        for row in service["operations"]
        if row["rulesInScope"]
        for rule in row["rules"]
        if rule["state"] == "uncovered"
    ]
    uncovered.sort(key=lambda rule: rule["severity"] != "error")
    if uncovered:
        yield from ("", f"Not covered: {counted(len(uncovered), 'rule')}")
        for rule in uncovered[:MAX_UNCOVERED]:
            unsure = counted(rule["undecided"], "call") if rule.get("undecided") else ""
            why = f" (undecided in {unsure})" if unsure else ""
            yield f"  {rule['id']}{why}  {rule['states']}"
        if len(uncovered) > MAX_UNCOVERED:
            left = len(uncovered) - MAX_UNCOVERED
            yield f"  … and {left} more; {report.get('jsonBy', '--format json')} has them all"
