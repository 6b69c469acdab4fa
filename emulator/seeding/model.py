"""The specification of random data and the form of scenario files; imports pydantic.

The members are in camelCase, as in JSON.
"""

# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emulator.json_types import Json

Count = Annotated[int, Field(ge=0, le=100_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Runs(_Strict):
    """Past runs: each flow has run every `everyDays` days for the last `days` days.

    `failing` is the share of runs whose file cannot be read.
    """

    days: Annotated[int, Field(ge=1, le=3650)]
    everyDays: Annotated[int, Field(ge=1, le=365)] = 7
    failing: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.05


class SeedSpec(_Strict):
    """How many resources of each kind to create; counts left out follow from the others.

    A different `seed` gives different data with the same seed of the emulator.
    """

    datasets: Count | None = None
    flows: Count = 0
    schemas: Count | None = None
    connections: Count | None = None
    runs: Runs | None = None
    seed: str = ""


class KeptValue(_Strict):
    """A value kept from a response: that at a pointer, or only its last path segment."""

    at: str
    lastSegment: bool = False


class Step(_Strict):
    """One call, as in a journey; `${name}` stands for a value kept from an earlier response."""

    title: str
    operation: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    status: int
    query: dict[str, str] = {}
    form: dict[str, str] | None = None
    body: Json = None
    keep: dict[str, KeptValue] = {}


class JourneyPart(_Strict):
    """The calls of a tutorial, up to and including the step whose title is `until`.

    They are made in an `edition`, by default in the scenario's. `ids` are those that resources get
    in place of new ones, by the names under which the journey keeps them; of a schema or class it
    is the last part.
    """

    journey: str
    until: str | None = None
    edition: str | None = None
    ids: dict[str, Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]] = {}


class CallsPart(_Strict):
    """Calls defined by the scenario itself."""

    calls: Annotated[list[Step], Field(min_length=1)]


class FileRow(_Strict):
    """A file that a connection reaches: its `text`, or a `file` in the scenario's folder."""

    container: str
    path: str
    text: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.text is None) == (self.file is None):
            raise ValueError("expected either text or file")
        return self


class FilesPart(_Strict):
    """Files that connections reach."""

    files: Annotated[list[FileRow], Field(min_length=1)]


class SeedPart(_Strict):
    """Random data."""

    seed: SeedSpec


class StatePart(_Strict):
    """A state file in the scenario's folder; it replaces the whole state."""

    state: str


class ScenarioFile(_Strict):
    """How a starting state is built, part by part.

    `edition` is the edition of the calls; the default edition if it is left out.
    """

    title: str
    states: str
    edition: str | None = None
    build: list[JourneyPart | CallsPart | FilesPart | SeedPart | StatePart]
