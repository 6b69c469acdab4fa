"""Tells calls that may take long, so that the thread that serves the others need not wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.budgets import LARGE_BODY_BYTES, LISTED_AT_ONCE
from emulator.web.request_document import sandbox_named

if TYPE_CHECKING:
    from emulator.sandbox import Sandbox
    from emulator.web.engine import Engine
    from emulator.web.message import Request


def is_long(engine: Engine, request: Request) -> bool:
    """Tell whether the answer to a request may take longer than others should wait for it.

    That is so by its operation, by its size, if something is due that comes first, if it lists
    what there is very much of, or if its sandbox, or the file of the store, is being written to.
    """
    if len(request.body) > LARGE_BODY_BYTES:
        return True
    platform, operation = engine.platform, request.operation
    platform.load()
    view = engine.views.get(operation.id)
    if view is None or not (operation.gated or view.is_long):
        return False
    if view.is_long:
        return True
    if operation.writes and platform.store.is_held():
        return True
    is_idle, lists = platform.ongoing.is_idle, not (request.path or operation.writes)
    if is_idle and view.catches_up is None and not lists:
        return False
    sandbox = sandbox_named(request.headers, platform.settings.default_sandbox)
    if not is_idle and operation.writes and platform.store.is_busy(sandbox):
        return True
    if lists and _is_much(engine, operation.id, sandbox):
        return True
    if view.catches_up is None:
        return False
    engine.refresh()  # the clock may have been moved
    return view.catches_up.is_due(engine.scope(sandbox))


def _is_much(engine: Engine, operation: str, sandbox: Sandbox) -> bool:
    """Tell whether there is very much of what an operation lists."""
    about = engine.contract.resources.by_operation.get(operation)
    if about is None:
        return False
    return engine.platform.store.count(sandbox, about[0].kind) > LISTED_AT_ONCE
