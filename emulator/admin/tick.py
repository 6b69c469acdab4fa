"""Time passes: what is due in a sandbox is carried out without anybody looking at it."""

from __future__ import annotations

from typing import Any

from flask import Response

from emulator.admin.replies import SCOPE, answer, error, read_scope
from emulator.sandbox import Sandbox
from emulator.web.engine import Engine


def routes(engine: Engine) -> list[tuple[str, str, Any]]:
    """Return the call that lets flows run, for the control API's blueprint."""

    def tick() -> Response:
        """Carry out the runs that are due: of one sandbox, of an organization, or of all."""
        scope = read_scope()
        if scope is None:
            return error(400, "invalid body", SCOPE)
        organization, name = scope
        ended = sum(
            _catch_up(engine, sandbox)
            for sandbox in engine.platform.services.flow_service.agenda.sandboxes()
            if organization in (None, sandbox.organization) and name in (None, sandbox.name)
        )
        return answer({"runs": ended})

    return [("/tick", "POST", tick)]


def _catch_up(engine: Engine, sandbox: Sandbox) -> int:
    from emulator.data_plane.engine import FlowEngine

    platform, edition = engine.platform, engine.contract.edition(engine.edition)
    words = edition.answer("data_prep.reserved_words")
    with platform.store.exclusive(sandbox):
        flow_engine = FlowEngine(platform, platform.fixtures_of(edition), words)
        return flow_engine.catch_up(sandbox)
