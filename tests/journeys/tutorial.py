"""The tutorials' requests as data, and how they are played and compared with what is printed.

`tutorials/*.json` holds every request of a tutorial in its order, with the headers that its sample
lists and the body that it sends. `${name}` stands for what was given or kept from an earlier
answer. In an `answer` a text from `^` to `$` is a pattern, `<string>` and `<integer>` name a type,
`{"<each>": …}` describes every item of a list, and everything else is meant as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.fixtures.journey import fill, read_at
from emulator.testing.client import AepClient, Response

_FOLDER = Path(__file__).parent / "tutorials"
_TYPES: dict[str, type] = {"<string>": str, "<integer>": int}

WITHOUT_EFFECT = ["catalog.create_dataset.data_source_is_not_asked_for"]
"""What is said today of the tutorials' data sets: `requestDataSource` is no parameter any more."""


@dataclass(frozen=True)
class Step:
    """One request. `preparatory` names what the text refers to where it prints no request.

    `slips` are known mistakes of the sample: `unclosed`, the body lacks its last brace, which is
    repaired here; `unauthorized`, the header Authorization is missing, as it is here.
    """

    name: str
    operation: str
    method: str
    path: str
    headers: dict[str, str]
    status: int
    body: Any = None
    keep: dict[str, dict[str, Any]] = field(default_factory=dict)
    answer: Any = None
    slips: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    preparatory: str = ""

    def content(self, known: dict[str, Any]) -> bytes | None:
        """Return the body as it is sent, indented as in the sample."""
        if self.body is None:
            return None
        return json.dumps(fill(self.body, known), indent=4).encode()

    def printed_headers(self, known: dict[str, Any]) -> dict[str, str]:
        """Return just the headers that the sample lists."""
        return {name: fill(value, known) for name, value in self.headers.items()}

    def right_headers(self, known: dict[str, Any]) -> dict[str, str]:
        """Return the sample's headers, with the Authorization that its text demands."""
        return {
            "Authorization": fill("Bearer ${accessToken}", known),
            **self.printed_headers(known),
        }


@dataclass(frozen=True)
class Tutorial:
    """A tutorial: `edition` is its own edition of the contract."""

    document: str
    edition: str
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


@dataclass(frozen=True)
class Played:
    """A step that was sent; `known` is what it was filled with and, if accepted, what it gave."""

    step: Step
    answer: Response
    known: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return self.answer.status == self.step.status


def read_tutorial(edition: str) -> Tutorial:
    raw = json.loads((_FOLDER / f"{edition}.json").read_text(encoding="utf-8"))
    steps = tuple(Step(**{**step, "slips": tuple(step.get("slips", ()))}) for step in raw["steps"])
    return Tutorial(raw["document"], raw["edition"], steps)


TUTORIALS = {name: read_tutorial(name) for name in ("2020-03", "2020-09")}

RUNS = [("2020-03", "2020-03"), ("2020-09", "2020-09"), ("2020-09", "latest")]
"""Which tutorial runs in which edition from its first request to its last."""


def given(aep: AepClient, organization: str) -> dict[str, Any]:
    """Return what a reader has before the first step, with a token of the emulator's own IMS."""
    form = "grant_type=client_credentials&client_id=reader&client_secret=s&scope=openid"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    token = aep.exchange("POST", "/ims/token/v3", headers, form.encode()).json["access_token"]
    known = {"accessToken": token, "apiKey": "reader", "sandbox": "prod"}
    return {**known, "organization": organization}


def send(aep: AepClient, step: Step, known: dict[str, Any], edition: str) -> Played:
    """Send one step with all its headers."""
    headers = {**step.right_headers(known), "x-emulator-edition": edition}
    path = fill(step.path, known)
    answer = aep.exchange(step.method, path, headers, step.content(known))
    if answer.status != step.status:
        return Played(step, answer, known)
    kept = {name: _kept(answer.json, **what) for name, what in step.keep.items()}
    return Played(step, answer, {**known, **kept})


def play(
    tutorial: Tutorial, aep: AepClient, known: dict[str, Any], edition: str
) -> Iterator[Played]:
    """Send the steps one by one; ends after the first that is not accepted."""
    for step in tutorial.steps:
        played = send(aep, step, known, edition)
        yield played
        if not played.accepted:
            return
        known = played.known


def play_all(
    tutorial: Tutorial, aep: AepClient, known: dict[str, Any], edition: str
) -> dict[str, Any]:
    """Play a tutorial that has to be accepted, and return all that is known after it."""
    for played in play(tutorial, aep, known, edition):
        answer = played.answer
        assert played.accepted, (played.step.name, answer.status, answer.rule, answer.content)
        known = played.known
    return known


def _kept(body: Any, at: str, lastSegment: bool = False) -> Any:  # noqa: N803 - a name of the data
    value = read_at(body, at)
    return str(value).rpartition("/")[2] if lastSegment else value


def differences(documented: Any, found: Any, at: str = "") -> Iterator[str]:
    """Yield where an answer is not what is documented."""
    if isinstance(documented, dict) and isinstance(found, list) and "<each>" in documented:
        for index, item in enumerate(found):
            yield from differences(documented["<each>"], item, f"{at}/{index}")
    elif isinstance(documented, dict) and isinstance(found, dict):
        for name in documented.keys() ^ found.keys():
            yield f"{at}/{name} is {'missing' if name in documented else 'not documented'}"
        for name in documented.keys() & found.keys():
            yield from differences(documented[name], found[name], f"{at}/{name}")
    elif isinstance(documented, list) and isinstance(found, list):
        if len(documented) != len(found):
            yield f"{at} has {len(found)} items, not {len(documented)}"
        for index, (one, other) in enumerate(zip(documented, found, strict=False)):
            yield from differences(one, other, f"{at}/{index}")
    elif not _is(documented, found):
        yield f"{at} is {found!r}, not {documented!r}"


def _is(documented: Any, found: Any) -> bool:
    if not isinstance(documented, str):
        return documented == found and type(documented) is type(found)
    if documented in _TYPES:
        return type(found) is _TYPES[documented]
    if documented[:1] == "^" and documented[-1:] == "$":
        return isinstance(found, str) and re.fullmatch(documented[1:-1], found) is not None
    return bool(documented == found)
