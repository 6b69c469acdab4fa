"""The curl lines of the documents' pages, run as they are printed, but for the host.

`pages/*.json` holds them in their order. `{NAME}` stands for what was kept of an earlier answer, by
a JSON pointer or as a header, and `{HEADERS}` for the four headers that every line has.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator.json_types import at
from tests.bodies import HEADERS
from tests.journeys.conftest import Running

PAGES = sorted((Path(__file__).parent / "pages").glob("*.json"))
ADOBE = "https://platform.adobe.io"


def run(line: str, url: str) -> tuple[int, dict[str, str], Any]:
    """Run a line and return status, headers and body of the answer."""
    words = shlex.split(line.replace(ADOBE, url))
    more = ["--silent", "--show-error", "--include", "--globoff", "--noproxy", "*"]
    said = subprocess.run([*words, *more], capture_output=True, check=True, timeout=30).stdout
    head, _, body = said.decode().partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    pairs = (field.partition(":") for field in fields)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return int(status.split()[1]), headers, json.loads(body) if body else None


def kept(pointer: str, headers: dict[str, str], body: Any) -> str:
    """Return a part of an answer, of a reference its last step."""
    found: str = at(body, pointer) if pointer.startswith("/") else headers[pointer]
    return found.rpartition("/")[2] if found.startswith("@/") else found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_pages_lines_are_answered_as_it_says(
    page: Path, shared: Running, organization: str
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    sent = {**HEADERS, "x-gw-ims-org-id": organization}
    known = {"HEADERS": " ".join(f"-H '{name}: {value}'" for name, value in sent.items())}
    for step in json.loads(page.read_text("utf-8"))["steps"]:
        line = step["curl"]
        for name, value in known.items():
            line = line.replace(f"{{{name}}}", value)
        status, headers, body = run(line, shared.url)
        assert status == step["status"], (line, body)
        said = headers.get("x-emulator-warning", "")
        assert said == ", ".join(step.get("warnings", [])), line
        for name, pointer in step.get("keep", {}).items():
            known[name] = kept(pointer, headers, body)
