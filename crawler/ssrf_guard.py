"""Refuse addresses that are not public.

A listing must not lead the crawler into the operator's network.

Only the host of the source itself may be private. IP addresses in URLs, in any notation, and the names of private networks
are refused before a request, so that no proxy is asked for them. `crawler.public_resolver` checks the addresses of other
names, unless a proxy resolves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.fetchable_urls import printable, url_problem
from foreign_eyes.crawler.public_addresses import is_private_name, is_public, literal_address
from foreign_eyes.listing.host_names import shown_host


@dataclass(slots=True)
class AddressRules:
    """The hosts that may be private, and the refused names with their addresses.

    Attributes:
        own_hosts: the host of the source.
        proxy_hosts: the proxies; a connection to them is allowed, a request for them is not.
        refused: the refused names, each with an address.
    """

    own_hosts: frozenset[str] = frozenset()
    proxy_hosts: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)

    def permitted(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Return the addresses of `host` to which a connection is allowed; remember the refusal if there is none."""
        if host in self.own_hosts or host in self.proxy_hosts:
            return list(addresses)
        public = [address for address in addresses if is_public(address)]
        if addresses and not public:
            self.refused[host] = addresses[0]
        return public

    def refusal(self, host: str) -> FetchFault | None:
        """Return the fault for a refused host; None for other hosts."""
        address = self.refused.get(host)
        if address is None:
            return None
        where = host if host == address else f"{shown_host(host)} ({address})"
        return FetchFault("refused", f"the address of {where} is not public; only the source's own host may be private")


# Twisted has one resolver per process, and crawls run side by side. The spider sets the rules in the context of its crawl
# (PEP 567), which asyncio passes on to every task and callback that the crawl starts. Elsewhere only public addresses pass.
rules_of_this_crawl: ContextVar[AddressRules] = ContextVar("rules_of_this_crawl")


class PublicHosts:
    """A downloader middleware that refuses malformed URLs, and hosts that are private by their name or address."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Refuse a malformed URL, and a private host.

        Raises:
            FetchFault: the URL is refused.
        """
        check_host(request.url, self._crawler.spider.address_rules)  # type: ignore[union-attr]


def check_host(url: str, rules: AddressRules) -> None:
    """Check that a URL is well-formed, and that its host is not private by its name or address.

    Raises:
        FetchFault: the URL is refused.
    """
    if problem := url_problem(url):
        raise FetchFault("unreachable", f"the URL {printable(url)!r} cannot be requested: {problem}")
    host = urlsplit(url).hostname or ""
    if host in rules.own_hosts:
        return
    if host in rules.proxy_hosts:
        raise FetchFault("refused", f"{host} is a proxy of this crawl; only the source's own host may be private")
    address = literal_address(host)
    if address is not None and not rules.permitted(host, [address]) and (refusal := rules.refusal(host)):
        raise refusal
    if is_private_name(host):
        where = "a name for this machine or a private network"
        raise FetchFault("refused", f"{host} is {where}; only the source's own host may be private")
