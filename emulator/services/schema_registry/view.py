"""Whose resources are seen, and under which kinds the store keeps them."""

from __future__ import annotations

from typing import NamedTuple

from emulator.fixtures.library import Fixtures
from emulator.sandbox import Sandbox
from emulator.services.schema_registry.identifiers import resource_type

LIBRARY = "xdm"
"""The kind of fixture that holds the platform's own resources."""

TITLES = "xdm_title"
"""An index: whose each title is."""


class View(NamedTuple):
    """Whose resources are seen: a sandbox's, over the platform's in one edition."""

    sandbox: Sandbox
    fixtures: Fixtures


def kind_of(type: str) -> str:
    """Return the kind under which the store keeps resources of a type."""
    return f"xdm_{resource_type(type)}"


def sandbox_type(sandbox: Sandbox) -> str:
    """Return what kind of sandbox this is, as resources print it."""
    return "production" if sandbox.name == "prod" else "development"
