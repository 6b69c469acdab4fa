"""Ends what has been left behind: runs and batches whose process ended while it worked on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.claims import BATCH, RUN, released
from emulator.json_types import JsonObject
from emulator.scope import CLAIM, Scope
from emulator.services.interfaces import Services

if TYPE_CHECKING:
    from emulator.web.engine import Engine


def end_left_behind(engine: Engine, is_left: Callable[[JsonObject], bool]) -> None:
    """End whatever has a claim that is left behind: each once, whoever else does the same."""
    for scope in engine.scopes(CLAIM):
        for stored in list(scope.scan(CLAIM)):
            if is_left(stored.body):
                _end(scope, engine.platform.services, stored.key, stored.body)


def end_broken(engine: Engine) -> None:
    """End what broke in this process, and could not be ended then because the store failed."""
    broken = engine.platform.broken_claims
    while broken:
        sandbox, key, claim = broken[0]
        _end(engine.scope(sandbox), engine.platform.services, key, claim)
        del broken[0]


def _end(scope: Scope, services: Services, key: str, claim: JsonObject) -> None:
    with scope.exclusive():
        if scope.read(CLAIM, key) != claim:
            return
        if claim["what"] == RUN:
            services.flow_service.end_left_behind(scope, key)
        elif claim["what"] == BATCH:
            services.batch_ingestion.end_left_behind(scope, key)
        scope.write(released(scope, key))
