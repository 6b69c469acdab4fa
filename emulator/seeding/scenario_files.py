"""Reads scenario files, lists them, and checks them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from emulator.fixtures.journey import journeys
from emulator.form_errors import form_errors
from emulator.json_types import loads
from emulator.package_data import data_folder
from emulator.seeding import SeedError

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.seeding.model import ScenarioFile

FOLDER = "scenarios"
FILE = "scenario.json"


class Scenario(NamedTuple):
    """A scenario with its name and the folder of its other files."""

    name: str
    folder: Path
    file: ScenarioFile


def names(overlay: Path | None) -> list[str]:
    """Return the names of the shipped scenarios and those of an overlay, in alphabetical order."""
    return sorted({path.parent.name for folder in _folders(overlay) for path in _files(folder)})


def read_scenario(name: str, overlay: Path | None) -> Scenario:
    """Read a scenario; one of the overlay takes precedence over a shipped one of the same name.

    Raises:
        SeedError: It does not exist, or is not valid.
    """
    for folder in _folders(overlay):
        path = folder / FOLDER / name / FILE
        if path in _files(folder):
            return _read(path)
    raise SeedError(f"unknown scenario {name!r}; expected one of {', '.join(names(overlay))}")


def complaints(folder: Path, contract: Contract | None = None) -> Iterator[str]:
    """Yield a sentence for each mistake in the scenarios of a folder of fixtures."""
    for path in sorted((folder / FOLDER).iterdir()) if (folder / FOLDER).is_dir() else ():
        if not (path / FILE).is_file():
            yield f"{path}: expected a folder with a {FILE}"
            continue
        try:
            scenario = _read(path / FILE)
        except SeedError as error:
            yield str(error)
            continue
        if contract is not None:
            yield from (f"{path / FILE}: {said}" for said in _unknown(scenario, contract))


def _folders(overlay: Path | None) -> list[Path]:
    shipped = data_folder("fixtures")
    return [overlay, shipped] if overlay else [shipped]


def _files(folder: Path) -> list[Path]:
    return list((folder / FOLDER).glob(f"*/{FILE}"))


def _read(path: Path) -> Scenario:
    from pydantic import ValidationError

    from emulator.seeding.model import ScenarioFile

    try:
        file = ScenarioFile.model_validate(loads(path.read_bytes()))
    except ValidationError as error:
        raise SeedError("\n".join(f"{path}: {line}" for line in form_errors(error))) from error
    except (OSError, ValueError) as error:
        raise SeedError(f"{path}: {error}") from error
    scenario = Scenario(path.parent.name, path.parent, file)
    wrong = list(_dangling(scenario))
    if wrong:
        raise SeedError("\n".join(f"{path}: {line}" for line in wrong))
    return scenario


def _dangling(scenario: Scenario) -> Iterator[str]:
    """Yield a sentence for each thing that a scenario names and that does not exist."""
    from emulator.seeding.model import FilesPart, JourneyPart, StatePart

    known = journeys()
    for number, part in enumerate(scenario.file.build):
        files: list[str] = []
        if isinstance(part, JourneyPart):
            if part.journey not in known:
                yield f"build.{number}: unknown journey {part.journey}"
                continue
            titles = [step.title for step in known[part.journey].steps]
            if part.until is not None and part.until not in titles:
                yield f"build.{number}: the journey has no step {part.until!r}"
            kept = {name for step in known[part.journey].steps for name in step.keep}
            for name in part.ids.keys() - kept:
                yield f"build.{number}: the journey keeps no {name!r}"
        elif isinstance(part, FilesPart):
            files = [row.file for row in part.files if row.file is not None]
        elif isinstance(part, StatePart):
            files = [part.state]
        for name in files:
            if not (scenario.folder / name).is_file():
                yield f"build.{number}: the file {name} does not exist in the scenario's folder"


def _unknown(scenario: Scenario, contract: Contract) -> Iterator[str]:
    from emulator.seeding.model import CallsPart, JourneyPart

    build = scenario.file.build
    own = [part.edition for part in build if isinstance(part, JourneyPart)]
    for edition in (scenario.file.edition, *own):
        if edition is not None and edition not in contract.entries:
            yield f"edition: unknown edition {edition!r}"
    for part in build:
        for step in part.calls if isinstance(part, CallsPart) else ():
            if step.operation not in contract.operations:
                yield f"{step.title}: unknown operation {step.operation}"
