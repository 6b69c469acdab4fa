"""Worlds: separate emulators behind one address, so that parallel tests can share a server.

A request chooses its world by the header `x-emulator-test`, by a path that begins with `/t/<name>`,
or, where the settings say so, by its organization. A world is made on first use and shares all that
is read-only with the others: contract, fixtures and URLs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from emulator.problem import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from emulator.web.engine import Engine

HEADER = "x-emulator-test"
PREFIX = "/t/"
ENGINE = "emulator.engine"
"""Where a request's environment holds the engine that answers it, if it is no matter of course.

Who calls the application within the process may choose it beforehand.
"""

RAW_PREFIX = "emulator.prefix"
"""Where it holds the prefix of its world as it was sent, for links."""

_HEADER = "HTTP_" + HEADER.upper().replace("-", "_")
_ORGANIZATION = "HTTP_X_GW_IMS_ORG_ID"
_NAME = re.compile(r"[ -~]{1,256}")
"""What a world may be called: printable ASCII, so that the ids of tests will do."""


class World(Protocol):
    """What a world is to a request: its engine, and its own control API."""

    @property
    def engine(self) -> Engine:
        """What answers its requests."""

    @property
    def control_app(self) -> WSGIApplication:
        """What answers below `/_emulator`."""

    def close(self) -> None:
        """Release what it holds."""


class Worlds:
    """The worlds of one emulator by name, besides the one of requests that name none."""

    def __init__(self, most: int) -> None:
        """Never make more than `most` at a time; `make_with` says how."""
        self.most = most
        self._make: Callable[[], World] | None = None
        self._made: dict[str, World] = {}
        self._making = threading.Lock()

    def make_with(self, make: Callable[[], World]) -> None:
        """Make worlds with a function."""
        self._make = make

    def __call__(self, name: str) -> World:
        """Return the world of a name, made now if need be.

        Raises:
            Problem: The name cannot be one, or there are as many worlds as there may be.
        """
        world = self._made.get(name)
        if world is not None:
            return world
        if self._make is None or not _NAME.fullmatch(name):
            raise Problem("platform.world_name", name=name)
        with self._making:
            if name not in self._made:
                if len(self._made) >= self.most:
                    raise Problem("platform.too_many_worlds", most=self.most)
                self._made[name] = self._make()
            return self._made[name]

    def names(self) -> list[str]:
        """Return the names of all worlds there are, in the order of their first use."""
        return list(self._made)

    def drop(self, name: str) -> bool:
        """Forget a world with all it holds; tell whether there was one."""
        with self._making:
            world = self._made.pop(name, None)
        if world is not None:
            world.close()
        return world is not None

    def close(self) -> None:
        """Forget all worlds."""
        for name in self.names():
            self.drop(name)


class ChosenWorld:
    """The outermost WSGI layer: finds a request's world and puts its engine beside it."""

    def __init__(
        self,
        app: WSGIApplication,
        worlds: Worlds,
        refuse: Callable[[WSGIEnvironment, Problem], WSGIApplication],
        *,
        by_organization: bool,
    ) -> None:
        """Wrap `app`, which finds the engine in the environment.

        Args:
            app: Answers for every world.
            worlds: Where worlds come from.
            refuse: Returns the answer to a request whose world there cannot be.
            by_organization: Whether a request that names no world belongs to its organization's.
        """
        self._app = app
        self._worlds = worlds
        self._refuse = refuse
        self._by_organization = by_organization

    def __call__(self, environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        name: str | None = environ.get(_HEADER)
        if path.startswith(PREFIX):
            name, path = _enter(environ, path)
        elif name is None and self._by_organization:
            name = environ.get(_ORGANIZATION)
        if name is None or ENGINE in environ:
            return self._app(environ, start)
        try:
            world = self._worlds(name)
        except Problem as problem:
            return self._refuse(environ, problem)(environ, start)
        environ[ENGINE] = world.engine
        # So that who watches knows, however it was chosen.
        environ[_HEADER] = name
        if path.startswith("/_emulator/"):
            return world.control_app(environ, start)
        return self._app(environ, start)


def _enter(environ: dict[str, Any], path: str) -> tuple[str, str]:
    """Move a world's prefix from the path to the script's name, as PEP 3333 has it.

    So links in answers keep the prefix, and the routes below it are the usual ones. Where the
    request line is known, a slash within the name may be written as `%2F`.
    """
    target: str = environ.get("REQUEST_URI", "")
    raw = target.removeprefix(PREFIX).partition("?")[0].partition("/")[0]
    name = unquote_to_bytes(raw).decode("latin-1")
    if not (target.startswith(PREFIX) and path.startswith(PREFIX + name)):
        name = path.removeprefix(PREFIX).partition("/")[0]
        raw = quote(name, safe="", encoding="latin-1")
    rest = path[len(PREFIX + name) :]
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + PREFIX + name
    environ["PATH_INFO"] = rest
    environ[RAW_PREFIX] = PREFIX + raw
    if target:
        environ["REQUEST_URI"] = target.removeprefix(PREFIX + raw)
    return name, rest
