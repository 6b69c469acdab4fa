"""Random data: made in a scratch emulator that starts with the current state, then taken over.

So the data appears as a whole or not at all, and past flow runs can use a clock of their own. What
others write in other sandboxes meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.form_errors import form_errors
from emulator.json_types import Json
from emulator.sandbox import Sandbox
from emulator.seeding import SeedError
from emulator.seeding.client import InProcessClient
from emulator.seeding.random_data import RandomData
from emulator.state import restore, restore_part, take

if TYPE_CHECKING:
    from emulator.seeding.model import SeedSpec
    from emulator.web.engine import Engine

MakeScratch = Callable[["ManualClock"], "Engine"]
"""Makes the engine of an empty scratch emulator with the same settings and the given clock."""

_TOMORROW = 24 * 3600


def read_seed_spec(raw: Json) -> SeedSpec:
    """Read a specification from JSON.

    Raises:
        SeedError: It is not valid; the message has a line for each mistake.
    """
    from pydantic import ValidationError

    from emulator.near_names import unknown_name
    from emulator.seeding.model import Runs, SeedSpec

    if isinstance(raw, dict):
        runs = raw.get("runs")
        for given, model in ((raw, SeedSpec), (runs if isinstance(runs, dict) else {}, Runs)):
            if unknown := [name for name in given if name not in model.model_fields]:
                what = "member of runs" if model is Runs else "kind of data"
                raise SeedError(unknown_name(what, unknown[0], model.model_fields))
    try:
        return SeedSpec.model_validate(raw)
    except ValidationError as error:
        raise SeedError("\n".join(form_errors(error))) from error


def seed(engine: Engine, make: MakeScratch, sandbox: Sandbox, spec: SeedSpec) -> dict[str, int]:
    """Add random data to a sandbox; return how many resources of each kind were created.

    Raises:
        SeedError: A call is refused; nothing was added.
    """
    platform = engine.platform
    with platform.store.exclusive(sandbox):
        now = platform.clock.now()
        clock = ManualClock(now)
        scratch = make(clock)
        restore(scratch, replace(take(engine), clock=None))
        scratch.edition = engine.contract.default_edition
        scratch.enforce = "documented"
        made = _build(scratch, clock, sandbox, spec, now)
        for place in (sandbox, Sandbox(sandbox.organization, "")):
            restore_part(engine, take(scratch), *place)
        return made


def _build(
    scratch: Engine, clock: ManualClock, sandbox: Sandbox, spec: SeedSpec, now: int
) -> dict[str, int]:
    from emulator.seeding.run_history import DAY, RunHistory

    count = scratch.platform.store.next(sandbox, "seeded world")
    faker = scratch.platform.ids.faker_for(f"{spec.seed} {count} {'/'.join(sandbox)}")
    start = now // 1000 + _TOMORROW
    every = 1
    if spec.runs:
        clock.jump(now - spec.runs.days * DAY)
        start, every = clock.now() // 1000 + 3600, spec.runs.everyDays
    fixtures = scratch.platform.fixtures_of(scratch.contract.edition(scratch.edition))
    suffix = f" ({count})" if count > 1 else ""
    data = RandomData(InProcessClient(scratch, sandbox), faker, fixtures, suffix)
    data.create(spec, start, every)
    counts = data.counts()
    if spec.runs:
        history = RunHistory(scratch, clock, sandbox, faker)
        counts["runs"] = history.run(data.flows, spec.runs, start * 1000, now)
    return counts
