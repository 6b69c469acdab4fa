"""Replies of the Connectors API as "Data Landing Zone" and "Encrypted data ingestion" show them.

They are those of a landing zone on Azure; the other cloud's are known from a client only.
"""

from __future__ import annotations

import time

from emulator.data_plane.files import DAYS_KEPT
from emulator.json_types import JsonObject
from emulator.services.connectors.landing_zone import Credentials


def landing_zone(found: Credentials) -> JsonObject:
    """Return a container and its days, which are text."""
    return {"containerName": found.container, "containerTTL": str(DAYS_KEPT)}


def credentials(found: Credentials, base_url: str) -> JsonObject:
    """Return a shared access signature, alone and as a URI.

    The URI leads to this emulator, where the documents show Azure's own address, so that uploaders
    can use it as it is. It has the form of Azure's local emulators: account, then container. That
    of a container which the setting `storage` names leads there.
    """
    address = found.address or f"{base_url}/{found.account}"
    return {
        "containerName": found.container,
        "SASToken": found.token,
        "storageAccountName": found.account,
        "SASUri": f"{address}/{found.container}?{found.token}",
        "expiryDate": time.strftime("%Y-%m-%d", time.gmtime(found.expires / 1000)),
    }


def key(key: JsonObject) -> JsonObject:
    """Return the public key; its end is in seconds, as text."""
    return {
        "publicKey": key["publicKey"],
        "publicKeyId": key["id"],
        "expiryTime": str(key["expires"] // 1000),
    }
