"""Past runs of flows: the flow engine carries them out with a clock set to their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.data_plane.files import ConnectionFiles
from emulator.data_plane.runs import FlowEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faker import Faker

    from emulator.clock import ManualClock
    from emulator.sandbox import Sandbox
    from emulator.seeding.model import Runs
    from emulator.seeding.random_data import Flow
    from emulator.web.engine import Engine

ROWS = 5
"""How many rows a generated file has."""

DAY = 24 * 3600 * 1000


class RunHistory:
    """Runs flows in the past, each run with a new file to read."""

    def __init__(self, engine: Engine, clock: ManualClock, sandbox: Sandbox, faker: Faker) -> None:
        platform = engine.platform
        self._engine = FlowEngine(platform, engine.scope(sandbox))
        self._files = ConnectionFiles(platform)
        self._clock = clock
        self._sandbox = sandbox
        self._faker = faker

    def run(self, flows: list[Flow], runs: Runs, start: int, until: int) -> int:
        """Run the flows from `start` up to `until`, in milliseconds; return how many runs ended."""
        contents = {flow.id: self._content(flow) for flow in flows}
        ended = 0
        for time, flow in _due(flows, runs.everyDays, start, until):
            # A run reads what was there when it became due.
            self._clock.jump(time - 1)
            content = contents[flow.id]
            if self._faker.random_int(1, 10_000) <= runs.failing * 10_000:
                content = _with_surplus_cells(content)
            path = f"{flow.folder}/{time // 1000}.csv"
            self._files.put(self._sandbox, flow.connection, path, content)
            self._clock.jump(time)
            ended += self._engine.catch_up()
            # A file that has been read would only slow down the next runs.
            self._files.delete(self._sandbox, flow.connection, path)
        self._clock.jump(until)
        return ended

    def _content(self, flow: Flow) -> bytes:
        lines = [",".join(column.name for column in flow.columns)]
        for _ in range(ROWS):
            values = (column.generate(self._faker) for column in flow.columns)
            lines.append(",".join(value.replace(",", "") for value in values))
        return "\n".join(lines).encode()


def _with_surplus_cells(content: bytes) -> bytes:
    """Return a file with more cells than columns in each row, so that no row can be read."""
    head, *rows = content.decode().splitlines()
    return "\n".join([head, *(f"{row},surplus" for row in rows)]).encode()


def _due(flows: list[Flow], every_days: int, start: int, until: int) -> Iterator[tuple[int, Flow]]:
    """Yield the due times with their flows, in order; the flows start a minute apart."""
    time = start
    while time < until:
        for number, flow in enumerate(flows):
            if time + number * 60_000 < until:
                yield time + number * 60_000, flow
        time += every_days * DAY
