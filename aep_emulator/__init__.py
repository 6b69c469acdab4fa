"""aep-emulator: a local emulator and contract tester of the Adobe Experience Platform APIs.

This package is the whole public interface in Python; the package `emulator` is private. Names are
imported when they are first asked for, so `import aep_emulator` costs next to nothing.
"""

from typing import TYPE_CHECKING

from emulator import __version__

if TYPE_CHECKING:
    from emulator.app import create_app, create_emulator
    from emulator.emulator import Emulator
    from emulator.settings import Settings
    from emulator.testing.mock import mock_aep

__all__ = ["Emulator", "Settings", "__version__", "create_app", "create_emulator", "mock_aep"]

_MODULES = {
    "Emulator": "emulator.emulator",
    "Settings": "emulator.settings",
    "create_app": "emulator.app",
    "create_emulator": "emulator.app",
    "mock_aep": "emulator.testing.mock",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
