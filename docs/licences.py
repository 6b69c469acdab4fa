"""Writes the table of docs/reference/supply-chain.md: what the image installs, with licences."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "supply-chain.md"
LOCK = ROOT / "requirements" / "image.txt"
BEGIN, END = "<!-- licences -->\n", "<!-- /licences -->\n"


def locked() -> dict[str, str]:
    """Return the version of every package of the image."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.M))


def licence(package: str) -> str:
    """Return the licence that a package of this machine states of itself; empty for none."""
    try:
        found = metadata(package)
    except PackageNotFoundError:
        return ""
    classes = [row.rpartition(" :: ")[2] for row in found.get_all("Classifier") or []
               if row.startswith("License")]  # fmt: skip
    stated = found.get("License-Expression") or " or ".join(classes) or found.get("License") or ""
    return str(stated).partition("\n")[0]


def known() -> dict[str, str]:
    """Return the licences of the page, by package."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return dict(re.findall(r"^\| ([a-z0-9][a-z0-9.-]*) \| (.+) \|$", table, re.MULTILINE))


def table() -> str:
    """Return the table; what is not installed here keeps the row that it has."""
    kept = known()
    rows = [f"| {name} | {licence(name) or kept.get(name, '')} |" for name in locked()]
    return "\n".join(("| Package | Licence |", "| --- | --- |", *rows)) + "\n"


def page() -> str:
    """Return the page with its table as it has to be."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
