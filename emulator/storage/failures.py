"""Why a driver failed, in a sentence of ours: what drivers say may have secrets in it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from emulator.storage.base import Kind, StorageError

_TEXTS: dict[Kind, str] = {
    "refused": "The storage refuses the credentials, or what they are used for",
    "missing": "There is no such bucket, container, folder or file",
    "unreachable": "The storage does not answer as it should",
    "full": "The storage has no room",
    "not installed": "The driver of the storage is not installed; install the extra storage",
    "over budget": "It costs more than its budget",
}

_CLASSES: dict[str, Kind] = {
    # paramiko
    "AuthenticationException": "refused",
    "BadAuthenticationType": "refused",
    "PasswordRequiredException": "refused",
    # azure
    "ClientAuthenticationError": "refused",
    "ResourceNotFoundError": "missing",
    "ServiceRequestError": "unreachable",
    # botocore
    "NoCredentialsError": "refused",
    "ParamValidationError": "missing",
    "NoSuchBucket": "missing",
    # google
    "RefreshError": "refused",
}
_STATUSES: dict[str, Kind] = {
    "400": "refused",
    "401": "refused",
    "403": "refused",
    "404": "missing",
    "507": "full",
}
_CODES: dict[str, Kind] = {
    "AccessDenied": "refused",
    "AuthenticationFailed": "refused",
    "ExpiredToken": "refused",
    "InvalidAccessKeyId": "refused",
    "InvalidToken": "refused",
    "SignatureDoesNotMatch": "refused",
    "NoSuchBucket": "missing",
    "NoSuchKey": "missing",
    "InvalidBucketName": "missing",
    "ContainerNotFound": "missing",
    "BlobNotFound": "missing",
}


def storage_error(error: BaseException) -> StorageError:
    """Return what went wrong, by the first error of a chain that says it."""
    causes = [*_chain(error)]
    for cause in causes:
        kind = _kind(cause)
        if kind is not None:
            said = next((one for one in causes if _code(one) in _CODES), cause)
            return StorageError(kind, f"{_TEXTS[kind]} ({_short(said)}).")
    return StorageError("unreachable", f"{_TEXTS['unreachable']} ({_short(error)}).")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _kind(error: BaseException) -> Kind | None:
    """Return why an error was raised; None if it does not say."""
    code = _code(error)
    if code in _CODES:
        return _CODES[code]
    name = type(error).__name__
    if name in _CLASSES:
        return _CLASSES[name]
    if name == "error_perm":  # FTP: 530 is no login, 550 no such file
        return "missing" if str(error)[:3] == "550" else "refused"
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return "missing"
    if isinstance(error, PermissionError):
        return "refused"
    if isinstance(error, ImportError):
        return "not installed"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "full"
    for status in (getattr(error, "status_code", None), getattr(error, "status", None), code):
        if str(status) in _STATUSES:
            return _STATUSES[str(status)]
    return "unreachable" if isinstance(error, TimeoutError | ConnectionError) else None


def _code(error: BaseException) -> str:
    """Return the code that a storage gave in its answer; empty without one."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):  # botocore's
        return str((answer.get("Error") or {}).get("Code", ""))
    for name in ("error_code", "code"):
        found = getattr(error, name, None)
        if isinstance(found, str | int) and found:
            return str(getattr(found, "value", found))
    return ""


def _short(error: BaseException) -> str:
    """Return what names an error and has no text of a client or a storage in it."""
    code = _code(error)
    return code if code.isalnum() and len(code) < 64 else type(error).__name__
