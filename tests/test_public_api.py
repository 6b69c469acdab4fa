"""The public interface in Python: what can be imported, at what cost, and its page."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import aep_emulator
import aep_emulator.mapping
import aep_emulator.testing

ROOT = Path(__file__).resolve().parent.parent


def test_the_package_offers_these_names_and_no_others() -> None:
    names = ["Emulator", "Settings", "__version__", "create_app", "create_emulator", "mock_aep"]
    assert aep_emulator.__all__ == names
    assert dir(aep_emulator) == names
    with pytest.raises(AttributeError, match="has no attribute 'Platform'"):
        getattr(aep_emulator, "Platform")  # noqa: B009 - mypy knows that it is not there


@pytest.mark.parametrize(
    "module", [aep_emulator, aep_emulator.testing, aep_emulator.mapping], ids=lambda m: m.__name__
)
def test_every_public_name_can_be_imported(module: ModuleType) -> None:
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_importing_it_imports_nothing_of_the_emulator() -> None:
    program = "import sys, aep_emulator; print(*sorted(m for m in sys.modules if 'emulator' in m))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["aep_emulator", "emulator"]


def test_the_names_are_enough_to_run_an_emulator() -> None:
    emulator = aep_emulator.create_emulator(aep_emulator.Settings(edition="2020-09"))
    answer = emulator.wsgi_app.test_client().get("/_emulator/edition")
    assert answer.get_json() == {"edition": "2020-09"}
    emulator.close()


def test_the_page_is_up_to_date() -> None:
    """`make tables` writes it."""
    path = ROOT / "docs" / "api_page.py"
    spec = importlib.util.spec_from_file_location("api_page", path)
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.api_page() == (ROOT / "docs" / "reference" / "api.md").read_text(
        encoding="utf-8"
    )
