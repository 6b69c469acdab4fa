"""Time passes: what is due in a sandbox is carried out without anybody looking at it."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import SCOPE, Routes, answer, error, read_scope
from emulator.due import carry_out_due
from emulator.web.engine import Engine


def routes(engine: Engine) -> Routes:
    """Return the call that lets flows run, for the control API's blueprint."""

    def tick() -> Response:
        """Carry out the runs that are due: of one sandbox, of an organization, or of all."""
        scope = read_scope()
        if scope is None:
            return error(400, "invalid body", SCOPE)
        return answer({"runs": carry_out_due(engine, *scope)})

    return [("/tick", "POST", tick)]
