"""Verify the certificates of servers; explain why one was refused, and what the operator can do.

OpenSSL's exception says only "certificate verify failed"; the error code is available in the callback that verifies the
chain.
"""

from __future__ import annotations

from typing import Any, cast

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from OpenSSL import SSL, crypto
from scrapy.core.downloader.contextfactory import _get_creator_context
from scrapy.crawler import Crawler
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from foreign_eyes.crawler.fetchable_urls import printable
from foreign_eyes.crawler.proxy_tunnels import TunnellingHandler
from foreign_eyes.crawler.session import Session
from foreign_eyes.crawler.site_access import SiteAccess
from foreign_eyes.crawler.tls_handshakes import Handshake
from foreign_eyes.listing.host_names import shown_host

Codes = SSL.X509VerificationCodes

# the second way is for hosts to which the site redirects or links: the settings of a source are for its own host
_TRUST_IT = (
    "save it as a PEM file and set ca_file to that file in the settings of the source (for another host than the source's:"
    " SSL_CERT_FILE); see docs/network.md"
)
# SSL_OP_LEGACY_SERVER_CONNECT
_LEGACY_SERVER_CONNECT = 0x4


class ExplainedHttps(TunnellingHandler):
    """Scrapy's handler for https with the TLS settings of the source; keeps the reason why a certificate was refused."""

    def __init__(self, crawler: Crawler):
        super().__init__(crawler)
        self._contextFactory = cast("IPolicyForHTTPS", _ExplainedPolicy(self._contextFactory, crawler))


@implementer(IPolicyForHTTPS)
class _ExplainedPolicy:
    def __init__(self, policy: Any, crawler: Crawler):
        self._policy = policy
        self._crawler = crawler

    def creatorForNetloc(self, hostname: bytes, port: int) -> _ExplainedCreator:  # noqa: N802 - Twisted's name
        """Return the creator of a connection to a host; start a new handshake record."""
        host = hostname.decode("ascii")
        session: Session = self._crawler.spider.session  # type: ignore[union-attr]
        creator = self._policy.creatorForNetloc(hostname, port)
        if session.access.is_own_host(host):
            _apply(session.access, _get_creator_context(creator))  # a context of this connection alone
        return _ExplainedCreator(creator, host, session.handshakes.begin(host, port))


def _apply(access: SiteAccess, context: SSL.Context) -> None:
    """Trust what the source's settings trust."""
    if access.legacy_renegotiation:
        context.set_options(_LEGACY_SERVER_CONNECT)
    if access.certificates and (store := context.get_cert_store()) is not None:
        # a trusted certificate need not lead to a root: it may be an intermediate one, or the server's own
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        for certificate in access.certificates:
            store.add_cert(crypto.X509.from_cryptography(certificate))


@implementer(IOpenSSLClientConnectionCreator)
class _ExplainedCreator:
    def __init__(self, creator: Any, host: str, handshake: Handshake):
        self._creator = creator
        self._host = host
        self._handshake = handshake

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """Return a connection that verifies as Twisted does and keeps the reason of a refusal."""
        self._handshake.began = True
        connection: SSL.Connection = self._creator.clientConnectionForTLS(protocol)
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        return connection

    def _verify(self, _connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
        try:
            problem = self._find_problem(certificate, code, depth, accepted=bool(ok))
        except Exception as error:  # an exception in OpenSSL's callback would be lost
            problem = f"its certificate cannot be read ({type(error).__name__}: {error})"
        self._handshake.problem = self._handshake.problem or problem
        self._handshake.accepted = problem is None and depth == 0
        return problem is None

    def _find_problem(self, certificate: crypto.X509, code: int, depth: int, *, accepted: bool) -> str | None:
        if not accepted:
            return chain_problem(certificate.to_cryptography(), code, depth)
        if depth:
            return None
        literal = isIPAddress(self._host) or isIPv6Address(self._host)
        try:
            verify_service_identity(
                extract_patterns(certificate), [IPAddress_ID(self._host) if literal else DNS_ID(self._host)], []
            )
        except (VerificationError, CertificateError):
            return name_problem(certificate.to_cryptography(), self._host)
        return None


def chain_problem(certificate: x509.Certificate, code: int, depth: int) -> str:
    """Return why OpenSSL refused a certificate, and what to do.

    `depth` is its place in the chain: 0 is the server's own.
    """
    which = "its certificate" if depth == 0 else f"the certificate {_name(certificate.subject)!r} above its own"
    issuer = _name(certificate.issuer)
    match code:
        case Codes.ERR_CERT_HAS_EXPIRED:
            ended = certificate.not_valid_after_utc
            return (
                f"{which} expired on {ended:%Y-%m-%d}: check this machine's clock; if it is right, the site must renew the"
                " certificate, and cannot be crawled before"
            )
        case Codes.ERR_CERT_NOT_YET_VALID:
            begins = certificate.not_valid_before_utc
            return f"{which} is not valid before {begins:%Y-%m-%d}: check this machine's clock"
        case Codes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return f"{which} is self-signed: if you trust it, {_TRUST_IT}"
        case Codes.ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return f"its certificate is signed by {issuer!r}, which is not trusted here: if you trust it, {_TRUST_IT}"
        case Codes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY | Codes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return _missing_issuer_problem(certificate, which, issuer, depth)
    reason = next((name for name, value in vars(Codes).items() if value == code), str(code))
    description = reason.removeprefix("ERR_").replace("_", " ").lower()
    return f"{which} was refused ({description}): open the URL in a browser and check that it is the right site"


def _missing_issuer_problem(certificate: x509.Certificate, which: str, issuer: str, depth: int) -> str:
    issuer_url = _issuer_url(certificate)
    if depth == 0 and issuer_url:  # only public authorities give the URL of their certificates
        missing = f"the server does not send the intermediate certificate of {issuer!r}, which signed its own"
        return f"{missing}: get it from {issuer_url}, {_TRUST_IT}"
    if depth == 0:
        return (
            f"{which} is signed by {issuer!r}, whose certificate is neither sent nor trusted here: the server omits an"
            f" intermediate certificate, or the authority is not public; if you trust it, {_TRUST_IT}"
        )
    return f"{which} is signed by {issuer!r}, which is not trusted here: if you trust it, {_TRUST_IT}"


def name_problem(certificate: x509.Certificate, host: str) -> str:
    """Return the message for a certificate that is for other hosts, with their names."""
    names = _hosts(certificate)
    hosts = f"for {', '.join(names[:3])}{' and others' if len(names) > 3 else ''}" if names else "for no host"
    return (
        f"its certificate is {hosts}, not for {shown_host(host)}: check the URL of the source; the site may have moved"
    )


def _hosts(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    hosts = names.get_values_for_type(x509.DNSName)
    return [printable(name) for name in (*hosts, *map(str, names.get_values_for_type(x509.IPAddress)))]


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return printable(str(common[0].value) if common else name.rfc4514_string()) or "an unnamed issuer"


def _issuer_url(certificate: x509.Certificate) -> str | None:
    """Return the URL of the issuer's certificate, or None.

    Public authorities put it into each certificate.
    """
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    for description in access:
        location = description.access_location
        if description.access_method == AuthorityInformationAccessOID.CA_ISSUERS and isinstance(
            location, x509.UniformResourceIdentifier
        ):
            return printable(location.value)
    return None
