"""Puts files where connections reach, by the control API."""

from __future__ import annotations

from emulator.testing.client import AepClient, Response

LEADS = b"Id\tFirstName\tLastName\n1\tAda\tLovelace\n2\tAlan\tTuring\n"
"""A file that the tutorial's source connection and mapping set fit."""


def put(api: AepClient, container: str, path: str, content: bytes = LEADS) -> Response:
    """Put a file into the area of a connection, or of the landing zone."""
    answer = api.exchange("PUT", f"/_emulator/files/{container}/{path}", api.headers, content)
    assert answer.status in (200, 201), answer.content
    return answer
