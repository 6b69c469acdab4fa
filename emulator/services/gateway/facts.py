"""What the gate asks of the headers: whatever the settings list, or anything well-formed."""

from __future__ import annotations

from emulator.facts import fact
from emulator.scope import Scope
from emulator.services.gateway.service import Gateway


@fact(stateless=True)
def api_key(service: Gateway, scope: Scope, key: str) -> bool:
    """Tell whether an API key exists."""
    listed = scope.platform.settings.api_keys
    return key in listed if listed else key.isprintable() and " " not in key


@fact(stateless=True)
def organization(service: Gateway, scope: Scope, id: str) -> bool:
    """Tell whether an organization exists."""
    listed = scope.platform.settings.organizations
    return not listed or id in listed
