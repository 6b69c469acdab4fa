"""Isolated emulators: separate ones behind one address, so that parallel tests share a server.

A request chooses one by the header `x-emulator-test`, by a path that begins with `/t/<name>`, or,
where the settings say so, by its organization. It is made on first use and shares all that is
read-only with the others: contract, fixtures and URLs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from emulator.problem import Problem
from emulator.web.message import Handler, Request

if TYPE_CHECKING:
    from emulator.web.engine import Engine

HEADER = "x-emulator-test"
PREFIX = "/t/"

_ORGANIZATION = "x-gw-ims-org-id"
_NAME = re.compile(r"[ -~]{1,256}")
"""What one may be called: printable ASCII, so that the ids of tests will do."""
_PREFIXED = re.compile(r"/t/([^/?]*)")


class Answering(Protocol):
    """The parts of an emulator that answer requests."""

    @property
    def engine(self) -> Engine:
        """What answers calls of operations."""

    @property
    def control(self) -> Handler:
        """What answers calls of the control API."""

    @property
    def page(self) -> Handler:
        """What answers a browser: the page for people."""

    @property
    def storage(self) -> Handler:
        """What answers calls of the landing zone's storage."""


class IsolatedEmulator(Answering, Protocol):
    """What an isolated emulator is to a request."""

    def close(self) -> None:
        """Release what it holds."""

    def erase(self) -> None:
        """Forget all documents and files."""


class IsolatedEmulators:
    """The isolated emulators behind one address, by name."""

    def __init__(
        self,
        max_emulators: int,
        *,
        by_organization: bool = False,
        elsewhere: Callable[[], list[str]] | None = None,
    ) -> None:
        """Never hold more than `max_emulators` at a time; `make_with` says how.

        With `by_organization` a request that names none belongs to the one of its organization.
        `elsewhere` returns the names of all there are, if there are some from before or of other
        processes.
        """
        self._elsewhere = elsewhere
        self.max = max_emulators
        self._by_organization = by_organization
        self._make: Callable[[str], IsolatedEmulator] | None = None
        self._made: dict[str, IsolatedEmulator] = {}
        self._making = threading.Lock()

    def make_with(self, make: Callable[[str], IsolatedEmulator]) -> None:
        """Make them with a function of their name."""
        self._make = make

    def __call__(self, name: str) -> IsolatedEmulator:
        """Return the one of a name, made now if need be.

        Raises:
            Problem: The name cannot be one, or there are as many as there may be.
        """
        found = self._made.get(name)
        if found is not None:
            return found
        if self._make is None or not _NAME.fullmatch(name):
            raise Problem("platform.world_name", name=name)
        with self._making:
            if name not in self._made:
                known = self.names()
                self._let_go(known)
                if len(known) >= self.max and name not in known:
                    raise Problem("platform.too_many_worlds", most=self.max)
                self._made[name] = self._make(name)
            return self._made[name]

    def chosen_by(self, request: Request) -> IsolatedEmulator | None:
        """Return the one that a request chooses, or None if it chooses none.

        A prefix goes from the target to the base URL, so that links in answers keep it. The header
        then says which it is, however it was chosen.

        Raises:
            Problem: As of a call with its name.
        """
        name = request.headers.get(HEADER)
        if request.target.startswith(PREFIX):
            name = _take_prefix(request)
        elif name is None and self._by_organization:
            name = request.headers.get(_ORGANIZATION)
        if name is None or not request.isolate:
            return None
        chosen = self(name)
        request.headers[HEADER] = name
        return chosen

    def engines(self) -> list[Engine]:
        """Return what answers calls of operations in each of them."""
        return [made.engine for made in list(self._made.values())]

    def interrupt(self) -> None:
        """Give up the long work of all of them: the process is about to end."""
        for engine in self.engines():
            engine.platform.ongoing.end()

    def names(self) -> list[str]:
        """Return the names of all there are, in the order of their first use here."""
        return list(self._made) if self._elsewhere is None else self._elsewhere()

    def _let_go(self, known: list[str]) -> None:
        """Hold none any more that another process has dropped."""
        for name in set(self._made) - set(known):
            self._made.pop(name).close()

    def drop(self, name: str) -> bool:
        """Forget one with all that it holds; tell whether there was one."""
        with self._making:
            dropped = self._made.pop(name, None)
            if self._elsewhere is not None and self._make is not None:
                is_there = name in self._elsewhere()
                dropped = (dropped or self._make(name)) if is_there else None
        if dropped is not None:
            dropped.erase()
            dropped.close()
        return dropped is not None

    def drop_all(self) -> None:
        """Forget all of them with all that they hold."""
        for name in self.names():
            self.drop(name)

    def close(self) -> None:
        """Release what they hold here; what is stored outlives them."""
        with self._making:
            made, self._made = list(self._made.values()), {}
        for one in made:
            one.close()


def without_prefix(target: str) -> str:
    """Return a target without the prefix that chooses an isolated emulator."""
    found = _PREFIXED.match(target)
    return target if found is None else target[found.end() :]


def _take_prefix(request: Request) -> str:
    """Move the prefix from a request's target to its base URL, and return the name in it.

    A slash within the name is written as `%2F`.
    """
    target = request.target
    request.target = without_prefix(target)
    prefix = target[: len(target) - len(request.target)]
    request.base_url += prefix
    return unquote(prefix.removeprefix(PREFIX), errors="replace")
