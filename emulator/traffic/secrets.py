"""What recorders leave out or write over: tokens that were sent, but are not in the recording."""

from __future__ import annotations

import re

from emulator.traffic.recording import Recorded, one_by_name

TOKEN_REFUSED = (401, 403)
"""Statuses of a reply that says that something was wrong with the token."""

NOT_RECORDED = "Bearer not-recorded"
"""What stands for a token that the recorder took out."""

_WRITTEN_OVER = re.compile(
    r"\W*(redacted|masked|hidden|removed|filtered|secret|sanitized|x{3,})\W*|[*•.…]{3,}",
    re.IGNORECASE,
)


def hidden(recorded: Recorded) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """Return headers by name, the texts in them that are unknown, and whether a token is missing.

    Browsers take Authorization out of what they export. It was sent nevertheless if the platform
    did not refuse the call for it.
    """
    headers = one_by_name(recorded.headers)
    unknown = [*recorded.unknown]
    for name in ("authorization", "x-api-key", "x-gw-ims-org-id"):
        value = headers.get(name, "")
        bare = value.partition(" ")[2] if value.lower().startswith("bearer ") else value
        if bare and _WRITTEN_OVER.fullmatch(bare):
            unknown.append(value)
    if "authorization" in headers:
        return headers, tuple(unknown), False
    reply = recorded.reply
    is_taken_out = reply is not None and reply.status not in TOKEN_REFUSED
    if is_taken_out:
        headers["authorization"] = NOT_RECORDED
    return headers, tuple(unknown), is_taken_out
