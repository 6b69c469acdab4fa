"""How calls reach the flow engine, which is imported when something first is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.sandbox import Sandbox
from emulator.services.flow_service.service import FlowService

if TYPE_CHECKING:
    from emulator.data_plane.engine import FlowEngine
    from emulator.web import Call


def flow_engine(service: FlowService, call: Call) -> FlowEngine:
    """Return the engine that runs flows as the edition of a call has them."""
    from emulator.data_plane.engine import FlowEngine

    words = call.edition.answer("data_prep.reserved_words")
    return FlowEngine(service.platform, call.fixtures, words)


def catch_up(service: FlowService, call: Call) -> None:
    """Have carried out what is due in the sandbox of a call."""
    sandbox: Sandbox = call.sandbox
    with call.platform.store.exclusive(sandbox):
        if service.agenda.due(sandbox):
            flow_engine(service, call).catch_up(sandbox)
