"""Puts what `make lock` has written in its place, with a head and without this project itself."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
HEAD = (
    "# What {whose} installs, with the hashes of every file that the registry has: "
    "`make lock` writes it.\n"
)
OWN = re.compile(
    r"(?:^# WARNING.*\n# Consider.*\n)?^aep-emulator @ .*\n(?:    #.*\n)+", re.MULTILINE
)

WHOSE = {"image": "the image", "build": "the build of the image's wheel", "ci": "CI"}

for name, whose in WHOSE.items():
    made = FOLDER / f"{name}.new"
    text = OWN.sub("", made.read_text(encoding="utf-8"))
    (FOLDER / f"{name}.txt").write_text(HEAD.format(whose=whose) + text, encoding="utf-8")
    made.unlink()
