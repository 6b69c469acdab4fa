"""What HTTPS is served with: a certificate from files, or one that is made for this start."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

CA_NAME = "aep-emulator-ca.pem"
"""How the file with a made authority is called, unless a setting says."""


class TlsError(ValueError):
    """HTTPS cannot be served so; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate with its key, ready to be served.

    Args:
        context: What connections are made with.
        ca: The file with the authority that clients have to trust, if it was made here.
        folder: Where it lies, if nothing else does there.
    """

    context: ssl.SSLContext
    ca: Path | None = None
    folder: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Remove the file, unless somebody has said where it is to be."""
        if self.folder is not None:
            self.folder.cleanup()


def from_files(certificate: Path, key: Path | None) -> Tls:
    """Return what is served with a certificate and its key, in the same file by default.

    Raises:
        TlsError: They cannot be used.
    """
    for flag, path in (("--tls-cert", certificate), ("--tls-key", key or certificate)):
        try:
            path.read_bytes()
        except OSError as error:
            raise TlsError(f"{flag}: {path}: {error.strerror}") from error
    context = _context()
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = f"the key in {key or certificate} is that of another certificate"
        else:
            reason = f"no PEM certificate, or no key in {key or certificate}"
        raise TlsError(f"--tls-cert: {certificate}: {reason}") from error
    return Tls(context)


def self_signed(names: Sequence[str], ca: Path | None) -> Tls:
    """Return what is served with a new certificate for some names of hosts and addresses.

    Its authority is written for clients to trust: to `ca`, or into a new folder. The authority's
    key is forgotten, so that it vouches for nothing else; the certificate's is in no file for
    longer than it takes to load it.

    Raises:
        TlsError: It cannot be made, or not be written.
    """
    try:
        from emulator.serving.certificates import is_ours, make
    except ModuleNotFoundError as error:
        raise TlsError(
            "--tls self-signed needs the extra tls: pip install 'aep-emulator[tls]'"
        ) from error
    from emulator.output import write_file

    if ca is not None and ca.exists() and not is_ours(ca):
        raise TlsError(f"--tls-ca: {ca} is there, and no --tls self-signed has written it")
    made = make(names)
    folder = None
    try:
        context = _loaded(made.chain)
        if ca is None:
            folder = TemporaryDirectory(prefix="aep-emulator-tls-", ignore_cleanup_errors=True)
            Path(folder.name).chmod(0o755)
            ca = Path(folder.name, CA_NAME)
        write_file(ca, made.authority)
    except OSError as error:
        where = ca or "the folder for temporary files"
        raise TlsError(f"--tls-ca: {where} cannot be written: {error.strerror}") from error
    return Tls(context, ca, folder)


def _loaded(chain: bytes) -> ssl.SSLContext:
    """Return a context with a key and its certificate; OpenSSL reads them from a file alone.

    On Linux that is a file in memory, which needs no file system that can be written.
    """
    context = _context()
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("certificate"), "wb") as private:
            private.write(chain)
            private.flush()
            context.load_cert_chain(f"/proc/self/fd/{private.fileno()}")
    else:
        with tempfile.NamedTemporaryFile(suffix=".pem") as private:  # its mode is 0600
            private.write(chain)
            private.flush()
            context.load_cert_chain(private.name)
    return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_password() -> str:
    """Say that a key is encrypted, where OpenSSL would ask the terminal for its password."""
    raise TlsError("--tls-key: the key is encrypted; it has to be without a password")
