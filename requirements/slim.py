"""Removes from the image's packages what the emulator never imports: about 100 MB.

`python requirements/slim.py SITE_PACKAGES` is a step of the Dockerfile. A pattern that matches
nothing is an error, so that the list stays true when a package changes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

REMOVED = {
    # Arrow's RPC, its own client of S3, and what only those need who compile against it.
    "pyarrow": ("*_flight.*", "*_s3*", "include", "includes", "src", "tests"),
    # The descriptions of AWS services.
    "botocore/data": ("[a-z]*/",),
    # Invented data of other languages.
    "faker/providers": ("*/[a-z][a-z]_[A-Z][A-Z]*/", "*/[a-z][a-z][a-z]_[A-Z][A-Z]*/"),
}
"""Patterns of what goes, by folder."""

KEPT = {
    # S3 itself, and the services that credentials come from.
    "botocore/data": {"s3", "signin", "sso", "sso-oidc", "sts"},
    # `Faker()` takes en_US, and where that is missing en_GB.
    "faker/providers": {"en_US", "en_GB"},
}
"""Names that stay although a pattern matches them, by folder."""


def unneeded(packages: Path) -> list[Path]:
    """Return the files and folders that go.

    Raises:
        ValueError: A pattern matches nothing, or what is to stay is not there.
    """
    found = []
    for folder, patterns in REMOVED.items():
        kept = KEPT.get(folder, set())
        names = set()
        for pattern in patterns:
            matches = sorted((packages / folder).glob(pattern))
            if not matches:
                raise ValueError(f"{folder}/{pattern} matches nothing in {packages}")
            names |= {path.name for path in matches}
            found += [path for path in matches if path.name not in kept]
        if not kept <= names:
            raise ValueError(f"{folder} has no {', '.join(sorted(kept - names))}")
    return found


def remove(paths: list[Path]) -> None:
    """Remove files and folders."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


if __name__ == "__main__":
    remove(unneeded(Path(sys.argv[1])))
