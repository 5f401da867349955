"""Decide which proxy a request goes through. Pure.

The variables are those of curl and urllib: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, in lower or upper case.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from foreign_eyes.crawler.fetchable_urls import url_problem
from foreign_eyes.listing.host_names import ascii_host, ascii_url

DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        url: `http://HOST:PORT`, without user and password.
        origin: the setting or variable that names it.
        credentials: `USER:PASSWORD`, or None; never shown.
    """

    url: str
    origin: str
    credentials: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """The host of the proxy."""
        return urlsplit(self.url).hostname or ""

    @property
    def authorization(self) -> bytes | None:
        """The value of `Proxy-Authorization` (RFC 7617), or None."""
        if self.credentials is None:
            return None
        return b"Basic " + base64.b64encode(self.credentials.encode())


@dataclass(frozen=True, slots=True)
class ProxyRules:
    """The proxies of one crawl.

    Attributes:
        http: the proxy for http URLs.
        https: the proxy for https URLs.
        exceptions: the hosts that are reached without a proxy, as in `no_proxy`.
        loopback_is_direct: whether this machine is reached without a proxy.
    """

    http: Proxy | None = None
    https: Proxy | None = None
    exceptions: tuple[str, ...] = ()
    loopback_is_direct: bool = False

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the proxies."""
        return frozenset(proxy.host for proxy in (self.http, self.https) if proxy is not None)

    def proxy_for(self, url: str) -> Proxy | None:
        """Return the proxy for a request, or None for a direct connection."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        host = parts.hostname or ""
        if proxy is None or (self.loopback_is_direct and _is_loopback(host)):
            return None
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return None if any(_matches(exception, host, port) for exception in self.exceptions) else proxy


NO_PROXY = ProxyRules()


def one_proxy(proxy: Proxy) -> ProxyRules:
    """Return the rules of a setting: every request goes through the proxy."""
    return ProxyRules(proxy, proxy)


def environment_rules(environment: Mapping[str, str]) -> ProxyRules:
    """Return the rules that environment variables give.

    Raises:
        ValueError: a variable does not name a proxy that can be used; the message never has its value.
    """
    return ProxyRules(
        _from_variables(environment, "http_proxy"),
        _from_variables(environment, "https_proxy"),
        _exceptions(_variable(environment, "no_proxy")[1] or ""),
        loopback_is_direct=True,
    )


def parse_proxy(text: str, origin: str) -> Proxy:
    """Return the proxy that `text` names, an http URL or `HOST:PORT`; it may have a user and a password.

    Raises:
        ValueError: it cannot be used; the message has no part of `text`, which can have a password.
    """
    text = text.strip()
    scheme, mark, _ = text.partition("://")
    if mark and scheme.lower() != "http":
        raise ValueError("must be the http:// URL of a proxy; https:// and SOCKS proxies are not supported")
    try:
        parts = urlsplit(ascii_url(text if mark else f"http://{text}"))
        host, port = parts.hostname or "", DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        raise ValueError("is not the URL of a proxy; give http://HOST:PORT") from None
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if url_problem(url) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("is not the URL of a proxy; give http://HOST:PORT")
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return Proxy(url, origin, credentials)


def _from_variables(environment: Mapping[str, str], name: str) -> Proxy | None:
    chosen, value = _variable(environment, name)
    if value is None:
        chosen, value = _variable(environment, "all_proxy")
    if not value or not value.strip():
        return None
    try:
        return parse_proxy(value, f"the environment variable {chosen}")
    except ValueError as error:
        raise ValueError(f"the environment variable {chosen} {error}") from None


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str | None]:
    """Return the name in force and the value of a variable in lower or upper case; lower case takes precedence."""
    # a CGI program finds the header `Proxy` of a request in HTTP_PROXY (CVE-2016-1000110)
    is_cgi = name == "http_proxy" and "REQUEST_METHOD" in environment
    for written in (name,) if is_cgi else (name, name.upper()):
        if written in environment:
            return written, environment[written]
    return name, None


def _exceptions(text: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in text.replace(",", " ").split())


def _matches(exception: str, host: str, port: int) -> bool:
    """Return whether an item of `no_proxy` names a host.

    It is `*`, a domain, which includes its subdomains, an IP address or a network such as 10.0.0.0/8; with or without a port.
    """
    if exception == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(exception.strip("[]"), strict=False)
    name, _, digits = exception.rpartition(":")
    if name and digits.isdigit():
        if int(digits) != port:
            return False
        exception = name
    exception = exception.strip("[]").lstrip(".").removeprefix("*.")
    with suppress(ValueError):
        exception = ascii_host(exception)
    return bool(exception) and (host == exception or host.endswith(f".{exception}"))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
