"""The contract: operations, rules and editions, and how one edition is put in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from flask import Response, abort, request

from emulator.contract import Operation, Rule
from emulator.json_types import JsonObject
from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts, asked, asked_number

ON_A_PAGE = 60
SEVERITIES = ("error", "warning", "note")


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/operations", "GET", views.operations),
        ("/operations/<id>", "GET", views.operation),
        ("/rules", "GET", views.rules),
        ("/rules/<id>", "GET", views.rule),
        ("/editions", "GET", views.editions),
        ("/editions", "POST", views.choose_edition),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._contract = page.engine.contract

    def operations(self) -> Response:
        """Show the documented operations, all or those with some words."""
        wanted = asked("q", "service")
        found = self._page.control.get("/operations")
        rows = [row for row in found["operations"] if _has(wanted, row["service"], _texts(row))]
        values = {"rows": rows[:400], "found": len(rows), "counts": found["counts"]}
        parts = Parts("operations.html.j2", "search.html.j2", seconds=0)
        return self._page.show("Operations", parts, wanted=wanted, **self._services(), **values)

    def _services(self) -> JsonObject:
        return {"services": {name: one.title for name, one in self._contract.services.items()}}

    def operation(self, id: str) -> Response:
        """Show an operation with the rules in force for it."""
        operation = self._contract.operations.get(id)
        if operation is None:
            abort(404, f"There is no operation {id}.")
        rules = self._page.control.get("/rules", {"operation": id})["rules"]
        parts = Parts("operation.html.j2", seconds=3)
        covered = self._coverage_of(id)
        counts = {rule["id"]: rule for rule in covered["rules"]} if covered else {}
        values = {"operation": operation, "rules": rules, "covered": covered, "counts": counts}
        return self._page.show(id, parts, **values)

    def _coverage_of(self, id: str) -> JsonObject | None:
        """Return how an operation and its rules have fared; None without a coverage."""
        if self._page.emulator.coverage is None:
            return None
        report = self._page.control.get("/report", {"operation": id})
        rows = (row for service in report["services"] for row in service["operations"])
        return next((row for row in rows if row["id"] == id), None)

    def rules(self) -> Response:
        """Show the rules in force, all or those with some words."""
        wanted = asked("q", "service", "severity")
        edition = self._contract.edition(self._page.engine.edition)
        start = asked_number("start")
        found = [rule for rule in edition.rules if self._is_wanted(rule, wanted)]
        values: JsonObject = {"rows": list(islice(found, start, start + ON_A_PAGE))}
        values |= {
            "severities": SEVERITIES,
            "start": start,
            "step": ON_A_PAGE,
            "found": len(found),
            **self._services(),
        }
        parts = Parts("rules.html.j2", "search.html.j2", seconds=0)
        return self._page.show("Rules", parts, wanted=wanted, **values)

    def _is_wanted(self, rule: Rule, wanted: dict[str, str]) -> bool:
        operation = self._contract.operations.get(rule.operation)
        service = operation.service if operation else ""
        if wanted.get("severity", rule.severity) != rule.severity:
            return False
        return _has(wanted, service, (rule.id, rule.states, rule.topic))

    def rule(self, id: str) -> Response:
        """Show a rule, or an entry of an error catalogue, with all that is known of it."""
        explained = self._page.control.get(f"/rules/{id}")
        is_rule = "states" in explained
        parts = Parts("rule.html.j2" if is_rule else "problem.html.j2", seconds=0)
        return self._page.show(id, parts, rule=explained, operation=self._operation_of(explained))

    def _operation_of(self, rule: JsonObject) -> Operation | None:
        return self._contract.operations.get(rule.get("operation", ""))

    def editions(self) -> Response:
        """Show the editions with their documents."""
        found = self._page.control.get("/editions")
        return self._page.show("Editions", Parts("editions.html.j2"), **found)

    def choose_edition(self) -> Response:
        """Put another edition in force."""
        name = request.form.get("edition", "")
        self._page.control.send("PUT", "/edition", {"edition": name})
        return self._page.back(f"Edition {name} is in force.", "/editions")


def _texts(row: JsonObject) -> Iterator[str]:
    yield from (row["id"], row["path"], row["states"], row["method"])


def _has(wanted: dict[str, str], service: str, texts: Iterable[str]) -> bool:
    """Tell whether a row is of the service that is asked for, and has all words."""
    if wanted.get("service", service) != service:
        return False
    whole = "\n".join(texts).lower()
    return all(word in whole for word in wanted.get("q", "").lower().split())
