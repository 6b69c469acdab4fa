"""Credentials that a recorder has removed or overwritten, though they were sent."""

from __future__ import annotations

import re

from emulator.traffic.recording import RecordedCall, headers_by_name

TOKEN_REFUSED = (401, 403)
"""Statuses that refuse a token."""

NOT_RECORDED = "Bearer not-recorded"
"""What stands in for a token that the recorder has removed."""

_OVERWRITTEN = re.compile(
    r"\W*(redacted|masked|hidden|removed|filtered|secret|sanitized|x{3,})\W*|[*•.…]{3,}",
    re.IGNORECASE,
)


def restored_headers(recorded: RecordedCall) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """Return headers by name, the texts in them that are unknown, and whether a token is missing.

    Browsers remove Authorization from what they export. It was sent if the platform did not refuse
    the call for it.
    """
    headers = headers_by_name(recorded.headers)
    unknown = [*recorded.unknown]
    for name in ("authorization", "x-api-key", "x-gw-ims-org-id"):
        value = headers.get(name, "")
        bare = value.partition(" ")[2] if value.lower().startswith("bearer ") else value
        if bare and _OVERWRITTEN.fullmatch(bare):
            unknown.append(value)
    if "authorization" in headers:
        return headers, tuple(unknown), False
    reply = recorded.reply
    is_removed = reply is not None and reply.status not in TOKEN_REFUSED
    if is_removed:
        headers["authorization"] = NOT_RECORDED
    return headers, tuple(unknown), is_removed
