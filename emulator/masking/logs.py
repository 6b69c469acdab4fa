"""Log lines that command no terminal, without secrets known by their form or a name before them."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from emulator.json_types import dumps
from emulator.masking.texts import mask_text
from emulator.output import plain


class MaskingFormatter(logging.Formatter):
    """Formats records, tracebacks included, and masks what it has written.

    What is about a request is masked before, by all that the request shows of secrets:
    `emulator.web.failures`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        return plain(mask_text(super().format(record)))


class JsonFormatter(logging.Formatter):
    """Formats each record as a JSON object in a line, masked in the same way."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        moment = datetime.fromtimestamp(record.created, UTC)
        members = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(super().format(record)),
        }
        return plain(dumps(members).decode())


def log_to_stderr(level: str, form: str = "text") -> logging.StreamHandler[TextIO]:
    """Write what is logged from a level such as `info` on to stderr, as text or as JSON.

    Returns:
        What writes it.
    """
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper())
    return handler
