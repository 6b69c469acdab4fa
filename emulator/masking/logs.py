"""Log lines that command no terminal, without secrets known by their form or a name before them."""

from __future__ import annotations

import logging
import sys

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


def log_to_stderr(level: str) -> None:
    """Write what is logged from a level such as `info` on to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper())
