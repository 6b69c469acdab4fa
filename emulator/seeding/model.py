"""What random worlds and scenarios are asked for with, member by member; it brings pydantic.

JSON is in camelCase, so are the members here.
"""

# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Some = Annotated[int, Field(ge=0, le=100_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Runs(_Strict):
    """The past of the flows: each has run every `everyDays` for `days` up to now.

    `failing` is the share of runs whose file could not be used.
    """

    days: Annotated[int, Field(ge=1, le=3650)]
    everyDays: Annotated[int, Field(ge=1, le=365)] = 7
    failing: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.05


class Wish(_Strict):
    """How much of what there is to be; what is left out follows from the rest.

    `seed` tells worlds apart that are made with the same seed of the emulator.
    """

    datasets: Some | None = None
    flows: Some = 0
    schemas: Some | None = None
    connections: Some | None = None
    runs: Runs | None = None
    seed: str = ""


class Kept(_Strict):
    """What of an answer is kept under a name: the value at a pointer, or its last segment."""

    at: str
    lastSegment: bool = False


class Step(_Strict):
    """One call, as in a journey: `${name}` stands for what an earlier answer has left."""

    title: str
    operation: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    status: int
    query: dict[str, str] = {}
    form: dict[str, str] | None = None
    body: Any = None
    keep: dict[str, Kept] = {}


class JourneyPart(_Strict):
    """A tutorial's calls, up to and with the step whose title is `until`."""

    journey: str
    until: str | None = None


class CallsPart(_Strict):
    """Calls of the scenario's own."""

    calls: Annotated[list[Step], Field(min_length=1)]


class FileRow(_Strict):
    """A file of a connection's area: its `text`, or the file beside the scenario named `file`."""

    container: str
    path: str
    text: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.text is None) == (self.file is None):
            raise ValueError("a file has either a text or the name of a file")
        return self


class FilesPart(_Strict):
    """Files that connections reach."""

    files: Annotated[list[FileRow], Field(min_length=1)]


class SeedPart(_Strict):
    """A random world."""

    seed: Wish


class StatePart(_Strict):
    """A state file beside the scenario; it replaces all that is there."""

    state: str


class ScenarioFile(_Strict):
    """How a starting state is made: part by part, each of what the ones before have left.

    `edition` is the one that the calls are made in; the default one if it is left out.
    """

    title: str
    states: str
    edition: str | None = None
    build: list[JourneyPart | CallsPart | FilesPart | SeedPart | StatePart]
