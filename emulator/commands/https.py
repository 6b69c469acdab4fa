"""What `serve` needs for HTTPS, and says of it. Not a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.commands import WILDCARDS, CommandError

if TYPE_CHECKING:
    from emulator.serving.tls import Tls
    from emulator.settings import Settings


def tls_of(settings: Settings) -> Tls | None:
    """Return what HTTPS is served with, None where HTTP is.

    Raises:
        CommandError: The settings cannot be used.
    """
    if settings.scheme == "http":
        if settings.tls_key is not None:
            raise CommandError("--tls-key needs --tls-cert, the certificate of the key")
        return None
    if settings.tls and settings.tls_cert is not None:
        raise CommandError("--tls self-signed makes a certificate, and --tls-cert names one")
    from emulator.serving import tls

    try:
        if settings.tls_cert is not None:
            return tls.from_files(settings.tls_cert, settings.tls_key)
        return tls.self_signed(_own_names(settings), settings.tls_ca)
    except tls.TlsError as error:
        raise CommandError(str(error)) from error


def _own_names(settings: Settings) -> list[str]:
    """Return the names and addresses that clients of this machine's emulator may call it by."""
    import socket

    own = ("localhost", "127.0.0.1", "::1", socket.gethostname(), "host.docker.internal")
    names = [*own, settings.host, *settings.allowed_hosts]
    return [name for name in names if name not in ("", "*", *WILDCARDS) and name.isascii()]


def tls_line(tls: Tls | None) -> list[str]:
    """Return a line for the start that says what clients have to trust, if it was made here."""
    if tls is None or tls.ca is None:
        return []
    return [f"  trust      {tls.ca}, the authority of this start's certificate"]
