"""Test certificates of authorities and servers, valid ones and common misconfigurations."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Holder:
    """A certificate with its key and its issuers, the root last."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @classmethod
    def root(cls, name: str) -> Self:
        """Return a self-signed authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return cls(_signed(_builder(subject, subject, key, 3650 * DAY, is_authority=True), key), key)

    def issue(
        self,
        name: str,
        *hosts: str,
        lasts: timedelta = 365 * DAY,
        begins: timedelta = -800 * DAY,
        is_authority: bool = False,
        found_at: str | None = None,
    ) -> Holder:
        """Issue a certificate valid from now + `begins` to now + `lasts`.

        `found_at` is the URL of the issuer's certificate (authority information access).
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self.certificate.subject, key, lasts, begins=begins, is_authority=is_authority)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False
            )
        if found_at:
            place = x509.UniformResourceIdentifier(found_at)
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return Holder(_signed(builder, self.key), key, (self.certificate, *self.above))

    def pem(self) -> bytes:
        """Return the certificate in PEM form, without key and issuers."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, folder: Path, sent: Sequence[x509.Certificate] = ()) -> ssl.SSLContext:
        """Return the TLS context of a server that sends this certificate and those in `sent`."""
        file = folder / f"server-{self.certificate.serial_number}.pem"
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        key = self.key.private_bytes(encoding, form, serialization.NoEncryption())
        file.write_bytes(b"".join([key, self.pem(), *(one.public_bytes(encoding) for one in sent)]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    lasts: timedelta,
    *,
    begins: timedelta = -1000 * DAY,
    is_authority: bool,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + lasts)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
