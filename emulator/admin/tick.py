"""Time passes: what is due in a sandbox is carried out without anybody looking at it."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import SCOPE, Routes, answer, error, read_scope
from emulator.scope import Scope
from emulator.web.engine import Engine


def routes(engine: Engine) -> Routes:
    """Return the call that lets flows run, for the control API's blueprint."""

    def tick() -> Response:
        """Carry out the runs that are due: of one sandbox, of an organization, or of all."""
        scope = read_scope()
        if scope is None:
            return error(400, "invalid body", SCOPE)
        organization, name = scope
        flows = engine.platform.services.flow_service
        edition = engine.contract.edition(engine.edition)
        ended = sum(
            flows.catch_up(Scope(engine.platform, edition, sandbox), waits=True)
            for sandbox in flows.queue.sandboxes(engine.platform.store)
            if organization in (None, sandbox.organization) and name in (None, sandbox.name)
        )
        return answer({"runs": ended})

    return [("/tick", "POST", tick)]
