"""Where the shipped data folders are: inside the installed package, or in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """Return the folder `contracts`, `fixtures` or `examples/ci` of this installation.

    Raises:
        FileNotFoundError: The package was built without its data.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"aep-emulator was installed without its {name} folder")
