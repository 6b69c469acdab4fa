"""The journal and the coverage over HTTP: what clients asked, and what they have tried so far."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Response, request

from emulator.admin.replies import Routes, answer, error, nothing
from emulator.coverage.live import LiveCoverage
from emulator.journal.entry import TEST_HEADER
from emulator.journal.journal import Journal
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.web.engine import Engine
from emulator.web.isolation import IsolatedEmulators
from emulator.web.lookup import BoundLookup

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.coverage.coverage import Coverage
    from emulator.journal.entry import Entry

OFF = "the setting journal is 0"


def journal_routes(
    engine: Engine,
    isolated: IsolatedEmulators,
    journal: Journal | None,
    coverage: LiveCoverage | None,
) -> Routes:
    """Return the calls of the journal as (path, method, view)."""
    if journal is None or coverage is None:
        views = JournalOff()
        return [
            (path, method, views.off)
            for path in ("/journal", "/journal/<id>", "/coverage", "/report")
            for method in ("GET", "DELETE")
        ]
    made = JournalViews(engine, isolated, journal, coverage)
    return [
        ("/journal", "GET", made.entries),
        ("/journal", "DELETE", made.clear),
        ("/journal/<id>", "GET", made.entry),
        ("/coverage", "GET", made.coverage),
        ("/coverage", "DELETE", made.clear_coverage),
        ("/report", "GET", made.report),
    ]


class JournalOff:
    """The views of a journal that is switched off."""

    def off(self, id: str = "") -> Response:
        """Say why there is nothing."""
        return error(404, "no journal", OFF)


class JournalViews:
    """The views of the journal.

    Isolated emulators share one journal. A call that chooses one, or a test by the same header,
    sees and clears only what belongs to it; one that does not, everything.
    """

    def __init__(
        self,
        engine: Engine,
        isolated: IsolatedEmulators,
        journal: Journal,
        coverage: LiveCoverage,
    ) -> None:
        self._engine = engine
        self._isolated = isolated
        self._journal = journal
        self._live_coverage = coverage

    def entries(self) -> Response:
        """List the calls that are kept, the newest first unless `order=oldest`."""
        from emulator.journal.search import SearchError

        try:
            return self._entries({**_own(), **request.args.to_dict()})
        except SearchError as problem:
            return error(400, "invalid query", str(problem))

    def _entries(self, asked: dict[str, str]) -> Response:
        from emulator.journal import search
        from emulator.journal.pages import page

        form = _choice(asked, "format", "short", "full", "har")
        if form == "har":
            return self._archive(asked)
        newest_first = _choice(asked, "order", "newest", "oldest") == "newest"
        limit = _number(asked, "limit", search.PAGE, search.MAX_PAGE)
        cursor = _number(asked, "cursor", 0)
        kept = self._journal.entries(newest_first=newest_first, behind=cursor)
        found = search.filtered(kept, asked)
        pieces = page(found, limit, is_full=form == "full")
        return Response(pieces, mimetype="application/json")

    def _archive(self, asked: dict[str, str]) -> Response:
        from emulator.journal.har import har
        from emulator.journal.masked import masked
        from emulator.journal.search import filtered

        entries = filtered(self._journal.entries(newest_first=False), asked)
        return Response(har(map(masked, entries)), mimetype="application/json")

    def clear(self) -> Response:
        """Forget the calls; what they covered stays counted."""
        self._journal.clear(_own().get("test"))
        return nothing()

    def entry(self, id: str) -> Response:
        """Explain one call: by its number, or the `last` one of which there is most to say.

        Of the `last` one, `lastAccepted` is the number of the last call after it, if there is one,
        and `later` counts them, with the number of the last that was warned of.
        """
        from emulator.journal.explanation import explain
        from emulator.journal.search import filtered, last_remarkable, later_than

        if id == "last":
            found = last_remarkable(filtered(self._journal.entries(), _own()))
        else:
            found = self._journal.entry(int(id)) if id.isdecimal() and len(id) < 16 else None
        if found is None or not list(filtered([found], _own())):
            said = "no call that is kept broke a rule" if id == "last" else f"no call {id} is kept"
            return error(404, "unknown entry", said)
        explained = explain(self._engine.contract, found, partial(self._lookup, found))
        if id == "last":
            explained |= later_than(found, filtered(self._journal.entries(), _own()))
        return answer(explained)

    def _lookup(self, entry: Entry, edition: Edition) -> BoundLookup:
        """Return what the rules see of a call: in the emulator that has answered it."""
        is_isolated = entry.test in self._isolated.names()
        platform = (self._isolated(entry.test).engine if is_isolated else self._engine).platform
        platform.load()  # it may have answered no call in this process
        sandbox = Sandbox(entry.organization, entry.sandbox)
        return BoundLookup(Scope(platform, edition, sandbox), entry.document or {})

    def coverage(self) -> Response:
        """Return what all calls so far have covered, or those of some tests, to be merged."""
        return Response(self._coverage().written(), mimetype="application/json")

    def _coverage(self) -> Coverage:
        tests = request.args.getlist("test") or list(_own().values())
        whole = self._live_coverage.snapshot()
        return whole.only(tests) if tests else whole

    def report(self) -> Response:
        """Report on what the calls have covered, in any of the forms."""
        from emulator.reports.rendering import FORMATS, MEDIA_TYPES
        from emulator.reports.report import build
        from emulator.reports.scope import ReportScope, ReportScopeError

        contract, form = self._engine.contract, request.args.get("format", "json")
        if form not in FORMATS:
            return error(400, "invalid query", f"format: expected one of {', '.join(FORMATS)}")
        operations = request.args.getlist("operation") or None
        services = request.args.getlist("service") or None
        try:
            engine = self._engine
            scope = ReportScope.of(contract, operations, services, engine.edition, engine.enforce)
        except ReportScopeError as problem:
            return error(400, "invalid query", str(problem))
        made = build(contract, self._coverage(), scope, engine.platform.clock.now())
        if form == "json":
            return answer(made)
        return Response(FORMATS[form](made), mimetype=MEDIA_TYPES[form])

    def clear_coverage(self) -> Response:
        """Count anew."""
        self._live_coverage.clear(_own().get("test"))
        return nothing()


def _own() -> dict[str, str]:
    """Return the filter by the test or isolated emulator, which is the same, that a call names."""
    test = request.headers.get(TEST_HEADER)
    return {} if test is None else {"test": test}


def _choice(asked: dict[str, str], name: str, *choices: str) -> str:
    """Take a parameter that has a few values, the first of them by default."""
    from emulator.journal.search import SearchError

    value = asked.pop(name, choices[0])
    if value not in choices:
        raise SearchError(f"{name}: {value!r} is not one of {', '.join(choices)}")
    return value


def _number(asked: dict[str, str], name: str, default: int, maximum: int = 10**15) -> int:
    from emulator.journal.search import SearchError

    value = asked.pop(name, None)
    if value is None:
        return default
    if not value.isdecimal() or not 0 < len(value) < 16 or not 0 < int(value) <= maximum:
        raise SearchError(f"{name}: {value!r} is not a number from 1 to {maximum}")
    return int(value)
