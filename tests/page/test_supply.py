"""What the page is made of: one file of others, as it was published, and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "emulator" / "page" / "static"
SUPPLY_CHAIN = (ROOT / "docs" / "reference" / "supply-chain.md").read_text(encoding="utf-8")


def test_htmx_is_the_file_that_was_published() -> None:
    content = (STATIC / "htmx.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() in SUPPLY_CHAIN
    version = re.search(rb'version:"([0-9.]+)"', content)
    assert version is not None
    assert f"htmx.org {version[1].decode()}" in SUPPLY_CHAIN
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE.txt").read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere_or_written_into_the_markup() -> None:
    templates = sorted((ROOT / "emulator" / "page" / "templates").glob("*.j2"))
    assert templates
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|<script>|\son\w+=|\sstyle=|hx-on|javascript:", text), path
        assert not re.search(r"(?:src|href)=\"https?:", text), path
    own = (STATIC / "page.css").read_text(encoding="utf-8")
    assert "url(" not in own
    assert "@import" not in own
