"""`mock_aep`: an unmodified client, hard-coded hosts and all, talks to an emulator in its process.

Calls of `requests` and `httpx` to Adobe's own hosts are answered here; a path that no document of
the emulator knows is answered 501, and nothing under these names leaves the process. Other hosts go
through.
"""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, overload

from emulator.testing import Aep

_T = TypeVar("_T", bound=Callable[..., Any])


class MockAep:
    """What `mock_aep` returns: a decorator, and a context manager that gives an `Aep`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._entered: list[Aep | None] = []

    def __enter__(self) -> Aep:
        current = _current()
        if current is not None and not self._options:
            # Within another one, a bare one is the same: what a fixture has made is there.
            self._entered.append(None)
            return current
        aep = Aep(mock=True, **self._options).start()
        _STARTED.append(aep)
        self._entered.append(aep)
        return aep

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        aep = self._entered.pop()
        if aep is not None:
            _STARTED.remove(aep)
            aep.__exit__(kind, error, trace)

    def start(self) -> Aep:
        """Begin without a with statement; `stop` ends it."""
        return self.__enter__()

    def stop(self) -> None:
        """End what `start` began."""
        self.__exit__(None, None, None)

    def __call__(self, target: _T) -> _T:
        """Return a function, coroutine function or class of tests that is run within this.

        Of a class of unittest each test is, from `setUp` to the last cleanup; of another class
        each method whose name begins with `test`.
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
            raise TypeError("mock_aep decorates no generators; use it in a with statement there")

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
                raise TypeError(f"mock_aep finds no tests in {owner.__name__}")
        for name in names:
            setattr(owner, name, self._wrapped(getattr(owner, name)))


@contextmanager
def lend_names(aep: Aep) -> Iterator[None]:
    """Let an emulator that is started answer under Adobe's own names too."""
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
    """Answer calls to Adobe's own hosts in this process, in a test or in a with statement.

    Args:
        target: What is decorated, where it is used without brackets.
        options: As of `emulator.testing.Aep`: settings such as `edition` and `enforce`. Within
            another `mock_aep`, one with options has an emulator of its own, one without shares it.

    Raises:
        SettingError: There is no such option.
    """
    return MockAep(options) if target is None else MockAep(options)(target)
