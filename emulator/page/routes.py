"""What the modules with views return."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

Routes = list[tuple[str, str, Callable[..., Response]]]
"""Path, method and view of each view that a module has."""
