"""The emulator's clock: what it shows, and how it is moved."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import Routes, answer, error, read_object
from emulator.clock import Clock, ClockError, MovableClock, read_duration, read_moment
from emulator.due import move_clock, moving
from emulator.json_types import Json, JsonObject
from emulator.moments import from_milliseconds, utc_text
from emulator.ongoing import Interrupted
from emulator.web.engine import Engine


def routes(engine: Engine) -> Routes:
    """Return path, method and view of each call."""
    views = _Views(engine)
    return [
        ("/clock", "GET", views.show),
        ("/clock", "PUT", views.set),
        ("/clock", "POST", views.advance),
    ]


class _Views:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def show(self) -> Response:
        """Tell what time it is, by which kind of clock."""
        return answer(_shown(self._engine.platform.clock))

    def set(self) -> Response:
        """Move the clock to a time: `{"now": …}`."""
        return self._move("now")

    def advance(self) -> Response:
        """Move the clock forward: `{"advance": …}`."""
        return self._move("advance")

    def _move(self, member: str) -> Response:
        """Move the clock by what the body says, and carry out the runs that come due."""
        sent, clock = read_object(), self._engine.platform.clock
        if sent is None or set(sent) != {member}:
            return error(400, "invalid body", f"expected an object with {member} and nothing else")
        if not isinstance(clock, MovableClock):
            detail = "it is the machine's; --clock manual, a time, or +P0D has one that moves"
            return error(409, "the clock cannot be moved", detail)
        try:
            with moving(self._engine, clock):
                runs = move_clock(self._engine, clock, _target(clock, member, sent[member]))
        except ClockError as wrong:
            return error(400, "the clock cannot be moved there", str(wrong))
        except Interrupted as interrupted:
            return error(503, "interrupted", str(interrupted))
        return answer({**_shown(clock), "runs": runs})


def _target(clock: Clock, member: str, value: Json) -> int:
    return read_moment(value) if member == "now" else clock.now() + read_duration(value)


def _shown(clock: Clock) -> JsonObject:
    now = clock.now()
    moment = from_milliseconds(now)
    return {
        "kind": clock.kind if isinstance(clock, MovableClock) else "system",
        "now": utc_text(moment) if moment else str(now),
        "milliseconds": now,
    }
