"""Holds every reply of a test's emulator to one promise: no address in it leaves this machine.

A client that follows an address of the platform from a reply would send test data to production.
Identifiers that only look like addresses may stay, and what a client has sent itself comes back.
"""

from __future__ import annotations

import re

from emulator.json_types import dumps
from emulator.web.exchange import Exchange
from emulator.web.self_check import HEADER

ALLOWED = {
    "adobe.com": "in the identifiers of some standard field groups",
    "json-schema.org": "the dialects of JSON Schema",
    "ns.adobe.com": "the ids of XDM resources, and the types of errors",
    "platform.adobe.com": "in the printed examples of two mapping functions",
    "schema.org": "in the ids of standard data types",
    "www.adobe.com": "the links to documentation in connection specs, for people",
    "www.w3.org": "vocabularies that standard fields refer to",
}
"""Hosts in identifiers, links for people and printed examples: no client sends data there."""

LOCAL = re.compile(r"(?:.*\.)?(?:localhost|example|example\.(?:com|net|org)|test|invalid)")
"""Names that lead to this machine or, reserved by RFC 2606, nowhere."""

_HOST = re.compile(r"://(?:[^/@\s\"'\\?#]*@)?([A-Za-z0-9.-]+)(…?)")
"""A text that a message has cut short may end within a host."""


class StaysHere:
    """A function for `Engine.after` that reports foreign hosts as the self-check does."""

    def __init__(self) -> None:
        self._sent: set[str] = set()

    def __call__(self, exchange: Exchange) -> None:
        """Report the hosts in a reply that are neither this emulator's nor the client's."""
        asked, reply = exchange.incoming, exchange.reply
        self._sent |= hosts(f"{asked.base_url} {asked.query_string} {asked.headers}")
        self._sent |= hosts(asked.body.decode("utf-8", "replace"))
        content = reply.body if isinstance(reply.body, bytes) else dumps(reply.body)
        found = hosts(f"{content.decode('utf-8', 'replace')} {reply.headers}")
        foreign = sorted(
            host for host in found - self._sent if host not in ALLOWED and not LOCAL.fullmatch(host)
        )
        if foreign:
            text = f"the reply leads to {', '.join(foreign)}"
            exchange.deviations.append(text)
            reply.headers[HEADER] = text


def hosts(text: str) -> set[str]:
    """Return the hosts of the addresses in a text, in lower case, but those without a domain."""
    found = (host.lower().rstrip(".") for host, cut in _HOST.findall(text) if not cut)
    return {host for host in found if "." in host}
