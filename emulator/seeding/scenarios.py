"""Loads scenarios: builds each in a scratch emulator, whose state is then taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.data_plane.files import ConnectionFiles
from emulator.fixtures.journey import GIVEN, Journey, Keep, Step, fill, journeys, play
from emulator.json_types import JsonObject, dumps, loads
from emulator.sandbox import Sandbox
from emulator.seeding import SeedError
from emulator.seeding.client import transport
from emulator.seeding.seed import MakeScratch, seed
from emulator.state import restore, restore_part, take

if TYPE_CHECKING:
    from emulator.seeding import model
    from emulator.seeding.scenario_files import Scenario
    from emulator.web.engine import Engine


def load_scenario(
    engine: Engine, make: MakeScratch, scenario: Scenario, sandbox: Sandbox | None = None
) -> None:
    """Replace the state by that of a scenario.

    Args:
        engine: Whose state is replaced.
        make: Makes the scratch emulator.
        scenario: The scenario.
        sandbox: Where to build it; then only the data of its organization is replaced. Without it
            everything is, and the scenario belongs to the organization of the journeys.

    Raises:
        SeedError: It cannot be built; nothing has changed.
    """
    clock = ManualClock(engine.platform.clock.now())
    scratch = make(clock)
    if sandbox is not None:
        restore(scratch, replace(take(engine), clock=None))
        scratch.platform.erase(sandbox.organization)
    builder = _Builder(scratch, make, scenario, sandbox)
    builder.build()
    restore_part(engine, take(scratch), None if sandbox is None else sandbox.organization)


class _Builder:
    """Builds one scenario; `_known` has the values kept from responses, by name."""

    def __init__(
        self, scratch: Engine, make: MakeScratch, scenario: Scenario, sandbox: Sandbox | None
    ) -> None:
        self._engine = scratch
        self._make = make
        self._scenario = scenario
        self._is_partial = sandbox is not None
        self._sandbox = sandbox or Sandbox(GIVEN["organization"], GIVEN["sandbox"])
        self._known: JsonObject = {**GIVEN, **_who(scratch, self._sandbox)}
        self._edition = scenario.file.edition or scratch.contract.default_edition
        self._send = transport(scratch)
        scratch.enforce = "documented"
        scratch.edition = self._edition

    def build(self) -> None:
        from emulator.seeding import model

        for part in self._scenario.file.build:
            match part:
                case model.JourneyPart():
                    journey = _part_of(journeys()[part.journey], part.until)
                    self._play(journey, part.edition, part.ids)
                case model.CallsPart():
                    self._play(self._own(part.calls))
                case model.FilesPart():
                    self._put(part.files)
                case model.SeedPart():
                    seed(self._engine, self._make, self._sandbox, part.seed)
                case model.StatePart():
                    self._load_state(part.state)

    def _play(
        self, journey: Journey, edition: str | None = None, ids: Mapping[str, str] | None = None
    ) -> None:
        """Make the calls; what is kept of a call under a name gets the id that `ids` has for it."""
        headers = {"x-emulator-edition": edition or self._edition}
        for step in journey.steps:
            given = [id for name, id in (ids or {}).items() if name in step.keep]
            self._engine.platform.next_id = given[0] if given else ""
            (played,) = play(
                replace(journey, steps=(step,)), self._send, given=self._known, headers=headers
            )
            if not played.accepted:
                answer = played.answer
                rule = answer.headers.get("x-emulator-rule", "")
                raise SeedError(
                    f"{self._scenario.name}: {played.step.title!r} failed with"
                    f" {answer.status} {rule}: {dumps(answer.body).decode()}"
                )
            self._known = played.kept

    def _own(self, steps: list[model.Step]) -> Journey:
        """Return the scenario's own calls as a journey; it begins with a call for a token."""
        newest = list(journeys().values())[-1]
        made = tuple(_step(step) for step in steps)
        if "accessToken" not in self._known:
            made = (newest.steps[0], *made)
        title, editions = self._scenario.file.title, (self._edition,)
        return Journey(self._scenario.name, title, "", editions, newest.headers, made)

    def _put(self, rows: list[model.FileRow]) -> None:
        files = ConnectionFiles(self._engine.platform)
        for row in rows:
            if row.file is None:
                content = (row.text or "").encode()
            else:
                content = (self._scenario.folder / row.file).read_bytes()
            try:
                container, path = fill(row.container, self._known), fill(row.path, self._known)
            except KeyError as error:
                raise SeedError(f"{row.path}: unknown name {error}") from error
            files.put(self._sandbox, container, path, content)

    def _load_state(self, name: str) -> None:
        from emulator.state.file import StateError, from_json

        if self._is_partial:
            raise SeedError(
                "a scenario with a state file replaces everything; name no organization or sandbox"
            )
        try:
            read = loads((self._scenario.folder / name).read_bytes())
            platform = self._engine.platform
            state = from_json(read, self._engine.contract, platform.documents, platform.ids)
        except (StateError, ValueError) as error:
            raise SeedError(f"{name}: {error}") from error
        restore(self._engine, replace(state, clock=None, edition=self._edition))


def _who(scratch: Engine, sandbox: Sandbox) -> dict[str, str]:
    who = {"organization": sandbox.organization, "sandbox": sandbox.name}
    known = scratch.platform.settings.api_keys
    return {**who, "apiKey": known[0]} if known else who


def _part_of(journey: Journey, until: str | None) -> Journey:
    if until is None:
        return journey
    titles = [step.title for step in journey.steps]
    return replace(journey, steps=journey.steps[: titles.index(until) + 1])


def _step(step: model.Step) -> Step:
    given = step.model_dump(exclude={"keep"})
    keep = {name: Keep(kept.at, kept.lastSegment) for name, kept in step.keep.items()}
    return Step(**given, keep=keep)
