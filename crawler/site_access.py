"""How a crawl reaches the site of its source: headers, trusted certificates, cookies, legacy TLS, proxies.

The settings are read when a crawl begins, belong to that crawl alone, and are used for the source's own host only, except
proxies. Values of headers can be secrets: no message, log or `repr` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from foreign_eyes.crawler.proxy_rules import NO_PROXY, ProxyRules
from foreign_eyes.crawler.proxy_settings import read_proxies
from foreign_eyes.crawler.secret_values import place_of, read_secret
from foreign_eyes.crawler.site_settings import SettingSource, header_value_problem
from foreign_eyes.crawler.sources import SiteSettingError, SourceSettings

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class SiteAccess:
    """How one crawl reaches the site of its source.

    Attributes:
        url: the URL of the source.
        headers: the request headers, with their values.
        certificates: trusted in addition to those of the system.
        proxies: the proxies of all requests, also of those for other hosts.
    """

    url: str
    headers: Mapping[str, str]
    certificates: tuple[x509.Certificate, ...] = ()
    legacy_renegotiation: bool = False
    cookies: bool = False
    proxies: ProxyRules = NO_PROXY

    def is_own_host(self, host: str) -> bool:
        """Return whether `host` is the source's."""
        return host.lower() == (urlsplit(self.url).hostname or "")

    def is_own_origin(self, url: str) -> bool:
        """Return whether a URL has the scheme, host and port of the source."""
        return origin_of(url) == origin_of(self.url)

    @property
    def keeps_set_cookie(self) -> bool:
        """Whether a response may be stored with its cookies; not if they could open a session to others."""
        return not (self.cookies or self.headers)


def read_site_access(name: str, source: SourceSettings, environment: Mapping[str, str]) -> SiteAccess:
    """Return how a crawl reaches the site of the source `name`.

    Raises:
        SiteSettingError: a variable or file that the settings name is missing or has no usable value.
    """
    headers = {
        field: _header_value(f"[sources.{name}] headers, {field}", wanted, environment)
        for field, wanted in source.headers.items()
    }
    certificates = _certificates(f"[sources.{name}] ca_file", Path(source.ca_file)) if source.ca_file else ()
    proxies = read_proxies(name, source, environment)
    return SiteAccess(source.url, headers, certificates, source.legacy_renegotiation, source.cookies, proxies)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL; the port is the scheme's own if the URL has none. Pure."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _header_value(where: str, wanted: str | SettingSource, environment: Mapping[str, str]) -> str:
    if isinstance(wanted, str):
        return wanted  # checked with the settings
    value = read_secret(where, wanted, environment)
    if problem := header_value_problem(value):
        raise SiteSettingError(f"{where}: {place_of(wanted)} {problem}")
    return value


def _certificates(where: str, file: Path) -> tuple[x509.Certificate, ...]:
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise SiteSettingError(f"{where}: {file} cannot be read ({error.strerror}): check path and owner") from None
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        remedy = f"if it is DER: openssl x509 -inform der -in {file} -out {file}.pem"
        raise SiteSettingError(f"{where}: {file} has no certificate in PEM form; {remedy}") from None
