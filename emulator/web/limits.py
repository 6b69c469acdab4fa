"""How long a request body may be: uploads to a batch are files, everything else is JSON."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from emulator.contract import Contract, Operation
from emulator.settings import Settings
from emulator.web.isolation import without_prefix

FILES = (
    ("PUT", "/_emulator/files/"),
    ("POST", "/_emulator/ui/files"),
    ("PUT", "/dlblobstore"),
)
"""Where files are uploaded beside the operations: to connections, and to the landing zone."""


def limit_of(operation: Operation, settings: Settings) -> int:
    """Return how many bytes the body of an operation's request may have."""
    return settings.max_upload if operation.body == "bytes" else settings.max_body


def body_limit(contract: Contract, settings: Settings) -> Callable[[str, str], int]:
    """Return a function from a method and a target to the bytes of a body that are to be read.

    It is asked before the operation is known, so it goes by method and base path; the operation's
    own limit, which is never more, has the last word.
    """
    uploads: set[tuple[str, str]] = {
        (operation.method, f"{operation.base_path}/")
        for operation in contract.operations.values()
        if operation.body == "bytes"
    }
    uploads.update(FILES)

    def limit(method: str, target: str) -> int:
        path = unquote(without_prefix(target))
        takes_files = any(method == upload and path.startswith(base) for upload, base in uploads)
        return max(settings.max_upload, settings.max_body) if takes_files else settings.max_body

    return limit
