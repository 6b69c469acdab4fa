"""Where a data set's rows would lie, and for how long. Nothing lies there, and nothing expires."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope

ROW_EXPIRATION = {"defaultValue": "P12M", "maxValue": "P12M", "minValue": "P7D"}
"""The only limits that a document prints: "Manage Experience Event dataset retention"."""


def credentials(scope: Scope, dataset_id: str, batch_id: str, base_url: str) -> JsonObject:
    """Return the credentials of a data set's storage as Catalog's reference lists their members.

    They look like credentials and open nothing; their addresses stay with this emulator, whose own
    is `base_url`, and with this machine. Without a batch that is written there is no path to stage
    it.
    """
    ids, sandbox = scope.platform.ids, scope.sandbox
    account = f"aepstore{ids.hex(sandbox, 'storage_account', 0, 12)}"
    place = f"{base_url}/{account}"
    found: JsonObject = {
        "dataSetId": dataset_id,
        "path": f"{place}/platform/dataset/{dataset_id}/",
        "credentials": {
            "clientKey": ids.hex(sandbox, "storage_key", 0, 44),
            "clientId": ids.uuid(sandbox, "storage_client", 0),
            "tenantId": ids.uuid(sandbox, "storage_tenant", 0),
            "resourceGroupName": f"{account}-group",
            "subscriptionId": ids.uuid(sandbox, "storage_subscription", 0),
            "name": account,
            "adlsType": "GEN2",
            "adlsUri": place,
            "hadoopUri": f"abfss://platform@{account}.localhost",
        },
    }
    return found | ({"stagePath": f"platformdataset/stage/{batch_id}"} if batch_id else {})
