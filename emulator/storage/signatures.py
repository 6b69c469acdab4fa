"""Shared access signatures of real containers, for clients that call Azure themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from emulator.storage.credentials import azure_address, azure_credentials, pairs_of, text_of
from emulator.storage.endpoints import Endpoint

PUBLIC = "public_endpoint"
"""The option that says by which address clients reach an account, if by another one."""

PERMISSIONS = "racwdlm"
"""What the signature of a landing zone allows, by "Data Landing Zone"."""


class Container(NamedTuple):
    """A container of Azure, the address of its account for clients, and the key of that."""

    account: str
    name: str
    address: str
    key: str

    def signature(self, expires: int) -> str | None:
        """Return a token that opens it until a moment, in milliseconds; the same at every call.

        Nothing is connected to. None without the library, or with a key that is not Base64.
        """
        try:
            from azure.storage.blob import generate_container_sas
        except ImportError:
            return None
        try:
            return str(
                generate_container_sas(
                    self.account,
                    self.name,
                    account_key=self.key,
                    permission=PERMISSIONS,
                    expiry=datetime.fromtimestamp(expires // 1000, UTC),
                )
            )
        except ValueError:  # what it raises of keys is one
            return None


def container_of(endpoint: Endpoint) -> Container | None:
    """Return the container that an endpoint is as a whole; None for a part of one, or no key."""
    parts, options = urlsplit(endpoint.url), endpoint.options
    if endpoint.scheme not in ("az", "abfs") or not parts.netloc or parts.path.strip("/"):
        return None
    text = text_of({**options}, "connection_string")
    found = {**azure_credentials({"connectionString": text}), **options}
    account, key = text_of(found, "account_name"), text_of(found, "account_key")
    if not (account and key):
        return None
    said = pairs_of(text).get("blobendpoint") or text_of(found, "blob_endpoint")
    address = text_of(found, PUBLIC) or said or azure_address(account)
    return Container(account, parts.netloc, address.rstrip("/"), key)
