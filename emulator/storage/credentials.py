"""The credentials in a connection's own auth params, under the names that drivers take them by.

Only what opens a storage is taken. Addresses in auth params (`host`, `serviceUrl`, the endpoints
of a connection string, the host of a SAS URI) lead nowhere: the setting `storage` says where.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

from emulator.json_types import Json, JsonObject
from emulator.storage.base import StorageError

ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
"""The name of an account at Azure; it becomes a part of a host's name."""


def text_of(params: JsonObject, *names: str) -> str:
    """Return the first of some params that is a text and not empty; else an empty one."""
    return next(
        (value for name in names if isinstance(value := params.get(name), str) and value), ""
    )


def s3_credentials(params: JsonObject) -> dict[str, Json]:
    """Return the keys of S3, or of what speaks like it (Oracle, Google Cloud Storage)."""
    key = text_of(params, "s3AccessKey", "accessKey", "accessKeyId")
    secret = text_of(params, "s3SecretKey", "secretKey", "secretAccessKey")
    token = text_of(params, "s3SessionToken")
    if not (key and secret):
        return {}
    return {"key": key, "secret": secret, **({"token": token} if token else {})}


def azure_credentials(params: JsonObject) -> dict[str, str]:
    """Return account, key and signature of Azure Blob Storage, and the container of a SAS URI.

    Members: `account_name`, `account_key`, `sas_token`, `container`; those that are known.
    """
    parts = pairs_of(text_of(params, "connectionString"))
    found = {
        "account_name": parts.get("accountname", ""),
        "account_key": parts.get("accountkey", ""),
        "sas_token": parts.get("sharedaccesssignature", ""),
    }
    if uri := text_of(params, "sasUri"):
        found |= _of_sas_uri(uri)
    elif url := text_of(params, "url"):
        found["account_name"] = found["account_name"] or _of_sas_uri(url)["account_name"]
    return {name: value for name, value in found.items() if value}


def _of_sas_uri(uri: str) -> dict[str, str]:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return {"account_name": ""}
    steps = [step for step in parts.path.split("/") if step]
    account, _, _ = host.partition(".")
    if ".blob." in host or ".dfs." in host:
        return {
            "account_name": account,
            "sas_token": parts.query,
            "container": "/".join(steps),
        }
    # A host of one name, as an emulator has it, has the account before the container.
    return {
        "account_name": steps[0] if steps else "",
        "sas_token": parts.query,
        "container": "/".join(steps[1:]),
    }


def azure_principal(params: JsonObject) -> dict[str, str]:
    """Return a service principal as Azure's library names it; nothing unless it is whole."""
    found = {
        "client_id": text_of(params, "servicePrincipalId", "clientId"),
        "client_secret": text_of(params, "servicePrincipalKey", "clientSecret"),
        "tenant_id": text_of(params, "tenant", "tenantId"),
    }
    return found if all(found.values()) else {}


def azure_address(account: str) -> str:
    """Return Azure's own address of the blobs of an account."""
    return f"https://{account}.blob.core.windows.net"


def pairs_of(text: str) -> dict[str, str]:
    """Return the parts of a connection string, under their names in lower case."""
    pairs = (part.partition("=") for part in text.split(";") if part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def login(params: JsonObject) -> dict[str, str]:
    """Return user and password of a server, where they are given."""
    found = {
        "username": text_of(params, "userName", "username", "userid", "userId"),
        "password": text_of(params, "password"),
    }
    return {name: value for name, value in found.items() if value}


def private_key(params: JsonObject) -> Any:
    """Return the private key of an SFTP connection for paramiko; None without one.

    The content is the key's file, or that in Base64 as the platform wants it.

    Raises:
        StorageError: It is not a private key, or its pass phrase is wrong.
    """
    content = text_of(params, "privateKeyContent")
    if not content:
        return None
    import io

    import paramiko

    phrase = text_of(params, "passPhrase") or None
    text = content if "PRIVATE KEY" in content else _decoded(content)
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), phrase)
        except (paramiko.SSHException, ValueError, IndexError, UnicodeError):
            continue
    raise StorageError("refused", "privateKeyContent cannot be read with its passPhrase.")


def _decoded(content: str) -> str:
    try:
        return base64.b64decode(content, validate=False).decode("ascii", "replace")
    except (binascii.Error, ValueError):
        return content
