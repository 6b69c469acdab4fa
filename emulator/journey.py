"""The tutorials' journeys as data: which calls in which order, and what each hands to the next.

A journey is a file in `fixtures/journeys/`. In its texts `${name}` stands for what was given at
the start or kept from an earlier answer. Whoever plays one brings the door: a function that sends
a request. The demo brings a socket, tests bring what they test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from emulator.json_types import MISSING, Json, JsonObject, at, dumps, loads
from emulator.package_data import data_folder

_NAME = re.compile(r"\$\{(\w+)\}")

GIVEN: Mapping[str, str] = {
    "run": "1",
    "apiKey": "demo-api-key",
    "clientSecret": "demo-client-secret",
    "organization": "0123456789ABCDEF01234567@AdobeOrg",
    "sandbox": "prod",
}
"""What a journey starts with; `run` tells repeated runs apart in the names of what they create."""


@dataclass(frozen=True, slots=True)
class Keep:
    """What of an answer is kept: the value at a pointer, or the part after its last slash."""

    at: str
    last_segment: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One documented call.

    `creates` says in words what it makes; the first value that is kept is the id of that.
    """

    title: str
    operation: str
    method: str
    path: str
    status: int
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None
    body: Json = None
    keep: dict[str, Keep] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    creates: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """One tutorial from its first call to its last. `headers` go with every call but the token's.

    `document` is the contract's id of the tutorial, `editions` those in which it is played.
    """

    name: str
    title: str
    document: str
    editions: tuple[str, ...]
    headers: dict[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A call ready to be sent; `target` is the path with its query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: Json


Send = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Played:
    """One played step. `kept` holds all that is known after it, by name."""

    step: Step
    request: Request
    answer: Answer
    seconds: float
    kept: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return self.answer.status == self.step.status

    @property
    def shown(self) -> dict[str, Json]:
        """The parts of the answer that matter, by the last name of their pointer."""
        return {
            pointer.rpartition("/")[2] or "answer": read_at(self.answer.body, pointer)
            for pointer in self.step.shows
        }

    @property
    def created(self) -> tuple[str, str] | None:
        """What the step made and its id, if it made something."""
        if not self.step.creates or not self.accepted:
            return None
        return self.step.creates, str(self.kept[next(iter(self.step.keep))])


def journeys() -> dict[str, Journey]:
    """Return the shipped journeys by name, in the order of their dates."""
    paths = sorted((data_folder("fixtures") / "journeys").glob("*.json"))
    return {path.stem: _journey(path.stem, loads(path.read_bytes())) for path in paths}


def journey_of(edition: str) -> Journey:
    """Return the journey of an edition: its own, or the newest for one that has none."""
    known = list(journeys().values())
    return next((journey for journey in known if edition in journey.editions), known[-1])


def _journey(name: str, raw: JsonObject) -> Journey:
    return Journey(
        name=name,
        title=raw["title"],
        document=raw["document"],
        editions=tuple(raw["editions"]),
        headers=raw["headers"],
        steps=tuple(_step(step) for step in raw["steps"]),
    )


def _step(raw: JsonObject) -> Step:
    keep = {
        name: Keep(kept["at"], kept.get("lastSegment", False))
        for name, kept in raw.get("keep", {}).items()
    }
    return Step(**{**raw, "keep": keep, "shows": tuple(raw.get("shows", ()))})


def play(
    journey: Journey,
    send: Send,
    *,
    given: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Played]:
    """Send a journey's calls one by one; ends early, with the call, if one is not accepted.

    Args:
        given: What replaces or adds to `GIVEN`.
        headers: Headers that every call carries besides its own.
    """
    known: dict[str, Any] = {**GIVEN, **(given or {})}
    for step in journey.steps:
        request = make_request(journey, step, known, headers or {})
        started = perf_counter()
        answer = send(request)
        seconds = perf_counter() - started
        if answer.status == step.status:
            known |= {name: _kept(answer.body, keep) for name, keep in step.keep.items()}
        played = Played(step, request, answer, seconds, dict(known))
        yield played
        if not played.accepted:
            return


def make_request(
    journey: Journey, step: Step, known: Mapping[str, Any], headers: Mapping[str, str]
) -> Request:
    """Return a step's request with all names filled in.

    Raises:
        KeyError: A name stands for nothing that is known at this step.
    """
    target = fill(step.path, known)
    if step.query:
        target += "?" + urlencode(fill(step.query, known))
    if step.form is not None:
        sent = urlencode(fill(step.form, known)).encode()
        content = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(step.method, target, {**headers, **content}, sent)
    own = fill(journey.headers, known)
    if step.body is None:
        return Request(step.method, target, {**headers, **own}, None)
    content = {"Content-Type": "application/json"}
    return Request(
        step.method, target, {**headers, **own, **content}, dumps(fill(step.body, known))
    )


def fill(value: Any, known: Mapping[str, Any]) -> Any:
    """Return a value with each `${name}` in its texts replaced."""
    if isinstance(value, str):
        return _NAME.sub(lambda match: str(known[match[1]]), value)
    if isinstance(value, list):
        return [fill(item, known) for item in value]
    if isinstance(value, dict):
        return {name: fill(item, known) for name, item in value.items()}
    return value


def read_at(body: Json, pointer: str) -> Json:
    """Return what a JSON pointer finds in an answer, or None."""
    value = at(body, pointer)
    return None if value is MISSING else value


def _kept(body: Json, keep: Keep) -> Json:
    value = read_at(body, keep.at)
    return str(value).rpartition("/")[2] if keep.last_segment else value
