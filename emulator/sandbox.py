"""The tenancy key: everything a tenant owns belongs to one organization and one sandbox."""

from __future__ import annotations

from typing import NamedTuple


class Sandbox(NamedTuple):
    """An organization (`x-gw-ims-org-id`) and the name of one of its sandboxes."""

    organization: str
    name: str


DEFAULT_PRODUCTION = "prod"
"""The name of the default production sandbox, which every organization has."""

PLATFORM = Sandbox("", "")
"""The sandbox of what belongs to no tenant: issued tokens, request counters."""
