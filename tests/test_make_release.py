"""`make release`: what it refuses, what it tries, and what it says of what it left out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from emulator import __version__
from release.__main__ import (
    INCOMPLETE,
    build_image,
    has_engine,
    main,
    release,
    require_described,
    version_of,
)
from release.installation import EXTRAS
from release.steps import Failed, run

ROOT = Path(__file__).resolve().parent.parent
OWN = {"bench", "dev", "docs", "test"}
"""Extras that are not for users."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with all that a release looks at before it builds."""
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "__init__.py").write_text('__version__ = "1.2.3"\n', "utf-8")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [1.2.3] - 2026-12-01\n", "utf-8")
    (tmp_path / ".gitignore").write_text("dist/\n", "utf-8")
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "Begin"]):
        run(["git", *words], tmp_path)
    return tmp_path


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing is built and installed, which takes minutes; what would be tried is noted."""
    tried: list[str] = []

    def build(root: Path, commit: str, folder: Path, dist: Path) -> None:
        (dist / "made-1.2.3.whl").write_bytes(b"a wheel")

    monkeypatch.setattr("release.__main__.build", build)
    monkeypatch.setattr(
        "release.__main__.check_installed", lambda wheel, extra, folder: tried.append(extra)
    )
    return tried


def test_the_version_is_that_of_the_package() -> None:
    assert version_of(ROOT) == __version__
    require_described((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__, rehearse=True)


def test_each_extra_of_users_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(EXTRAS) == {"", *project["optional-dependencies"]} - OWN


def test_a_working_tree_that_is_not_the_last_commit_is_refused(
    checkout: Path, built: list[str]
) -> None:
    (checkout / "new.txt").write_text("new", "utf-8")
    (checkout / "CHANGELOG.md").write_text("", "utf-8")
    with pytest.raises(Failed, match=r"not the last commit: M CHANGELOG\.md and 1 more"):
        release(checkout, rehearse=False, without_image=True)
    assert not (checkout / "dist").exists()
    assert built == []


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("## [1.2.2] - 2026-12-01", "begins with 1.2.2, and the version is 1.2.3"),
        ("## [1.2.3] - Unreleased", "'Unreleased' of 1.2.3 where its date belongs"),
        ("## Unreleased", "begins with nothing"),
    ],
)
def test_version_and_changelog_have_to_agree(heading: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        require_described(f"# Changelog\n\n{heading}\n", "1.2.3", rehearse=False)


def test_it_prints_what_it_made_and_says_that_the_image_is_missing(
    checkout: Path,
    built: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DOCKER", "no-such-engine")
    assert release(checkout, rehearse=False, without_image=False) == INCOMPLETE
    said = capsys.readouterr().out
    sums = (checkout / "dist" / "SHA256SUMS").read_text("utf-8")
    assert sums.endswith("  made-1.2.3.whl\n")
    assert f"  {sums}" in said
    assert "no image: there is no engine for it" in said
    assert built == list(EXTRAS)
    assert release(checkout, rehearse=False, without_image=True) == 0
    assert "no image: it was not wanted" in capsys.readouterr().out


def test_a_commit_in_between_is_noticed(
    checkout: Path, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image is made of the working tree, the rest of the commit that was there before."""

    def commit(root: Path, version: str) -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        run(["git", *who, "commit", "--quiet", "--allow-empty", "-m", "Go on"], root)
        return "an image"

    monkeypatch.setattr("release.__main__.build_image", commit)
    with pytest.raises(Failed, match="there is another commit now"):
        release(checkout, rehearse=True, without_image=False)


def test_an_engine_has_to_answer(tmp_path: Path) -> None:
    """A client of Docker without a server builds nothing."""
    assert not has_engine(["no-such-engine"])
    assert not has_engine(["false"])
    assert has_engine(["true"])


def test_what_fails_is_said_with_what_was_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> int:
        run(["sh", "-c", "echo out; echo err >&2; exit 3"], ROOT)
        return 0

    monkeypatch.setattr("release.__main__.release", fail)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("make release: sh -c ")
    assert said.endswith("ended with 3\nout\nerr\n")


def test_the_image_has_the_version_and_make_is_given_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arguments of this release would reach the tests of the image otherwise."""
    ran: list[list[str]] = []

    def note(command: list[str], folder: Path) -> str:
        ran.append(command)
        return "sha256:0123 380000000"

    monkeypatch.setenv("DOCKER", "true")
    monkeypatch.setattr("release.__main__.run", note)
    assert build_image(ROOT, "1.2.3") == "sha256:0123  aep-emulator:1.2.3, 380 MB"
    given = ["DOCKER=true", "IMAGE=aep-emulator:1.2.3", "ARGS="]
    assert ran[:2] == [["make", "image", *given], ["make", "test-image", *given]]
    assert ran[2][:2] == ["true", "inspect"]
