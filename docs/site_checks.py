"""What a page of the site must not have: tables and lists that fall apart, files from elsewhere.

Pages are read in two places, in the repository and in the site, by two readers of Markdown. The
source of a table is looked at, because both drop cells that are too many in silence; of what is
rendered, the text that should have become a table, a list, a heading, code or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

FENCE = re.compile(r"\s*(```|~~~)")
BAR = re.compile(r"(?<!\\)\|")
DELIMITERS = re.compile(r"[|:\s-]+")
RAW = re.compile(r"(?:^|\n)\s*(?:[-*+] |\d+\. |\||#+ |```)|\s\|\s|\]\(|\n-{3,}")
LOADING = {"img": "src", "script": "src", "iframe": "src", "link": "href", "source": "src"}
TEXT = ("p", "li", "td", "th", "dd", "h1", "h2", "h3", "h4")


def broken_tables(source: str) -> Iterator[str]:
    """Yield what is wrong with the tables of a page's source, with the number of the line."""
    block: list[tuple[int, str]] = []
    fenced = False
    for number, line in enumerate([*source.splitlines(), ""], 1):
        if FENCE.match(line):
            fenced = not fenced
        if line.startswith("|") and not fenced:
            block.append((number, line))
            continue
        yield from _broken(block)
        if block and line.strip() and not line.startswith("<!--"):
            yield f"line {number}: a table goes on in a line that is not of it"
        block = []


def _broken(rows: list[tuple[int, str]]) -> Iterator[str]:
    if not rows:
        return
    if len(rows) < 2 or not DELIMITERS.fullmatch(rows[1][1]):
        yield f"line {rows[0][0]}: a table without a head"
    wanted = len(BAR.findall(rows[0][1]))
    for number, row in rows[1:]:
        found = len(BAR.findall(row))
        if found != wanted:
            yield f"line {number}: a row of {found - 1} cells, where the head has {wanted - 1}"


def raw_markdown(html: str) -> Iterator[str]:
    """Yield texts of a rendered page that are Markdown still."""
    for text in _read(html).texts:
        if RAW.search(text):
            yield f"not rendered: {' '.join(text.split())[:80]}"


def loaded_from_elsewhere(html: str) -> Iterator[str]:
    """Yield the addresses outside of the site that a browser loads with a page."""
    for address in _read(html).loaded:
        if re.match(r"(?:[a-z]+:)?//", address):
            yield f"loaded from elsewhere: {address}"


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects the texts of a page outside of code, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.loaded: list[str] = []
        self._code = 0
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADING and given.get("rel") != "canonical":
            self.loaded.append(given.get(LOADING[tag]) or "")
        if tag in TEXT:
            self._end()
        self._code += tag in ("code", "pre", "script", "style")

    def handle_endtag(self, tag: str) -> None:
        if tag in TEXT:
            self._end()
        self._code -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data: str) -> None:
        self._parts.append("…" if self._code else data)

    def close(self) -> None:
        super().close()
        self._end()

    def _end(self) -> None:
        text = "".join(self._parts).strip(" ")
        self._parts = []
        if text.strip():
            self.texts.append(text)
