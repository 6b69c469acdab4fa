"""Where a data set's rows would lie, and for how long. Nothing lies there, and nothing expires."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import PlatformBase

ROW_EXPIRATION = {"defaultValue": "P12M", "maxValue": "P12M", "minValue": "P7D"}
"""The only limits that a document prints: "Manage Experience Event dataset retention"."""


def credentials(platform: PlatformBase, sandbox: Sandbox, id: str, batch: str) -> JsonObject:
    """Return the credentials of a data set's storage as Catalog's reference lists their members.

    They have the look of ones and open nothing: nobody listens at their address.

    Args:
        platform: Makes the identifiers.
        sandbox: Whose account it is.
        id: The data set.
        batch: The batch that is written, without which there is no path to stage it.
    """
    ids = platform.ids
    account = f"aepstore{ids.hex(sandbox, 'storage_account', 0, 12)}"
    place = f"{account}.dfs.core.windows.net"
    found: JsonObject = {
        "dataSetId": id,
        "path": f"https://{place}/platform/dataset/{id}/",
        "credentials": {
            "clientKey": ids.hex(sandbox, "storage_key", 0, 44),
            "clientId": ids.uuid(sandbox, "storage_client", 0),
            "tenantId": ids.uuid(sandbox, "storage_tenant", 0),
            "resourceGroupName": f"{account}-group",
            "subscriptionId": ids.uuid(sandbox, "storage_subscription", 0),
            "name": account,
            "adlsType": "GEN2",
            "adlsUri": f"https://{place}",
            "hadoopUri": f"abfss://platform@{place}",
        },
    }
    return {**found, "stagePath": f"platformdataset/stage/{batch}"} if batch else found
