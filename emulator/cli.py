"""The command `aep-emulator`: its subcommands, and how their errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from emulator.commands import CommandError
from emulator.commands.parsers import COMMANDS, make_parser
from emulator.commands.terminal import say
from emulator.settings import mistaken_variables

__all__ = ["COMMANDS", "main", "make_parser"]

ERROR = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for failed checks, 2 for errors."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what it cannot encode ends no command
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words:
        say(make_parser().format_help(), end="")
        return 0
    parsed = make_parser(*words[:1]).parse_args(words)
    for remark in mistaken_variables(os.environ):
        say(f"aep-emulator: {remark}", is_error=True)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except CommandError as error:
        say(f"aep-emulator: {error}", is_error=True)
        return ERROR
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does; Python must not complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code
