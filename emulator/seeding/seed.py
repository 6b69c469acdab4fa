"""Random worlds: made in an emulator of their own that starts with what is there, and taken over.

So a world is there as a whole or not at all, and its past can be lived through by a clock that
nobody else looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emulator.clock import ManualClock
from emulator.form_errors import form_errors
from emulator.seeding.door import Door
from emulator.seeding.errors import SeedError
from emulator.seeding.world import World
from emulator.state import put_back, take

if TYPE_CHECKING:
    from emulator.sandbox import Sandbox
    from emulator.seeding.model import Wish
    from emulator.web.engine import Engine

Make = Callable[["ManualClock"], "Engine"]
"""Makes an empty emulator with the same settings that nobody watches, and a clock of its own."""

_TOMORROW = 24 * 3600


def read_wish(raw: Any) -> Wish:
    """Read what is asked of a world.

    Raises:
        SeedError: It is not of the form.
    """
    from pydantic import ValidationError

    from emulator.seeding.model import Wish

    try:
        return Wish.model_validate(raw)
    except ValidationError as error:
        raise SeedError("\n".join(form_errors(error))) from error


def seed(engine: Engine, make: Make, sandbox: Sandbox, wish: Wish) -> dict[str, int]:
    """Add a random world to a sandbox; return how much of what was made.

    Raises:
        SeedError: A call is refused; nothing was added.
    """
    platform = engine.platform
    with platform.store.exclusive(sandbox):
        now = platform.clock.now()
        clock = ManualClock(now)
        scratch = make(clock)
        put_back(scratch, replace(take(engine), clock=None))
        scratch.edition = engine.contract.default_edition
        scratch.enforce = "documented"
        made = _build(scratch, clock, sandbox, wish, now)
        lived, current = take(scratch), take(engine)
        put_back(engine, replace(current, store=lived.store, blobs=lived.blobs))
        return made


def _build(
    scratch: Engine, clock: ManualClock, sandbox: Sandbox, wish: Wish, now: int
) -> dict[str, int]:
    from emulator.seeding.history import DAY, History

    count = scratch.platform.store.next(sandbox, "seeded world")
    faker = scratch.platform.ids.faker_for(f"{wish.seed} {count} {'/'.join(sandbox)}")
    start = now // 1000 + _TOMORROW
    every = 1
    if wish.runs:
        clock.set(now - wish.runs.days * DAY)
        start, every = clock.now() // 1000 + 3600, wish.runs.everyDays
    fixtures = scratch.platform.fixtures_of(scratch.contract.edition(scratch.edition))
    suffix = f" ({count})" if count > 1 else ""
    world = World(Door(scratch, sandbox), faker, fixtures, suffix)
    world.make(wish, start, every)
    counts = world.counts()
    if wish.runs:
        history = History(scratch, clock, sandbox, faker)
        counts["runs"] = history.pass_by(world.flows, wish.runs, start * 1000, now)
    return counts
