"""Health, reset, rules, editions and operations, for tests and people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from emulator import __version__
from emulator.admin import (
    batches,
    clock,
    describe,
    exports,
    faults,
    files,
    isolation,
    metrics,
    rows,
    runs,
    seeding,
    settings,
    state,
    tick,
)
from emulator.admin.journal import journal_routes
from emulator.admin.replies import SCOPE, Routes, answer, error, nothing, read_object, read_scope
from emulator.near_names import near_ids
from emulator.web.engine import Engine

if TYPE_CHECKING:
    from emulator.emulator import Emulator


def make_blueprint(emulator: Emulator) -> Blueprint:
    """Return the control API of one emulator."""
    engine = emulator.engine
    blueprint = Blueprint("control", "emulator.admin", url_prefix="/_emulator")
    control = Control(engine, emulator.stores.check)
    routes: Routes = [
        ("/health", "GET", control.health),
        ("/reset", "POST", control.reset),
        ("/operations", "GET", control.operations),
        ("/editions", "GET", control.editions),
        ("/edition", "GET", control.edition),
        ("/edition", "PUT", control.set_edition),
        ("/rules", "GET", control.rules),
        ("/rules/<id>", "GET", control.rule),
        ("/mutes", "GET", control.mutes),
        *state.routes(engine),
        *seeding.routes(emulator),
        *faults.routes(emulator.faults),
        *journal_routes(engine, emulator.isolated, emulator.journal, emulator.coverage),
        *isolation.routes(emulator.isolated),
        *exports.routes(engine),
        *files.routes(engine),
        *runs.routes(engine),
        *rows.routes(engine),
        *batches.routes(engine),
        *settings.routes(engine),
        *tick.routes(engine),
        *clock.routes(engine),
        *metrics.routes(emulator),
    ]
    if engine.on_values:
        blueprint.before_request(lambda: _refreshed(engine))
    for path, method, view in routes:
        endpoint = f"{method} {path}".replace(".", "")
        blueprint.add_url_rule(
            path, endpoint, view, methods=[method], provide_automatic_options=False
        )
    return blueprint


def _refreshed(engine: Engine) -> None:
    """Know what has been chosen in other processes before a call shows or changes it."""
    engine.refresh()


class Control:
    """The views of the control API. Their errors are `{"error": …, "detail": …}`."""

    def __init__(self, engine: Engine, check: Callable[[], None]) -> None:
        """Control an emulator; `check` raises `StoreUnavailable` if its store does not answer."""
        self._engine = engine
        self._check = check

    def health(self) -> Response:
        """Tell that the emulator answers, its store too, and what it runs with."""
        self._check()
        return answer(
            {
                "status": "ok",
                "version": __version__,
                "edition": self._engine.edition,
                "enforce": self._engine.enforce,
            }
        )

    def reset(self) -> Response:
        """Forget everything, or what one organization or one of its sandboxes holds."""
        scope = read_scope()
        if scope is None:
            return error(400, "invalid body", SCOPE)
        self._engine.platform.erase(*scope)
        return nothing()

    def operations(self) -> Response:
        """List every documented operation: emulated, or not and why."""
        return answer(describe.operations(self._engine.contract))

    def editions(self) -> Response:
        """List the editions with their documents."""
        return answer(describe.editions(self._engine.contract, self._engine.edition))

    def edition(self) -> Response:
        """Tell the edition that is in force."""
        return answer({"edition": self._engine.edition})

    def set_edition(self) -> Response:
        """Put another edition in force for requests that ask for none."""
        name = (read_object() or {}).get("edition")
        if not isinstance(name, str) or name not in self._engine.contract.entries:
            known = ", ".join(self._engine.contract.entries)
            return error(400, "unknown edition", f"expected one of {known}")
        self._engine.edition = name
        return answer({"edition": name})

    def rules(self) -> Response:
        """List the rules in force, of one operation with `?operation=`."""
        edition = self._engine.contract.edition(self._engine.edition)
        wanted = request.args.get("operation")
        rules = [rule for rule in edition.rules if wanted in (None, rule.operation)]
        return answer({"edition": edition.name, "rules": [describe.rule_line(r) for r in rules]})

    def rule(self, id: str) -> Response:
        """Explain a rule, or an entry of an error catalogue."""
        contract = self._engine.contract
        explained = describe.rule(contract, id)
        if explained is None:
            near = near_ids(id[:100], describe.explained_ids(contract))
            return error(404, "unknown rule", f"there is no rule {id[:100]!r}{near}")
        return answer(explained)

    def mutes(self) -> Response:
        """List the rules that an overlay has muted, and why."""
        return answer({"mutes": [describe.mute(mute) for mute in self._engine.contract.mutes]})
