"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.journal.marked import near
from emulator.journal.told import marked_lines, rule_lines
from emulator.json_types import JsonObject
from emulator.reports.thresholds import counted, percent

MOST_NEVER = 12
"""So many rules that were never tried are named."""

KINDS = (
    ("violations", "Broken by accident"),
    ("warnings", "Remarked on"),
    ("notes", "Notes"),
)


def terminal(report: JsonObject, failures: list[str]) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report, failures)) + "\n"


def _lines(report: JsonObject, failures: list[str]) -> Iterator[str]:
    yield from headline(report)
    for kind, title in KINDS:
        if report[kind]:
            yield from ("", f"{title}: {counted(len(report[kind]), 'rule')}")
            for row in report[kind]:
                yield from _accident(row)
    if report["unmet"]:
        yield from ("", "Meant to be broken, and kept:")
        for row in report["unmet"]:
            yield f"  {row['rule']}  {counted(row['count'], 'call')}{_by(row['tests'])}"
    if report["drift"]:
        yield from ("", "Replies that no document shows:")
        for row in report["drift"]:
            yield f"  {row['operation']}: {row['complaint']}  ({counted(row['count'], 'time')})"
            yield from (f"    {call['source']}" for call in row["examples"] if "source" in call)
    yield from _muted(report)
    for section in report.get("sections", ()):
        yield from ("", section["title"], *(f"  {line}" for line in section["lines"]))
    yield from ("", *_services(report))
    yield from _never(report)
    if failures:
        yield from ("", *(f"FAILED: {failure}" for failure in failures))


def headline(report: JsonObject) -> Iterator[str]:
    """Yield the shares in words."""
    totals = report["totals"]
    operations, rules = totals["operations"], totals["rules"]
    which = "listed" if report["counted"] == "listed" else "emulated"
    editions = ", ".join(report["editions"])
    yield f"Contract coverage of {counted(totals['calls'], 'call')}, edition {editions}"
    yield (
        f"  operations  {operations['called']} of {operations['counted']} {which}"
        f" ({percent(operations['share'])}) called"
    )
    yield (
        f"  rules       {rules['tried']} of {rules['counted']} of the {report['counted']}"
        f" operations ({percent(rules['share'])}) tried"
    )
    yield (
        f"              {rules['held']} held, {rules['onPurpose']} broken on purpose, "
        f"{rules['byAccident']} by accident, {rules['never']} never tried"
    )


def _by(tests: list[str]) -> str:
    return f"  by {', '.join(tests[:3])}{' …' if len(tests) > 3 else ''}" if tests else ""


def _accident(row: JsonObject) -> Iterator[str]:
    where = f" in {row['operation']}" if row["operation"] else ""
    yield ""
    yield f"{counted(row['count'], 'call')}{where}{_by(row['tests'])}"
    told = {**row, "intent": "byAccident", "refused": False}
    told["accepts"] = {"values": row.get("accepts", [])}
    yield from (f"  {line}" for line in rule_lines(told))
    for entry in row["examples"][:1]:
        lines = near(entry, row["rule"])
        yield from (f"  {line}" for line in marked_lines(lines, entry["broken"]))


def _muted(report: JsonObject) -> Iterator[str]:
    if report["muted"]:
        yield from ("", "Muted:")
        for row in report["muted"]:
            until = f" until {row['until']}" if row["until"] else ""
            times = f"broken {counted(row['count'], 'time')}"
            yield f"  {row['rule']}  {times}{until}: {row['reason']}"


def _services(report: JsonObject) -> Iterator[str]:
    for service in report["services"]:
        called = [row for row in service["operations"] if row["calls"]]
        if called:
            of = f"{len(called)} of {len(service['operations'])} operations"
            yield f"{service['title']}: {of}, {service['tried']} of {service['rules']} rules"
        for row in called:
            accidents = sum(rule["state"] == "byAccident" for rule in row["rules"])
            broken = f", {accidents} broken by accident" if accidents else ""
            name = row["id"].partition(".")[2]
            calls = counted(row["calls"], "call")
            yield f"  {name:<32}{calls:>12}{row['tried']:>5}/{len(row['rules'])} rules{broken}"


def _never(report: JsonObject) -> Iterator[str]:
    """Name rules of called operations that nobody tried, those that refuse first."""
    never = [
        rule
        for service in report["services"]
        for row in service["operations"]
        if row["rulesCount"]
        for rule in row["rules"]
        if rule["state"] == "never"
    ]
    never.sort(key=lambda rule: rule["severity"] != "error")
    if never:
        yield from ("", f"Never tried: {counted(len(never), 'rule')}")
        for rule in never[:MOST_NEVER]:
            unsure = counted(rule["undecided"], "call") if rule.get("undecided") else ""
            why = f" (undecided in {unsure})" if unsure else ""
            yield f"  {rule['id']}{why}  {rule['states']}"
        if len(never) > MOST_NEVER:
            yield f"  … and {len(never) - MOST_NEVER} more; --format json has them all"
