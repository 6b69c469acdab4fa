"""How the log shows requests: a line of text for people, or a JSON object for programs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TextIO

from emulator.json_types import dumps
from emulator.output import plain
from emulator.serving.request_log import RequestLine

Format = Callable[[RequestLine], str]

_RED, _YELLOW, _DIM, _END = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


def writer(
    handler: logging.StreamHandler[TextIO], *, is_json: bool, is_coloured: bool
) -> Callable[[list[RequestLine], int], None]:
    """Return what writes lines about requests between those of a log's handler."""
    form: Format = json_line if is_json else coloured_line if is_coloured else text_line

    def write(lines: list[RequestLine], dropped: int) -> None:
        if dropped:
            logging.getLogger("emulator").warning("%d lines about requests were dropped", dropped)
        text = "".join(f"{line}\n" for line in _formatted(lines, form))
        handler.acquire()
        try:
            handler.stream.write(text)
            handler.stream.flush()
        except (OSError, ValueError):  # the one who reads the log has gone, which is its affair
            pass
        finally:
            handler.release()

    return write


def text_line(line: RequestLine) -> str:
    """Return a line such as `12:03:44 POST /data/… 400 flow_service.… (#12, explain 12) 3 ms`."""
    return " ".join(part for part in _parts(line) if part)


def coloured_line(line: RequestLine) -> str:
    """Return a line in which what is refused and what is remarked on stand out."""
    clock, request, status, rules, number, took = _parts(line)
    if line.rule or line.status >= 400 or not line.status:
        status, rules = f"{_RED}{status}{_END}", f"{_RED}{rules}{_END}"
    elif line.warnings:
        status, rules = f"{_YELLOW}{status}{_END}", f"{_YELLOW}{rules}{_END}"
    rest = f"{_DIM}{' '.join(part for part in (number, took) if part)}{_END}"
    parts = (f"{_DIM}{clock}{_END}", request, status, rules if line.rule or line.warnings else "")
    return " ".join(part for part in (*parts, rest) if part)


def _parts(line: RequestLine) -> tuple[str, str, str, str, str, str]:
    """Return time, request, status, rules, number and duration, of which some may be empty."""
    clock = time.strftime("%H:%M:%S", time.localtime(line.time / 1000))
    rules = line.rule or (f"warns {line.warnings}" if line.warnings else "")
    number = f"#{line.number}, explain {line.number}" if rules else f"#{line.number}"
    return (
        clock,
        plain(f"{line.method} {line.shown_target}"),
        str(line.status) if line.status else "reset",
        plain(rules),
        f"({number})" if line.number else "",
        _duration(line.seconds),
    )


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else f"{seconds * 1000:.1f} ms"


def json_line(line: RequestLine) -> str:
    """Return a line as a JSON object; what is empty is left out."""
    moment = datetime.fromtimestamp(line.time / 1000, UTC)
    members = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "info",
        "event": "request",
        "call": line.number,
        "method": line.method,
        "target": line.shown_target,
        "operation": line.operation,
        "status": line.status,
        "rule": line.rule,
        "warnings": line.warnings.split(", ") if line.warnings else [],
    }
    shown = {name: value for name, value in members.items() if value}
    return plain(dumps({**shown, "ms": round(line.seconds * 1000, 3)}).decode())


def _formatted(lines: Iterable[RequestLine], form: Format) -> Iterable[str]:
    for line in lines:
        try:
            yield form(line)
        except Exception:  # one line must not end those of the others
            logging.getLogger("emulator").exception("a line about a request cannot be written")
