"""TLS with words: why a server's certificate was refused, and what the operator can do about it.

OpenSSL says only "certificate verify failed" in the end; the code behind it is seen in the callback that verifies the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from OpenSSL import SSL, crypto
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from foreign_eyes.listing.parser.fetchable_urls import shown

Codes = SSL.X509VerificationCodes

_TRUST_IT = "put it into a copy of the system's CA bundle and name that file in SSL_CERT_FILE; see docs/network.md"


@dataclass(slots=True)
class Handshake:
    """The last TLS handshake with a place: whether it began, its certificate was accepted, and else why not."""

    began: bool = False
    accepted: bool = False
    flaw: str | None = None


# Scrapy's error for a failed handshake does not carry the reason, so it is kept here, by host and port
_handshakes: dict[tuple[str, int], Handshake] = {}


def handshake_of(url: str) -> Handshake:
    """Return how the last handshake for an https address went."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Handshake()
    return _handshakes.get((parts.hostname or "", parts.port or 443), Handshake())


class ExplainedHttps(HTTP11DownloadHandler):
    """Scrapy's handler for https, which notes why a certificate was refused."""

    def __init__(self, crawler: Crawler):
        super().__init__(crawler)
        self._contextFactory = cast("IPolicyForHTTPS", _ExplainedPolicy(self._contextFactory))


@implementer(IPolicyForHTTPS)
class _ExplainedPolicy:
    def __init__(self, policy: Any):
        self._policy = policy

    def creatorForNetloc(self, hostname: bytes, port: int) -> _ExplainedCreator:  # noqa: N802 - Twisted's name
        """Return what makes a connection to a place; each starts with a handshake of which nothing is known."""
        host = hostname.decode("ascii")
        handshake = _handshakes[host.lower(), port] = Handshake()
        return _ExplainedCreator(self._policy.creatorForNetloc(hostname, port), host, handshake)


@implementer(IOpenSSLClientConnectionCreator)
class _ExplainedCreator:
    def __init__(self, creator: Any, host: str, handshake: Handshake):
        self._creator = creator
        self._host = host
        self._handshake = handshake

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """Return a connection that verifies chain and name as Twisted's own does, and keeps the reason."""
        self._handshake.began = True
        connection: SSL.Connection = self._creator.clientConnectionForTLS(protocol)
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        return connection

    def _verify(self, _connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
        try:
            flaw = self._flaw(certificate, code, depth, accepted=bool(ok))
        except Exception as error:  # in OpenSSL's callback it would be lost
            flaw = f"its certificate cannot be read ({type(error).__name__}: {error})"
        self._handshake.flaw = self._handshake.flaw or flaw
        self._handshake.accepted = flaw is None and depth == 0
        return flaw is None

    def _flaw(self, certificate: crypto.X509, code: int, depth: int, *, accepted: bool) -> str | None:
        if not accepted:
            return flaw_of_chain(certificate.to_cryptography(), code, depth)
        if depth:
            return None
        literal = isIPAddress(self._host) or isIPv6Address(self._host)
        try:
            verify_service_identity(
                extract_patterns(certificate), [IPAddress_ID(self._host) if literal else DNS_ID(self._host)], []
            )
        except (VerificationError, CertificateError):
            return flaw_of_names(certificate.to_cryptography(), self._host)
        return None


def flaw_of_chain(certificate: x509.Certificate, code: int, depth: int) -> str:
    """Say why OpenSSL refused the certificate at `depth` of a chain (0 is the server's own), and what to do."""
    which = "its certificate" if depth == 0 else f"the certificate {_name(certificate.subject)!r} above its own"
    issuer = _name(certificate.issuer)
    match code:
        case Codes.ERR_CERT_HAS_EXPIRED:
            ended = certificate.not_valid_after_utc
            return (
                f"{which} expired on {ended:%Y-%m-%d}: if this machine's clock is right, the site has to renew it;"
                " until then a crawl cannot trust what it reads"
            )
        case Codes.ERR_CERT_NOT_YET_VALID:
            begins = certificate.not_valid_before_utc
            return f"{which} is not valid before {begins:%Y-%m-%d}: check this machine's clock"
        case Codes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return f"{which} is self-signed: if you trust it, {_TRUST_IT}"
        case Codes.ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return f"its certificate is signed by {issuer!r}, which is not trusted here: if you trust it, {_TRUST_IT}"
        case Codes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY | Codes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return _flaw_of_missing_issuer(certificate, which, issuer, depth)
    reason = next((name for name, value in vars(Codes).items() if value == code), str(code))
    said = reason.removeprefix("ERR_").replace("_", " ").lower()
    return f"{which} is refused ({said}): open the address in a browser to see whether the site is what it was"


def _flaw_of_missing_issuer(certificate: x509.Certificate, which: str, issuer: str, depth: int) -> str:
    place = _place_of_issuer(certificate)
    if depth == 0 and place:  # only public authorities say where their certificates are
        left_out = f"the server leaves out the intermediate certificate of {issuer!r}, which signed its own"
        return f"{left_out}: get it from {place}, {_TRUST_IT}"
    if depth == 0:
        return (
            f"{which} is signed by {issuer!r}, whose certificate is neither sent nor known here: the server leaves out an"
            f" intermediate certificate, or the authority is not trusted here; if you trust it, {_TRUST_IT}"
        )
    return f"{which} is signed by {issuer!r}, which is not trusted here: if you trust it, {_TRUST_IT}"


def flaw_of_names(certificate: x509.Certificate, host: str) -> str:
    """Say that a certificate is another host's, and which."""
    names = _hosts(certificate)
    whose = f"for {', '.join(names[:3])}{' and others' if len(names) > 3 else ''}" if names else "for no host at all"
    return f"its certificate is {whose}, not for {host}: check the address of the source; it may have moved"


def _hosts(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    hosts = names.get_values_for_type(x509.DNSName)
    return [shown(name) for name in (*hosts, *map(str, names.get_values_for_type(x509.IPAddress)))]


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return shown(str(common[0].value) if common else name.rfc4514_string()) or "nobody"


def _place_of_issuer(certificate: x509.Certificate) -> str | None:
    """Return where the issuer's certificate can be got, as public authorities say in each that they sign."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    for description in access:
        place = description.access_location
        if description.access_method == AuthorityInformationAccessOID.CA_ISSUERS and isinstance(
            place, x509.UniformResourceIdentifier
        ):
            return shown(place.value)
    return None
