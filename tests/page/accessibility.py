"""What axe-core objects to in a view of the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1440, "height": 900}


@cache
def axe() -> str:
    """Return the program of axe-core, which a page has to run first."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return (Path(package.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe-core objects to, but for contrasts: they cost ten times as much as the rest.

    Nothing is preloaded, because only sounds and films would need it.
    """
    return _found(page, {"rules": {"color-contrast": {"enabled": False}}})


THIN = """() => {
  const outline = (one) => one.outerHTML.replace(/>[^<]*</g, "><")
    .replace(/ (?:id|href|title|for|name|value|datetime|d|x|y|width|height)="[^"]*"/g, "");
  for (const parent of [...document.body.querySelectorAll("*")].reverse()) {
    const seen = {};
    for (const child of [...parent.children]) {
      const kind = outline(child);
      seen[kind] = (seen[kind] ?? 0) + 1;
      if (seen[kind] > 2) child.remove();
    }
  }
}"""
"""Leaves two of the elements side by side that differ in their texts and addresses alone."""


def weak_contrasts(page: Page) -> list[str]:
    """Return what is hard to read at the page's width or at a wide one, in light or in dark."""
    page.evaluate(THIN)
    contrast = {"runOnly": ["color-contrast"]}
    found = _found(page, contrast)
    page.set_viewport_size(WIDE)
    found += _found(page, contrast)
    page.emulate_media(color_scheme="dark")
    return found + _found(page, contrast)


def _found(page: Page, options: dict[str, Any]) -> list[str]:
    options |= {"resultTypes": ["violations"], "preload": False}
    run = "options => axe.run(document, options).then((found) => found.violations)"
    return [
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in page.evaluate(run, options)
        for node in one["nodes"]
    ]
