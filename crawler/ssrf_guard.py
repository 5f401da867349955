"""Refuse addresses that are not public.

A listing must not lead the crawler into the operator's network.

Only the host of the source itself may be private. Names are checked by the address that they resolve to, so that disguises
(`2130706433`, a name that points to 127.0.0.1) are refused, too.
"""

from __future__ import annotations

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.fetchable_urls import printable, url_problem
from foreign_eyes.crawler.public_addresses import is_public


@dataclass(slots=True)
class AddressRules:
    """The hosts that may be private, and the refused names with their addresses."""

    own_hosts: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)

    def allows(self, host: str, address: str) -> bool:
        """Return whether connecting to `host` at `address` is allowed; remember a refusal."""
        if host in self.own_hosts or is_public(address):
            return True
        self.refused[host] = address
        return False

    def refusal(self, host: str) -> FetchFault | None:
        """Return the fault for a refused host; None for other hosts."""
        address = self.refused.get(host)
        if address is None:
            return None
        where = host if host == address else f"{host} ({address})"
        return FetchFault("refused", f"the address of {where} is not public; only the source's own host may be private")


# Twisted has one resolver per process, and crawls run side by side. The spider sets the rules in the context of its crawl
# (PEP 567), which asyncio passes on to every task and callback that the crawl starts. Elsewhere only public addresses pass.
rules_of_this_crawl: ContextVar[AddressRules] = ContextVar("rules_of_this_crawl")


class PublicLiterals:
    """A downloader middleware that refuses malformed URLs, and IP addresses that are not public."""

    def __init__(self, crawler: Crawler):
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Refuse a malformed URL, and a host that is an IP address and not public.

        Raises:
            FetchFault: the URL is refused.
        """
        check_literal(request.url, self._crawler.spider.address_rules)  # type: ignore[union-attr]


def check_literal(url: str, rules: AddressRules) -> None:
    """Check that a URL is well-formed, and that its host, if it is an IP address, may be connected to.

    Raises:
        FetchFault: the URL is refused.
    """
    if problem := url_problem(url):
        raise FetchFault("unreachable", f"the URL {printable(url)!r} cannot be requested: {problem}")
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return  # `PublicResolver` checks the address of a name
    if not rules.allows(host, host) and (refusal := rules.refusal(host)):
        raise refusal


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which fails for names whose address is refused."""

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Return the address of `name`, checked by the rules of the crawl that asks."""
        rules = rules_of_this_crawl.get(AddressRules())  # now: the answer of a thread arrives in another context
        return super().getHostByName(name, timeout).addCallback(_checked, name, rules)


def _checked(address: str, name: str, rules: AddressRules) -> str:
    if rules.allows(name, address):
        return address
    raise DNSLookupError(f"{address} is not public")
