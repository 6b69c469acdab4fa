"""What MkDocs needs to be told of this repository, and what it does not look for by itself.

Pages link to files of the repository as they are seen there. In the site the README is the first
page, and whatever else lies outside of docs/ and is linked to lies below repository/.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from site_checks import broken_tables, loaded_from_elsewhere, raw_markdown

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(\]\(|^\[[^\]]+\]: )(?![a-z]+:|#)([^)\s#]+)", re.MULTILINE)
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\|.*$", re.MULTILINE)
SPAN = re.compile(r"(`+).*?\1")
HOME = "README.md"
log = logging.getLogger("mkdocs.hooks.site")
"""A warning of it ends a strict build with an error."""


def on_files(files: Any, config: Any) -> Any:
    """Add the README, and what pages link to outside of docs/, however many links away."""
    from mkdocs.structure.files import File

    waiting = [HOME, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    seen = set(waiting)
    for path in waiting:
        if not path.startswith("docs/"):
            uri = in_site(path)
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            new = linked(path) - seen
            seen |= new
            waiting += sorted(name for name in new if not name.startswith("docs/"))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Make links lead to where their files lie in the site."""
    path = in_repository(page.file.src_uri)
    for fault in broken_tables(markdown):
        log.warning("%s: %s", path, fault)
    folder = posixpath.dirname(page.file.src_uri) or "."

    def moved(match: re.Match[str]) -> str:
        target = in_site(beside(path, match[2]))
        return f"{match[1]}{posixpath.relpath(target, folder)}"

    # Python-Markdown reads what is folded up only if told to, and keeps backslashes of code.
    text = markdown.replace("<details>", '<details markdown="1">')
    text = ROW.sub(lambda row: SPAN.sub(lambda code: code[0].replace(r"\|", "|"), row[0]), text)
    parts = CODE.split(text)
    return "".join(part if CODE.match(part) else LINK.sub(moved, part) for part in parts)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Look for Markdown that has not become anything."""
    for fault in raw_markdown(html):
        log.warning("%s: %s", in_repository(page.file.src_uri), fault)
    return html


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Look for what a browser would load from elsewhere."""
    for fault in loaded_from_elsewhere(output):
        log.warning("%s: %s", in_repository(page.file.src_uri), fault)
    return output


def linked(path: str) -> set[str]:
    """Return the files of the repository that one of its pages links to."""
    text = CODE.sub("", (ROOT / path).read_text(encoding="utf-8"))
    found = {beside(path, match[2]) for match in LINK.finditer(text)}
    return {name for name in found if (ROOT / name).is_file()}


def beside(page: str, target: str) -> str:
    """Return the path in the repository that a link of a page leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def in_site(path: str) -> str:
    """Return where a file of the repository lies among the sources of the site."""
    if path == HOME:
        return "index.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}"


def in_repository(uri: str) -> str:
    """Return where a source of the site lies in the repository."""
    if uri == "index.md":
        return HOME
    return uri.removeprefix("repository/") if uri.startswith("repository/") else f"docs/{uri}"
