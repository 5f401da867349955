"""The errors of a proxy, told from those of the site."""

from __future__ import annotations

import pytest
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError
from twisted.internet.error import ConnectError
from twisted.internet.error import TimeoutError as ConnectTimeout

from foreign_eyes.crawler.proxy_errors import TunnelError, exception_fault, response_fault
from foreign_eyes.crawler.proxy_rules import Proxy

PROXY = Proxy("http://proxy.example:3128", "the environment variable https_proxy")
WITH_LOGIN = Proxy("http://proxy.example:3128", "[sources.town] proxy: the file /etc/eyes", "me:s3cret")
HTTP, HTTPS = "http://xn--bcher-kva.example/list/", "https://town.example/list/"
SQUID = "X-Squid-Error"


@pytest.mark.parametrize(
    ("error", "words", "transient"),
    [
        (CannotResolveHostError(), ["the host name of the proxy", "has no address"], True),
        (DownloadConnectionRefusedError(), ["the proxy", "refuses the connection", "https_proxy"], True),
        (ConnectTimeout(), ["connecting to the proxy", "timed out"], True),
        (DownloadTimeoutError(), ["no whole response in time through the proxy"], True),
        (ConnectError(osError=101), ["the proxy", "no route to the host's network"], True),
        (TunnelError(403), ["answers 403 for town.example", "it forbids this site"], False),
        (TunnelError(407), ["requires a login", "http://USER:PASSWORD@proxy.example:3128", "https_proxy"], False),
        (TunnelError(503), ["answers 503 for town.example", "it cannot reach the site"], True),
        (TunnelError(400), ["answers 400", "check that it is a proxy"], False),
        (TunnelError(None), ["closed the connection instead of opening a tunnel to town.example"], True),
    ],
)
def test_an_error_at_the_proxy_names_the_proxy(error: Exception, words: list[str], *, transient: bool) -> None:
    fault = exception_fault(error, PROXY, HTTPS)
    assert fault is not None
    assert all(word in fault.detail for word in [*words, "http://proxy.example:3128"]), fault.detail
    assert (fault.fault, fault.transient) == ("unreachable", transient)


def test_an_error_of_the_site_is_not_the_proxys() -> None:
    assert exception_fault(ValueError(), PROXY, HTTPS) is None
    assert response_fault(502, {"server": "nginx"}, PROXY, HTTP) is None
    assert response_fault(200, {"server": "tinyproxy/1.11"}, PROXY, HTTP) is None
    assert response_fault(407, {"x-squid-error": "ERR_CACHE_ACCESS_DENIED 0"}, PROXY, HTTPS) is None


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (407, {}, ["requires a login"]),
        (
            503,
            {"x-squid-error": "ERR_CONNECT_FAIL 111"},
            ["503 (ERR_CONNECT_FAIL 111)", "bücher.example", "cannot reach"],
        ),
        (403, {"x-squid-error": "ERR_ACCESS_DENIED 0"}, ["it forbids this site"]),
        (502, {"proxy-status": "eyes; error=dns_error"}, ["answers 502", "cannot reach the site"]),
        (500, {"server": "tinyproxy/1.11.1"}, ["answers 500", "cannot reach the site"]),
        (404, {"server": "tinyproxy/1.11.1"}, ["answers 404", "check that it is a proxy"]),
    ],
)
def test_a_response_of_the_proxy_itself_is_recognised(status: int, headers: dict[str, str], words: list[str]) -> None:
    fault = response_fault(status, headers, PROXY, HTTP)
    assert fault is not None
    assert all(word in fault.detail for word in words), fault.detail


def test_a_refused_login_is_not_shown() -> None:
    fault = response_fault(407, {}, WITH_LOGIN, HTTP)
    assert fault is not None
    assert "refuses the login: check user and password ([sources.town] proxy: the file /etc/eyes)" in fault.detail
    assert "s3cret" not in fault.detail
