"""What a flow run would have needed to bring more than it did, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.data_plane.conform import CONSTRAINT_CODE, CORRUPT_CODE, MISSING_CODE, TYPE_CODE
from emulator.data_plane.errors import NO_ROOM
from emulator.data_plane.flow_parts import MAPPING_FAILED
from emulator.data_plane.metrics import NO_ROWS, TOO_OLD, is_of_nothing_new
from emulator.data_plane.sources import is_true
from emulator.json_types import JsonObject, as_object
from emulator.moments import from_milliseconds, utc_text
from emulator.ongoing import INTERRUPTED

MAX_NEEDS = 20
"""How many sentences there are at most: a batch may have many causes."""


def needs_of(answer: JsonObject, flow: JsonObject, batch: JsonObject) -> list[str]:
    """Return what would have helped a run, by what is explained of it: see `explain_run`.

    Args:
        answer: The explanation so far.
        flow: The flow; empty if it is gone.
        batch: What the run made; empty without one.
    """
    found = dict.fromkeys(
        [*_of_the_source(answer, flow), *_of_rows(answer), *_of_options(answer, flow, batch)]
    )
    return list(found)[:MAX_NEEDS]


def _of_the_source(answer: JsonObject, flow: JsonObject) -> Iterator[str]:
    run, read = answer["run"], answer["read"]
    codes = [error.get("code") for error in run["errors"]]
    place = f"at {read['path'] or 'its source'}"
    near = f"; {read['near']}" if read["near"] else ""
    if not flow:
        yield "the flow, which is gone"
    elif run["state"] in ("scheduled", "queued", "inProgress"):
        started = from_milliseconds(run["started"] or 0)
        when = utc_text(started) if started else "its time"
        yield f"time: it has not ended, and began or is due at {when}"
        if flow.get("state") != "enabled":
            yield f"an enabled flow: this one is {flow.get('state')}"
    elif TOO_OLD in run["message"]:
        yield "the older files written again, or a new flow whose schedule has backfill true"
    elif is_of_nothing_new(run["message"]):
        last = from_milliseconds(read["until"] or 0)
        until = f" until {utc_text(last)}" if last else ""
        yield f"a file {place} that is new or written again since the run before and{until}{near}"
    elif run["message"].startswith(NO_ROWS):
        yield f"rows {place} that are new by the delta column, if there is one, and pass filters"
    elif INTERRUPTED in codes:
        yield "nothing else: it was interrupted, and the next run reads the same"
    elif NO_ROOM in codes:
        yield "room: delete something, or raise --max-stored"
    elif run["state"] == "failed" and not answer["failed"]["rows"]:
        yield f"a source that can be read {place}: see what it says{near}"


def _of_rows(answer: JsonObject) -> Iterator[str]:
    for cause in (*answer["failed"]["causes"], *answer["warned"]["causes"]):
        say = _BY_CODE.get(cause["code"])
        if say is not None:
            yield say(cause)


def _of_options(answer: JsonObject, flow: JsonObject, batch: JsonObject) -> Iterator[str]:
    options, run = as_object(flow.get("options")), answer["run"]
    failed, rows = answer["failed"]["rows"], run["in"] or 0
    if failed and rows and batch.get("status") != "success":
        least = -(-failed * 10_000 // rows) / 100
        given = options.get("partialIngestionPercent")
        allowed = f"it allows {given}" if given is not None else "it has none, so no row may fail"
        yield f"or partialIngestionPercent of {least:g} in the flow's options; {allowed}"
    is_diagnosed = is_true(options.get("errorDiagnosticsEnabled", False))
    if flow and (failed or run["warnings"]) and not is_diagnosed:
        yield (
            "errorDiagnosticsEnabled in the flow's options or enableErrorDiagnostics of the data"
            " set, for links to the rows"
        )


def _corrupt(cause: JsonObject) -> str:
    return "rows that can be read: as many values as columns, closed quotes, complete JSON"


def _missing(cause: JsonObject) -> str:
    made = cause["mapping"]
    if made is None:
        return f"a mapping to {cause['column']}, or a value there: the schema requires it"
    return f"a value of {made['source']} in every row, for the required {cause['column']}"


def _mistyped(cause: JsonObject) -> str:
    return f"values of {_origin(cause)} that convert to the type of {cause['column']}"


def _constrained(cause: JsonObject) -> str:
    return f"values of {_origin(cause)} that keep to what the schema says of {cause['column']}"


def _unmapped(cause: JsonObject) -> str:
    return f"values that {cause['source'] or 'the mapping'} can take, for {cause['column']}"


def _origin(cause: JsonObject) -> str:
    return str(cause["mapping"]["source"]) if cause["mapping"] else str(cause["column"])


_BY_CODE: dict[str, Callable[[JsonObject], str]] = {
    CORRUPT_CODE: _corrupt,
    MISSING_CODE: _missing,
    TYPE_CODE: _mistyped,
    CONSTRAINT_CODE: _constrained,
    MAPPING_FAILED: _unmapped,
}
