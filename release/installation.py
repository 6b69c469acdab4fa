"""Installs a wheel with each extra where nothing else is, and uses it as its users do."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from release.steps import Failed, run

SECONDS = 60
"""How long a served emulator may take to start, to answer, and to end."""

TEST = """
def test_flows_are_listed(aep):
    assert aep.session.get("/data/foundation/flowservice/flows").json()["items"] == []
    aep.assert_no_violations()
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel, and a folder to work in."""

    folder: Path

    @property
    def python(self) -> str:
        """The path of its Python."""
        return str(self.folder / "bin" / "python")

    def imports(self, *names: str) -> None:
        """Import modules. Failed: One cannot be imported."""
        run([self.python, "-c", f"import {', '.join(names)}"], self.folder)

    def serves(self, *flags: str, path: str = "/_emulator/health", ca: str = "") -> None:
        """Serve, ask for a path, and end it. Failed: It does not answer with 200, or not end."""
        command = [str(self.folder / "bin" / "aep-emulator"), "serve", "--port", "0", *flags]
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().rstrip().rpartition(" ")[2]
                if not url.startswith("http"):
                    _, said = process.communicate(timeout=SECONDS)
                    raise Failed(f"{' '.join(command)}: {said.strip()}")
                context = ssl.create_default_context(cafile=self.folder / ca) if ca else None
                with urlopen(url + path, timeout=SECONDS, context=context) as answer:
                    answer.read()
                process.send_signal(signal.SIGTERM)
                if process.wait(SECONDS):
                    raise Failed(f"{' '.join(command)} ended with {process.returncode}")
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Failed(f"{' '.join(command)}: {error}") from error
            finally:
                process.kill()

    def tests(self) -> None:
        """Run a test that uses the fixture. Failed: It does not pass."""
        (self.folder / "test_flows.py").write_text(TEST, encoding="utf-8")
        run([self.python, "-m", "pytest", "-q", "test_flows.py"], self.folder)


EXTRAS: dict[str, Callable[[Environment], None]] = {
    "": lambda made: made.serves(),
    "metrics": lambda made: made.serves(path="/_emulator/metrics"),
    "parquet": lambda made: made.imports("pyarrow.parquet", "emulator.data_plane.parquet"),
    "s3": lambda made: made.imports("s3fs"),
    "sql": lambda made: made.serves("--store", "sqlite:///state.db"),
    "storage": lambda made: made.imports("adlfs", "gcsfs", "paramiko", "s3fs"),
    "testcontainers": lambda made: made.imports("emulator.testing.testcontainers"),
    "testing": lambda made: made.tests(),
    "tls": lambda made: made.serves("--tls", "self-signed", "--tls-ca", "ca.pem", ca="ca.pem"),
}
"""What is tried of an installation with each extra of users, and of one without."""


def check_installed(wheel: Path, extra: str, folder: Path) -> None:
    """Install a wheel with an extra into a new environment, and try it.

    Raises:
        Failed: It cannot be installed, or does not work.
    """
    run([sys.executable, "-m", "venv", str(folder)], folder.parent)
    made = Environment(folder)
    pip = [made.python, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", f"{wheel}[{extra}]" if extra else str(wheel)], folder)
    run([*pip, "check"], folder)
    EXTRAS[extra](made)
