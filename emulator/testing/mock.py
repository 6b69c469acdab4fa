"""`mock_aep`: lets an unmodified client with hard-coded hosts use an emulator in its process.

Requests of `requests`, `httpx`, `urllib`, `http.client`, `urllib3` and `aiohttp` to Adobe's own
hosts are answered here, undocumented paths with 501, and never leave the process. Requests to other
hosts are not intercepted.
"""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from emulator.testing import Aep

_T = TypeVar("_T", bound=Callable[..., Any])


class MockAep:
    """A decorator, and a context manager that returns an `Aep`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._entered: list[Aep | None] = []

    def __enter__(self) -> Aep:
        current = _current()
        if current is not None and not self._options:
            # Without options it shares the emulator of the enclosing mock_aep or fixture.
            self._entered.append(None)
            return current
        aep = Aep(mock=True, **self._options).start()
        _STARTED.append(aep)
        self._entered.append(aep)
        return aep

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        aep = self._entered.pop()
        if aep is not None:
            _STARTED.remove(aep)
            aep.__exit__(kind)

    async def __aenter__(self) -> Aep:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.__exit__(kind)

    def start(self) -> Aep:
        """Start without a with statement; `stop` ends it."""
        return self.__enter__()

    def stop(self) -> None:
        """End what `start` has started."""
        self.__exit__(None)

    def __call__(self, target: _T) -> _T:
        """Return a function, coroutine function or test class that runs within this.

        In a class of unittest that applies to each test, from `setUp` to the last cleanup; in
        another class to each method whose name begins with `test`.
        """
        if isinstance(target, type):
            self._decorate_class(target)
        else:
            target = self._wrapped(target)
        return target

    def _wrapped(self, function: Any) -> Any:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*given: Any, **named: Any) -> Any:
                with self:
                    return await function(*given, **named)

            return run_async
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("mock_aep cannot decorate a generator; use a with statement inside it")

        @functools.wraps(function)
        def run(*given: Any, **named: Any) -> Any:
            with self:
                return function(*given, **named)

        return run

    def _decorate_class(self, owner: type) -> None:
        if issubclass(owner, unittest.TestCase):
            names = ["run", "debug"]
        else:
            names = [name for name in dir(owner) if name.startswith("test")]
            names = [name for name in names if inspect.isfunction(getattr(owner, name))]
            if not names:
                raise TypeError(f"{owner.__name__} has no methods whose names begin with test")
        for name in names:
            setattr(owner, name, self._wrapped(getattr(owner, name)))


@contextmanager
def answer_for_adobe(aep: Aep) -> Iterator[None]:
    """Let a started emulator also answer for Adobe's own host names."""
    before, aep.mock = aep.mock, True
    _STARTED.append(aep)
    try:
        yield
    finally:
        _STARTED.remove(aep)
        aep.mock = before


_STARTED: list[Aep] = []


def _current() -> Aep | None:
    return _STARTED[-1] if _STARTED else None


@overload
def mock_aep(target: _T, /) -> _T: ...
@overload
def mock_aep(target: None = None, /, **options: Any) -> MockAep: ...
def mock_aep(target: Any = None, /, **options: Any) -> Any:
    """Answer requests to Adobe's own hosts in this process, within a test or a with statement.

    Args:
        target: The decorated function or class, if used without parentheses.
        options: Settings such as `edition` and `enforce`. Within another `mock_aep`, one with
            options has an emulator of its own; one without shares the emulator.

    Raises:
        SettingError: A setting is unknown.
    """
    return MockAep(options) if target is None else MockAep(options)(target)
