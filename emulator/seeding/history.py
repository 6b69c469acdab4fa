"""The past of flows: the emulator's own engine runs them, at the times at which they were due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.data_plane.engine import FlowEngine
from emulator.data_plane.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faker import Faker

    from emulator.clock import ManualClock
    from emulator.sandbox import Sandbox
    from emulator.seeding.model import Runs
    from emulator.seeding.world import Flow
    from emulator.web.engine import Engine

ROWS = 5
"""How many rows a file has."""

DAY = 24 * 3600 * 1000


class History:
    """Lets time pass for some flows, each of which finds a new file for every run."""

    def __init__(self, engine: Engine, clock: ManualClock, sandbox: Sandbox, faker: Faker) -> None:
        platform = engine.platform
        edition = engine.contract.edition(engine.edition)
        words = edition.answer("data_prep.reserved_words")
        self._engine = FlowEngine(platform, platform.fixtures_of(edition), words)
        self._files = Files(platform)
        self._clock = clock
        self._sandbox = sandbox
        self._faker = faker

    def pass_by(self, flows: list[Flow], runs: Runs, start: int, until: int) -> int:
        """Run the flows from `start` on, in milliseconds, as long as it is before `until`."""
        contents = {flow.id: self._content(flow) for flow in flows}
        ended = 0
        for time, flow in _due(flows, runs.everyDays, start, until):
            self._clock.set(time)
            content = contents[flow.id]
            if self._faker.random_int(1, 10_000) <= runs.failing * 10_000:
                content = _spoiled(content)
            path = f"{flow.folder}/{time // 1000}.csv"
            self._files.put(self._sandbox, flow.connection, path, content)
            ended += self._engine.catch_up(self._sandbox)
            # What has been read is of no more use, and looking through it would take its time.
            self._files.delete(self._sandbox, flow.connection, path)
        self._clock.set(until)
        return ended

    def _content(self, flow: Flow) -> bytes:
        lines = [",".join(column.name for column in flow.columns)]
        for _ in range(ROWS):
            values = (column.invent(self._faker) for column in flow.columns)
            lines.append(",".join(value.replace(",", "") for value in values))
        return "\n".join(lines).encode()


def _spoiled(content: bytes) -> bytes:
    """Return a file no row of which can be read: each has more cells than there are columns."""
    head, *rows = content.decode().splitlines()
    return "\n".join([head, *(f"{row},surplus" for row in rows)]).encode()


def _due(flows: list[Flow], every_days: int, start: int, until: int) -> Iterator[tuple[int, Flow]]:
    """Yield when which flow is due, in order: a minute apart, as they were made to start."""
    time = start
    while time < until:
        for number, flow in enumerate(flows):
            if time + number * 60_000 < until:
                yield time + number * 60_000, flow
        time += every_days * DAY
