"""Certificates that are made at a start, by the library cryptography."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from emulator.clock import SystemClock
from emulator.moments import EPOCH

VALID_DAYS = 397
"""Some clients accept no certificate that is valid for longer."""

_AUTHORITY = "aep-emulator, authority of one start"
_PEM = serialization.Encoding.PEM


class Made(NamedTuple):
    """A certificate in PEM: its key and itself, and the authority that has signed it."""

    chain: bytes
    authority: bytes


def make(names: Sequence[str]) -> Made:
    """Return a new certificate for names of hosts and IP addresses, and its new authority."""
    authority_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    authority_name = _name(_AUTHORITY)
    authority = (
        _builder(authority_name, authority_name, authority_key, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name("aep-emulator"), authority_name, key, authority_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in dict.fromkeys(names)]),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Made(private + certificate.public_bytes(_PEM), authority.public_bytes(_PEM))


def is_ours(path: Path) -> bool:
    """Tell whether a file has an authority that was made here, and nothing else."""
    try:
        content = path.read_bytes()
        (found,) = x509.load_pem_x509_certificates(content)
    except (OSError, ValueError):
        return False
    return found.subject == _name(_AUTHORITY) and content == found.public_bytes(_PEM)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    now = EPOCH + timedelta(milliseconds=SystemClock().now())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of containers and virtual machines differ a little.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS - 1))
        .add_extension(identifier, critical=False)
        .add_extension(issuer_identifier, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
