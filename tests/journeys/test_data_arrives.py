"""A file that is put where a connection reads arrives in a data set: over a socket, by clients."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.server import Server

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "see-data-arrive.md"
ADDRESS = "http://127.0.0.1:8080"
ADA = '{"_id":"1","person":{"name":{"firstName":"Ada","lastName":"Lovelace"}}}'


def test_the_page_does_what_it_says(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = "\n".join(["set -eu", *blocks]).replace(ADDRESS, f"http://127.0.0.1:{server.port}")
    command = tmp_path / "aep-emulator"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m emulator "$@"\n', "utf-8")
    command.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert '"path":"/leads/incoming/leads.tsv"' in said
    assert '"data":[{"Id":"1","FirstName":"Ada","LastName":"Lovelace"}' in said
    assert '"inputRecordCount":2,"outputRecordCount":2,"failedRecordCount":0' in said
    assert f'{{"data":[{ADA},' in said
    assert '"path":"dlz-user-container/leads.tsv"' in said
