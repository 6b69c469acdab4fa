"""A real browser for tests: Debian's Chromium, started once for a session, offline but for us."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()
QUIET = ("debug:", "info:", "log:", "verbose:")
"""Hints of a browser about how forms might be better, which are no complaints."""

LOOPBACK = ("http://127.0.0.1:", "http://localhost:")


def program() -> str | None:
    """Return the browser of this machine; None without one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser until the block ends, or skip the test with the reason."""
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    found = program()
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


HURRY = """const later = window.setTimeout;
window.setTimeout = (work, delay, ...given) => later(work, delay / 20, ...given);"""
"""A page that asks for something again every second asks every twentieth of one."""


@contextmanager
def tab(browser: Browser, *, complains: bool = False, **context: Any) -> Iterator[Page]:
    """Open a window of its own; fail if it reached beyond this machine, or complained.

    One that `complains` is meant to, about an answer that is an error or does not come.
    `context` says what kind of window: `viewport`, `color_scheme`, `java_script_enabled` and so on.
    """
    elsewhere: list[str] = []
    complaints: list[str] = []
    made = browser.new_context(**context)
    made.set_default_timeout(60_000)
    page = made.new_page()
    page.add_init_script(HURRY)
    page.on("request", lambda sent: elsewhere.append(sent.url))
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    try:
        yield page
        assert [url for url in elsewhere if not url.startswith(LOOPBACK)] == []
        loud = [said for said in complaints if not said.startswith(QUIET)]
        assert complains or loud == [], loud
    finally:
        made.close()
