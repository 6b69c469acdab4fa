"""The platform's own read-only resources: connection specs, flow specs, standard XDM."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from emulator.json_types import JsonObject, loads

KINDS = ("connection_specs", "flow_specs", "xdm")
"""The kinds of resources, each a folder."""

CUSTOM = {"status": "custom"}
"""What the emulator knows of a spec that does not say more: it may be a source and a target."""


class FixtureError(Exception):
    """A fixture file cannot be used; the message names it."""


class Fixtures:
    """The fixtures as one edition sees them, read when a kind is first asked for.

    A kind is a folder, `connection_specs`, `flow_specs` or `xdm`; keys are `id` or `$id`, and
    `meta:altId` where there is one.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._kinds: dict[str, dict[str, JsonObject]] = {}
        self._names: dict[str, dict[str, JsonObject]] = {}
        self._aliases: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def get(self, kind: str, key: str) -> JsonObject | None:
        """Return one resource by any of its ids. Do not change it."""
        self._load(kind)
        return self._names[kind].get(key)

    def all(self, kind: str) -> list[JsonObject]:
        """Return every resource of a kind. Do not change them."""
        self._load(kind)
        return list(self._kinds[kind].values())

    def aliases(self, kind: str) -> dict[str, str]:
        """Return real ids by the other ids under which some documents print a resource."""
        if kind not in self._aliases:
            found: dict[str, str] = {}
            for folder in self._folders:
                path = folder / kind / "aliases.json"
                if path.is_file():
                    found.update(read_object(path))
            self._aliases[kind] = found
        return self._aliases[kind]

    def _load(self, kind: str) -> None:
        if kind in self._names:
            return
        with self._lock:
            resources: dict[str, JsonObject] = {}
            for folder in self._folders:
                for resource in _resources(folder / kind):
                    if kind != "xdm":
                        resource.setdefault("x-emulator", CUSTOM)
                    resources[resource.get("id") or resource["$id"]] = resource
            alternatives = {
                resource["meta:altId"]: resource
                for resource in resources.values()
                if resource.get("meta:altId")
            }
            self._kinds[kind] = resources
            self._names[kind] = {**alternatives, **resources}


class FixtureLibrary:
    """The shipped fixtures, with an optional folder laid over them by id."""

    def __init__(self, folder: Path, overlay: Path | None = None) -> None:
        self._folder = folder
        self._overlay = overlay
        self._editions: dict[str, Fixtures] = {}

    def check_overlay(self) -> None:
        """Examine every file of the overlay now, so that a broken one is told of at the start.

        Raises:
            FixtureError: With one line for each thing that is wrong.
        """
        if self._overlay:
            # It brings pydantic, which only overlays need.
            from emulator.fixture_checkup import check

            check(self._overlay, self.edition(""))

    def edition(self, name: str) -> Fixtures:
        """Return the fixtures of an edition: those that its documents print replace the others.

        Args:
            name: A folder below `fixtures/editions`, or `""` for none.
        """
        if name not in self._editions:
            folders = [self._folder]
            if name:
                folders.append(self._folder / "editions" / name)
            if self._overlay:
                folders.append(self._overlay)
            self._editions.setdefault(name, Fixtures(tuple(folders)))
        return self._editions[name]


def _resources(folder: Path) -> Iterator[JsonObject]:
    for path in sorted(folder.rglob("*.json")):
        if path.name != "aliases.json":
            yield read_object(path)


def read_object(path: Path) -> JsonObject:
    """Read a JSON file that holds an object.

    Raises:
        FixtureError: It does not.
    """
    try:
        content = loads(path.read_bytes())
    except ValueError as error:
        raise FixtureError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise FixtureError(f"{path}: expected an object")
    return content
