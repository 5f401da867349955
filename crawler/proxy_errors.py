"""Tell the errors of a proxy from those of the site."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError
from twisted.internet.error import ConnectError
from twisted.internet.error import TimeoutError as ConnectTimeout

from foreign_eyes.crawler.download_errors import FetchFault, fault_of
from foreign_eyes.crawler.fetchable_urls import printable
from foreign_eyes.crawler.proxy_rules import Proxy
from foreign_eyes.listing.host_names import shown_host

_MESSAGES: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "the host name of {} has no address: check its spelling and this machine's DNS"),
    (DownloadConnectionRefusedError, "{} refuses the connection: check that it runs, and at that port"),
    (ConnectTimeout, "connecting to {} timed out: check its address; try again later"),
    (DownloadTimeoutError, "no whole response in time through {}: it or the site is slow; try again later"),
)
_CANNOT_REACH = frozenset({500, 502, 503, 504})


class TunnelError(Exception):
    """The proxy opened no tunnel to an https site; `status` is its answer, None if there was none."""

    def __init__(self, status: int | None):
        super().__init__(f"the proxy answers {status}" if status is not None else "the proxy closed the connection")
        self.status = status


def exception_fault(error: Exception, proxy: Proxy, url: str) -> FetchFault | None:
    """Return the fault if a request failed at the proxy; None if it failed elsewhere."""
    if isinstance(error, TunnelError):
        return _refused_tunnel(error.status, proxy, url)
    which = f"the proxy {proxy.url} (from {proxy.origin})"
    cause = error.__cause__ if isinstance(error.__cause__, ConnectTimeout) else error
    for kind, message in _MESSAGES:
        if isinstance(cause, kind):
            return _transient(message.format(which))
    if isinstance(error, (ConnectError, OSError)) and (fault := fault_of(error)) is not None:
        return FetchFault("unreachable", f"{which}: {fault.detail}", transient=fault.transient)
    return None


def response_fault(status: int, headers: Mapping[str, str], proxy: Proxy, url: str) -> FetchFault | None:
    """Return the fault if a response to an http request is the proxy's own; None if it is the site's. Pure.

    `headers` have names in lower case. Squid and tinyproxy mark their responses, and so does `Proxy-Status` (RFC 9209).
    """
    if urlsplit(url).scheme != "http":
        return None  # inside a tunnel; `exception_fault` is for the proxy's answer
    if status == 407:
        return _login(proxy)
    squid = headers.get("x-squid-error", "")
    marked = squid or "error=" in headers.get("proxy-status", "") or headers.get("server", "").startswith("tinyproxy")
    if not marked or status < 400:
        return None
    code = f" ({printable(squid)})" if squid else ""
    return _answer(status, code, proxy, url)


def _refused_tunnel(status: int | None, proxy: Proxy, url: str) -> FetchFault:
    if status is None:
        detail = f"the proxy {proxy.url} closed the connection instead of opening a tunnel to {_host(url)}"
        return _transient(f"{detail}: it may not allow https")
    return _login(proxy) if status == 407 else _answer(status, "", proxy, url)


def _answer(status: int, code: str, proxy: Proxy, url: str) -> FetchFault:
    answers = f"the proxy {proxy.url} answers {status}{code} for {_host(url)}"
    if status in _CANNOT_REACH:
        return _transient(f"{answers}: it cannot reach the site; the site is down, or its name has no address there")
    if status == 403:
        return FetchFault("unreachable", f"{answers}: it forbids this site; ask its operator to allow it")
    return FetchFault("unreachable", f"{answers}: check that it is a proxy for web sites")


def _login(proxy: Proxy) -> FetchFault:
    if proxy.credentials is None:
        detail = f"requires a login: write http://USER:PASSWORD@{urlsplit(proxy.url).netloc} where its URL is ({proxy.origin})"
        if proxy.origin.endswith("] proxy"):  # written in the settings, where a password must not stand
            detail = 'requires a login: set proxy = { env = "NAME" } or { file = "PATH" }, and write its URL with the login there'
    else:
        detail = f"refuses the login: check user and password ({proxy.origin})"
    return FetchFault("unreachable", f"the proxy {proxy.url} {detail}")


def _transient(detail: str) -> FetchFault:
    return FetchFault("unreachable", detail, transient=True)


def _host(url: str) -> str:
    return shown_host(urlsplit(url).netloc)
