"""The environment variables that begin with `AEP_EMULATOR_`: which are settings, and which are not.

In Kubernetes, and by links of Docker, a service named aep-emulator puts variables of its own beside
them: `AEP_EMULATOR_PORT=tcp://10.0.0.1:8080`, `AEP_EMULATOR_SERVICE_HOST` and others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

PREFIX = "AEP_EMULATOR_"

URL_VARIABLE = f"{PREFIX}URL"
"""The environment variable with the URL of a running emulator, for commands; not a setting."""

_OF_A_SERVICE = re.compile(
    r".*(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")


def is_of_a_service(name: str, value: str) -> bool:
    """Tell whether Kubernetes or Docker has set a variable, to say where a service is."""
    is_address = name.endswith("_PORT") and _ADDRESS.fullmatch(value) is not None
    return is_address or _OF_A_SERVICE.fullmatch(name.removeprefix(PREFIX)) is not None


def remarks(environment: Mapping[str, str], settings: Iterable[str]) -> Iterator[str]:
    """Yield a line about each variable that is not read: the nearest one, or why it is not.

    Others that begin with the prefix may be somebody's own.

    Args:
        environment: The variables.
        settings: The names of those that are settings.
    """
    known = [*settings, URL_VARIABLE]
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or not value:
            continue
        if is_of_a_service(name, value):
            if name in known:
                yield f"{name}={value} is a service's address, not a setting; it is ignored"
        elif name not in known:
            rest = [one.removeprefix(PREFIX) for one in known]
            for near in get_close_matches(name.removeprefix(PREFIX).upper(), rest, n=1):
                yield f"{name} is not a variable; did you mean {PREFIX + near}?"
