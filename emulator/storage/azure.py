"""Azure Blob Storage, and ADLS Gen2 by the same API: how its driver is made.

A service principal proves itself at a place of its own, where it gets a token. Like all addresses
that is one that the setting `storage` names (`authority`), never one of a client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from emulator.budgets import CONNECT_SECONDS, READ_SECONDS
from emulator.json_types import Json, JsonObject
from emulator.storage.base import StorageError
from emulator.storage.credentials import (
    ACCOUNT,
    azure_address,
    azure_credentials,
    azure_principal,
)
from emulator.storage.endpoints import Endpoint
from emulator.storage.signatures import PUBLIC

_PRINCIPAL = "principal"
"""The argument that is a service principal, and where it gets its token."""

_PATIENCE: dict[str, Any] = {
    "retry_total": 0,
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
}


def azure_arguments(endpoint: Endpoint, params: JsonObject) -> tuple[dict[str, Any], str]:
    """Return the arguments of the driver, and the container that the credentials are for.

    `blob_endpoint` in the options is its address, where that is not Azure's own.

    Raises:
        StorageError: The credentials cannot be used.
    """
    options = {name: value for name, value in endpoint.options.items() if name != PUBLIC}
    address = str(options.pop("blob_endpoint", ""))
    authority = str(options.pop("authority", ""))
    own = azure_credentials(params)
    folder = own.pop("container", "")
    if "connection_string" in options:
        return options, folder
    said: dict[str, Json] = {**own, **options}
    account = str(said.get("account_name", ""))
    if not ACCOUNT.fullmatch(account):
        raise StorageError("refused", "The connection names no storage account.")
    address = address or azure_address(account)
    parts = [f"BlobEndpoint={address}"]
    for name, key in (("AccountKey", "account_key"), ("SharedAccessSignature", "sas_token")):
        if value := str(said.get(key, "")):
            parts += [f"AccountName={account}", f"{name}={value.removeprefix('?')}"]
            break
    else:
        if principal := azure_principal(params):
            named = {"account_name": account, "account_host": _host(address)}
            return {**named, _PRINCIPAL: {**principal, "authority": _authority(authority)}}, folder
    return {"connection_string": ";".join(parts)}, folder


def _host(address: str) -> str:
    """Return an address as the driver wants it; a token is sent over TLS alone."""
    if not address.startswith("https://"):
        raise StorageError("refused", "A service principal needs a blob_endpoint with https.")
    return address.removeprefix("https://").rstrip("/")


def _authority(named: str) -> str:
    if urlsplit(named).scheme != "https":
        text = "A service principal needs the option authority, where its token comes from."
        raise StorageError("refused", text)
    return named


def with_credential(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the driver with a credential in place of a service principal.

    Raises:
        ImportError: The driver is not installed.
        StorageError: It is not a service principal.
    """
    found = dict(arguments)
    principal = found.pop(_PRINCIPAL, None)
    if principal is not None:
        from azure.identity.aio import ClientSecretCredential

        try:
            found["credential"] = ClientSecretCredential(**principal, **_PATIENCE)
        except ValueError:
            raise StorageError("refused", "The service principal cannot be used.") from None
    return found


def give_up_soon(system: Any) -> None:
    """Have the driver give up in time: it would try again and again, with longer pauses."""
    from azure.storage.blob.aio import BlobServiceClient

    if system.connection_string:
        made = BlobServiceClient.from_connection_string(system.connection_string, **_PATIENCE)
    else:
        made = BlobServiceClient(system.account_url, credential=system.credential, **_PATIENCE)
    system.service_client = made
