"""What is asked of a request's head before all else: size, one meaning, whose host it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from emulator import budgets

Lines = Sequence[tuple[bytes, bytes]]

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:@/\[\]]+))(?::[0-9]*)?", re.IGNORECASE)
_ONE_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_OWN_NAMES = ("localhost", "host.docker.internal")
_NEAR = tuple(
    map(
        ip_network,
        "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10"
        " ::1/128 fc00::/7 fe80::/10".split(),
    )
)
"""Loopback and private addresses: Docker's gateways and published ports have them."""


class HeadError(Exception):
    """A request that is refused before it is one; the message says why.

    `rule` is the id of an entry of the catalogue of all services.
    """

    def __init__(self, status: int, rule: str, message: str) -> None:
        super().__init__(message)
        self.status, self.rule = status, rule


def unreadable(reason: str) -> HeadError:
    """Return the error of a head that can be understood in no way, or in two."""
    return HeadError(400, "platform.unreadable", f"The request cannot be read: {reason}")


def speaks_tls() -> HeadError:
    """Return the error of a client that begins with a TLS handshake where HTTP is spoken."""
    message = "The client speaks TLS; this address speaks HTTP: its URL begins with http://."
    return HeadError(400, "platform.unreadable", message)


def target_too_long() -> HeadError:
    """Return the error of a request line beyond the budget."""
    message = f"The request's target is longer than {budgets.HEAD_BYTES} bytes."
    return HeadError(414, "platform.target_too_long", message)


def head_too_large() -> HeadError:
    """Return the error of headers beyond the budget."""
    message = (
        f"The request has more than {budgets.MAX_HEADERS} headers,"
        f" or they are longer than {budgets.HEAD_BYTES} bytes."
    )
    return HeadError(431, "platform.head_too_large", message)


def too_slow() -> HeadError:
    """Return the error of a request whose rest does not come."""
    message = "The rest of the request did not arrive in time."
    return HeadError(408, "platform.request_timeout", message)


def too_many_connections() -> HeadError:
    """Return the error of a connection beyond the budget, when none can be closed for it."""
    message = f"There are {budgets.MAX_CONNECTIONS} connections already, all of them busy."
    return HeadError(429, "platform.too_many_at_once", message)


def too_many_pipelined() -> HeadError:
    """Return the error of a connection that sends more requests than it reads answers."""
    message = f"{budgets.MAX_PIPELINED} requests of this connection wait for their answers."
    return HeadError(429, "platform.too_many_at_once", message)


def check_size(target: bytes, lines: Lines) -> None:
    """Refuse a head that is larger than the budget.

    Raises:
        HeadError: It is.
    """
    if len(target) > budgets.HEAD_BYTES:
        raise target_too_long()
    size = sum(len(name) + len(value) for name, value in lines)
    if size > budgets.HEAD_BYTES or len(lines) > budgets.MAX_HEADERS:
        raise head_too_large()


def check_framing(target: bytes, lines: Lines) -> None:
    """Refuse a head of which two readers might understand different things.

    The parser has refused most already: lengths that differ, folded lines, bare CR and LF.

    Raises:
        HeadError: There are several hosts, or a transfer coding that is not known here.
    """
    hosts = [value for name, value in lines if name == b"host"]
    if len(hosts) > 1:
        raise unreadable("it names several hosts.")
    for name, value in lines:
        if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise unreadable("of the transfer codings only chunked is known.")
    if not target.startswith((b"/", b"*")):
        _check_absolute(target, hosts)


def _check_absolute(target: bytes, hosts: list[bytes]) -> None:
    """Refuse a whole URL as target if it is not of the host that the request names.

    "HTTP/1.1", RFC 9112, 3.2.2: a client sends the same in both.
    """
    try:
        url = urlsplit(target.decode("ascii"))
        is_usable = url.scheme.lower() in ("http", "https") and bool(url.hostname)
    except ValueError:
        is_usable = False
    if not is_usable or "@" in url.netloc:
        raise unreadable("its target is neither a path nor the URL of a host.")
    if hosts and url.netloc.lower() != hosts[0].decode("latin-1").strip().lower():
        raise unreadable("its target and its header host name different hosts.")


def names_this_machine(host: str, local_address: str = "") -> bool:
    """Tell whether a header `Host` names this machine, or a container, whatever its port.

    Args:
        host: The header's value.
        local_address: The address of this machine at which the request arrived.
    """
    name = name_in(host)
    if _ONE_LABEL.fullmatch(name) or name in _OWN_NAMES or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and (
        address == _address(local_address)
        or any(address in network for network in _NEAR if network.version == address.version)
    )


def name_in(host: str) -> str:
    """Return the name or address in a header `Host`, or nothing if it is malformed."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).lower().rstrip(".")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
