"""The verdict on a report, which stands first in each of its forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emulator.json_types import JsonObject
from emulator.plurals import counted
from emulator.reports.thresholds import Demand

HEADS = {"failed": "Failed", "passed": "Passed", "open": ""}
"""The states of a verdict in words; nothing was demanded of a report that is `open`."""

NOTHING_DEMANDED = (
    "nothing was demanded, so this has neither passed nor failed; --fail-on demands something,"
    " with pytest --aep-fail-on"
)


def judged(report: JsonObject, demands: Iterable[Demand] = ()) -> JsonObject:
    """Return a report with its verdict, by what is demanded of it.

    `verdict` has the `state`, what was `found` in words, and the `demands` with their failures;
    `failures` are those of all demands.
    """
    rows = [{"by": one.by, "states": one.states, "failures": list(one.failures)} for one in demands]
    failures = [failure for row in rows for failure in row["failures"]]
    state = "failed" if failures else "passed" if rows else "open"
    verdict = {"state": state, "found": ", ".join(_found(report)), "demands": rows}
    return {**report, "verdict": verdict, "failures": failures}


def _found(report: JsonObject) -> Iterator[str]:
    totals = report["totals"]
    rows = report["violations"]
    if rows:
        calls = sum(row["count"] for row in rows)
        yield f"{counted(len(rows), 'rule')} violated ({counted(calls, 'time')})"
    else:
        yield "no rule violated" if totals["calls"] else "no call was counted"
    if warnings := totals["warnings"]:
        yield counted(warnings, "warning")
    if expected := totals["rules"]["expected"]:
        yield f"{counted(expected, 'rule')} broken as expected"
    if unmet := totals["unmetExpectations"]:
        yield f"{counted(unmet, 'expectation')} not met"


def verdict_line(report: JsonObject) -> str:
    """Return the verdict as a sentence without its end."""
    verdict = report["verdict"]
    head = HEADS[verdict["state"]]
    said = f"{head}: {verdict['found']}" if head else verdict["found"]
    return said[:1].upper() + said[1:]


def demand_lines(report: JsonObject) -> Iterator[str]:
    """Yield what was demanded, and where that is not fulfilled."""
    rows = report["verdict"]["demands"]
    for row in rows:
        said = f"not fulfilled: {', '.join(row['failures'])}" if row["failures"] else "fulfilled"
        yield f"{row['by']} demands that {row['states']}: {said}"
    if not rows:
        yield NOTHING_DEMANDED


def circumstances(report: JsonObject) -> str:
    """Return when, by which editions and under which enforcement the calls were judged."""
    editions, enforcement = report["editions"], report["enforcement"]
    parts = [report["date"]] if report["date"] else []
    parts.append(f"edition{'s' if len(editions) > 1 else ''} {', '.join(editions)}")
    if enforcement:
        parts.append(f"enforcement {', '.join(enforcement)}")
    tool = report["tool"]
    return ", ".join([*parts, f"{tool['name']} {tool['version']}"])
