"""Builds what a release consists of, checks it, and prints it with checksums: `make release`.

It publishes nothing. The exit code is 0 if everything was made and holds, 1 if something does not,
and 3 if all that was made holds but the image was left out because there is no engine for it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release.installation import EXTRAS, check_installed
from release.steps import Failed, run

ROOT = Path(__file__).resolve().parent.parent
FAILED, INCOMPLETE = 1, 3
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>.+)$", re.MULTILINE)
ENGINE_SECONDS = 30


def main(words: list[str] | None = None) -> int:
    """Make a release of the last commit; return the exit code."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="whatever the working tree is like, and before the changelog has a date",
    )
    parser.add_argument(
        "--without-image", action="store_true", help="leave the image out, whether it can be built"
    )
    asked = parser.parse_args(words)
    try:
        return release(ROOT, rehearse=asked.rehearse, without_image=asked.without_image)
    except Failed as failed:
        print(f"make release: {failed}", file=sys.stderr)
        return FAILED


def release(root: Path, *, rehearse: bool, without_image: bool) -> int:
    """Make and check everything, and print it.

    Raises:
        Failed: The checkout is not one to release, or something that was made does not hold.
    """
    version = version_of(root)
    if not rehearse:
        require_clean(root)
    require_described((root / "CHANGELOG.md").read_text("utf-8"), version, rehearse=rehearse)
    commit = run(["git", "rev-parse", "HEAD"], root)
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    with tempfile.TemporaryDirectory(prefix="aep-emulator-release-") as folder:
        build(root, commit, Path(folder), dist)
        (wheel,) = dist.glob("*.whl")
        for extra in EXTRAS:
            print(
                f"==> in a fresh environment: {wheel.name}{f'[{extra}]' * bool(extra)}", flush=True
            )
            check_installed(wheel, extra, Path(folder, f"with-{extra or 'nothing'}"))
    made = sorted(dist.iterdir())
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made
    )
    (dist / "SHA256SUMS").write_text(sums, encoding="utf-8")
    image = "" if without_image else build_image(root, version)
    if run(["git", "rev-parse", "HEAD"], root) != commit:
        raise Failed(f"there is another commit now than {commit}, of which the rest was made")
    title = "Rehearsed" if rehearse else "Ready to be published"
    print(f"\n{title}: aep-emulator {version} of {commit}")
    print(*(f"  {line}" for line in sums.splitlines()), sep="\n")
    if image:
        print(f"  {image}")
        return 0
    print("  no image: " + ("it was not wanted" if without_image else "there is no engine for it"))
    return 0 if without_image else INCOMPLETE


def version_of(root: Path) -> str:
    """Return the version that the package states. Failed: It states none."""
    found = re.search(r'^__version__ = "(.+)"$', (root / "emulator/__init__.py").read_text(), re.M)
    if found is None:
        raise Failed("emulator/__init__.py states no version")
    return found[1]


def require_clean(root: Path) -> None:
    """Refuse a working tree that is not the last commit. Failed: It is not."""
    if changed := run(["git", "status", "--porcelain"], root):
        first, *more = changed.splitlines()
        others = f" and {len(more)} more" if more else ""
        raise Failed(f"the working tree is not the last commit: {first.strip()}{others}")


def require_described(changelog: str, version: str, *, rehearse: bool) -> None:
    """Hold the first heading of the changelog against the version. Failed: They differ."""
    heading = HEADING.search(changelog)
    if heading is None or heading["version"] != version:
        said = heading["version"] if heading else "nothing"
        raise Failed(f"the changelog begins with {said}, and the version is {version}")
    if not rehearse and not re.fullmatch(r"\d{4}-\d\d-\d\d", heading["date"]):
        raise Failed(f"the changelog says {heading['date']!r} of {version} where its date belongs")


def build(root: Path, commit: str, folder: Path, dist: Path) -> None:
    """Build wheel and source distribution of a commit, each twice, and check them.

    Raises:
        Failed: They cannot be built, differ from one another, or would be refused by an index.
    """
    print("==> wheel and source distribution", flush=True)
    source, again = folder / "source", folder / "again"
    source.mkdir()
    archive = folder / "source.tar"
    run(["git", "archive", "--output", str(archive), commit], root)
    run(["tar", "-xf", str(archive), "-C", str(source)], root)
    run([sys.executable, "-m", "emulator", "contracts", "pages", "docs/rules"], source)
    moment = {"SOURCE_DATE_EPOCH": run(["git", "log", "-1", "--format=%ct", commit], root)}
    building = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    run([*building, str(dist), "--sdist", "--wheel", "."], source, **moment)
    # Without --sdist and --wheel, the wheel is built of the source distribution.
    run([*building, str(again), "."], source, **moment)
    for path in dist.iterdir():
        if path.read_bytes() != (again / path.name).read_bytes():
            raise Failed(f"{path.name} is another one each time it is built")
    run([sys.executable, "-m", "twine", "check", "--strict", *map(str, dist.iterdir())], root)


def build_image(root: Path, version: str) -> str:
    """Build and check the image; return what it is, empty if there is no engine.

    Raises:
        Failed: It cannot be built, or does not hold.
    """
    engine = os.environ.get("DOCKER", "docker")
    if not has_engine(shlex.split(engine)):
        return ""
    name = f"aep-emulator:{version}"
    for target in ("image", "test-image"):
        print(f"==> make {target}", flush=True)
        # ARGS would be passed on by make itself, and are this release's alone.
        run(["make", target, f"DOCKER={engine}", f"IMAGE={name}", "ARGS="], root)
    asked = [
        *shlex.split(engine),
        "inspect",
        "--type",
        "image",
        "--format",
        "{{.Id}} {{.Size}}",
        name,
    ]
    id, size = run(asked, root).split()
    return f"{id}  {name}, {int(size) / 1e6:.0f} MB"


def has_engine(engine: list[str]) -> bool:
    """Tell whether there is an engine that builds and runs images."""
    try:
        asked = subprocess.run(
            [*engine, "info"], capture_output=True, timeout=ENGINE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
