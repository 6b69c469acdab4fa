"""Runs that are due in the sandboxes of one emulator, also while its clock is moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from emulator.claims import MOVER, OF_AN_EMULATOR, only
from emulator.clock import MovableClock
from emulator.json_types import JsonObject
from emulator.ongoing import Interrupted
from emulator.scope import Scope
from emulator.services.interfaces import FIRST_DUE, FlowService
from emulator.web.engine import Engine


def scopes(
    engine: Engine, organization: str | None = None, name: str | None = None
) -> Iterator[Scope]:
    """Return the scopes in which something is due now or later: of one sandbox, or of several."""
    return engine.scopes(FIRST_DUE, organization, name)


def carry_out_due(engine: Engine, organization: str | None = None, name: str | None = None) -> int:
    """Carry out the runs that are due now; return how many ended."""
    return sum(catch_up(engine, scope) for scope in scopes(engine, organization, name))


def first_due(scope: Scope) -> int | None:
    """Return when something is due first in a sandbox, in milliseconds; None if nothing ever is."""
    first = scope.read(FIRST_DUE, FIRST_DUE)
    return None if first is None else first["at"]


def catch_up(engine: Engine, scope: Scope, *, waits: bool = True) -> int:
    """Carry out the runs that are due now in a sandbox; return how many ended.

    Whoever carries out runs there is waited for. What is interrupted has been erased, or is due
    when the emulator starts again.
    """
    with suppress(Interrupted):
        return _flows(engine).catch_up(scope, waits=waits)
    return 0


def run_now(engine: Engine, scope: Scope, flow: JsonObject) -> JsonObject:
    """Run a flow now, whatever its schedule says, and return the run when it has ended.

    It is ordered by the client that made the flow, like a run that is due.

    Raises:
        ValueError: The flow is not enabled.
        Interrupted: A reset or the end of the process has interrupted it.
    """
    if flow["state"] != "enabled":
        said = f"its state is {flow['state']}"
        raise ValueError(f"the flow {flow.get('name') or flow['id']!r} is not enabled: {said}")
    service, scope = _flows(engine), scope.for_client(flow["createdClient"])
    with scope.exclusive():
        run = service.order(scope, flow, {"flowId": flow["id"]})
    return service.carry_out(scope, run)


@contextmanager
def moving(engine: Engine, clock: MovableClock) -> Iterator[None]:
    """Be the one who moves a clock, among all threads and processes; it is where others left it."""
    with clock.moving:
        if not engine.platform.processes.number:
            yield
            return
        with only(engine.scope(OF_AN_EMULATOR), MOVER, waits=True):
            engine.refresh()
            yield


def move_clock(engine: Engine, clock: MovableClock, to: int) -> int:
    """Move an emulator's clock to a time, in milliseconds; return how many runs ended.

    Each run that comes due on the way is carried out when the clock shows its time; of a flow that
    would run very often, the latest runs are.

    Raises:
        ClockError: The clock may not be moved there; it stands where it stood.
        Interrupted: The emulator ends; the clock shows how far it has come.
    """
    ended = 0
    with moving(engine, clock):
        clock.checked(to)
        for scope in scopes(engine):
            _flows(engine).pass_over(scope, to)
        at: int | None = clock.now()
        while at is not None and at < to:
            clock.jump(max(at, clock.now()))
            ended += carry_out_due(engine)
            engine.platform.ongoing.check_end()
            at = next_due(engine, at)
        clock.jump(max(to, clock.now()))
        ended += carry_out_due(engine)
    engine.platform.due_changed()
    return ended


def next_due(engine: Engine, after: int) -> int | None:
    """Return the next time, later than another one, at which something is due; None without."""
    queue = _flows(engine).queue
    times = (queue.first(scope, after) for scope in scopes(engine))
    return min((time for time in times if time is not None), default=None)


def _flows(engine: Engine) -> FlowService:
    return engine.platform.services.flow_service
