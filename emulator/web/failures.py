"""What the log says of a failure: the traceback, without the secrets of the request."""

from __future__ import annotations

from traceback import format_exc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.masking.masker import Masker
    from emulator.web.message import Request


def failure_text(incoming: Request) -> str:
    """Return the request line and the traceback of the exception that is being handled.

    Messages of exceptions quote what they could not use, which may be a credential.
    """
    line = f"{incoming.method} {incoming.target}\n{format_exc()}"
    return masker_of(incoming).absent_from(line)


def masker_of(incoming: Request) -> Masker:
    """Return a masker that knows the secrets of a request."""
    from emulator.masking.masker import Masker  # needed by failures alone

    masker = Masker(incoming.operation.service)
    masker.headers(incoming.headers)
    masker.query(incoming.query_string)
    masker.body(incoming.body, incoming.headers.get("content-type", ""))
    return masker
