"""What the image is made of: locked with hashes, within the ranges, under known licences."""

from __future__ import annotations

import re
import runpy
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements" / "image.txt").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LICENCES = runpy.run_path(str(ROOT / "docs" / "licences.py"))

FREE = re.compile(r"MIT|BSD|Apache|ISC|MPL|LGPL|PSF|CNRI|Python")
"""Licences that let the image be passed on."""


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def declared() -> list[Requirement]:
    return [Requirement(row) for row in project()["dependencies"]]


@pytest.mark.parametrize("needed", declared(), ids=lambda needed: needed.name)
def test_what_is_needed_is_locked_within_its_range(needed: Requirement) -> None:
    assert LICENCES["locked"]()[needed.name] in needed.specifier


def test_every_locked_package_has_hashes_of_several_files() -> None:
    entries = re.split(r"^(?=[a-z0-9.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(LICENCES["locked"]())
    for entry in entries:
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)) > 1, entry
    assert "://" not in LOCK


def test_what_the_image_has_beside_the_emulator_is_locked_within_its_range() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    line = re.search(r"^IMAGE_EXTRAS := (.*)$", makefile, re.MULTILINE)
    assert line is not None
    assert line[1].split() == ["metrics", "parquet", "s3", "sql", "tls"]
    extras = project()["optional-dependencies"]
    for row in (row for name in line[1].split() for row in extras[name]):
        needed = Requirement(row)
        assert LICENCES["locked"]()[needed.name] in needed.specifier


def test_ci_installs_all_that_is_declared() -> None:
    """Each dependency, those of extras too; `make lock` has to follow what is declared."""
    lock = (ROOT / "requirements" / "ci.txt").read_text("utf-8")
    entries = re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE)
    locked = dict(entries)
    assert len(entries) == len(locked), "each package stands there once"
    extras = project()["optional-dependencies"]
    rows = [*project()["dependencies"], *extras["test"], *extras["dev"]]
    waiting = [Requirement(row) for row in rows]
    while waiting:
        needed = waiting.pop()
        if needed.name == "aep-emulator":
            waiting += [Requirement(row) for extra in needed.extras for row in extras[extra]]
        else:
            assert locked[needed.name] in needed.specifier, needed


def test_what_the_image_does_without_is_there_to_be_removed() -> None:
    """In the packages of this environment, which are the image's too."""
    slim = runpy.run_path(str(ROOT / "requirements" / "slim.py"))
    packages = Path(jsonschema.__file__).parent.parent
    removed = {str(path.relative_to(packages)) for path in slim["unneeded"](packages)}
    assert {"pyarrow/tests", "botocore/data/ec2", "faker/providers/person/de_DE"} <= removed
    assert not {"botocore/data/s3", "faker/providers/person/en_US"} & removed


def test_the_image_installs_what_is_locked_and_nothing_else() -> None:
    pips = re.findall(r" pip (.*?)(?= && |\n[A-Z]|\Z)", DOCKERFILE, re.DOTALL)
    into = "--python /opt/aep-emulator/bin/python install"
    assert [" ".join(words.replace("\\", "").split()) for words in pips] == [
        "install --require-hashes --only-binary :all: -r requirements/build.txt",
        f"{into} --require-hashes --only-binary :all: -r requirements/image.txt",
        "wheel --no-deps --no-build-isolation --wheel-dir /wheel .",
        f"{into} --no-deps /wheel/*.whl",
    ]
    builds = (ROOT / "requirements" / "build.txt").read_text(encoding="utf-8")
    assert re.search(r"^hatchling==", builds, re.MULTILINE)
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)


def test_the_page_tells_every_licence() -> None:
    known = LICENCES["known"]()
    assert list(known) == list(LICENCES["locked"]())
    for package, licence in known.items():
        assert FREE.search(licence), package
        try:
            is_here = version(package) == LICENCES["locked"]()[package]
        except PackageNotFoundError:
            continue
        assert not is_here or LICENCES["licence"](package) == licence
