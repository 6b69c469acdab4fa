"""Views of the Connectors API."""

from __future__ import annotations

from emulator.services.connectors import encryption_keys, landing_zone, shapes
from emulator.services.connectors.service import Connectors
from emulator.web import Call, Reply, operation


@operation("connectors.get_landing_zone")
def get_landing_zone(service: Connectors, call: Call) -> Reply:
    """Read the container of the data landing zone and how long it keeps files."""
    return Reply(200, shapes.landing_zone(landing_zone.credentials(call.scope, _type(call))))


@operation("connectors.get_landing_zone_credentials")
def get_credentials(service: Connectors, call: Call) -> Reply:
    found = landing_zone.credentials(call.scope, _type(call))
    return Reply(200, shapes.credentials(found, call.base_url))


@operation("connectors.refresh_landing_zone_credentials")
def refresh_credentials(service: Connectors, call: Call) -> Reply:
    """Replace the credentials of the data landing zone by new ones."""
    found = landing_zone.refresh(call.scope, _type(call))
    return Reply(200, shapes.credentials(found, call.base_url))


@operation("connectors.create_encryption_key")
def create_encryption_key(service: Connectors, call: Call) -> Reply:
    """Make a pair of keys for encrypted files and answer the public one."""
    algorithm = call.body.get("encryptionAlgorithm", "")
    return Reply(200, shapes.key(encryption_keys.create(call.scope, algorithm)))


def _type(call: Call) -> str:
    type: str = call.query.get("type", "user_drop_zone")
    return type
