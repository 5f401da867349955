"""Refusing addresses that are not public: a listing must not lead the crawler into its operator's own network.

The one exception is the configured source's own host. Names are judged by the address that is connected to, so that
disguises (`2130706433`, a name that points to 127.0.0.1) do not help.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.listing.parser.fetchable_urls import flaw, shown


def is_public(address: str) -> bool:
    """Tell whether a literal IP address is globally reachable (IANA's special-purpose registries)."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not ip.is_multicast


@dataclass(slots=True)
class AddressRules:
    """Which hosts may be private, and which names were refused, with the address that they led to."""

    own_hosts: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)

    def allows(self, host: str, address: str) -> bool:
        """Tell whether `host` may be connected to at `address`; remember it where not."""
        if host in self.own_hosts or is_public(address):
            return True
        self.refused[host] = address
        return False

    def refusal(self, host: str) -> FetchFault | None:
        """Return the fault for a host that was refused; None for any other."""
        address = self.refused.get(host)
        if address is None:
            return None
        named = host if host == address else f"{host} ({address})"
        return FetchFault("refused", f"the address of {named} is not public; only the source's own host may be private")


# Twisted's resolver is one for the process, as the reactor is, and so is the crawl: the spider sets the rules
rules = AddressRules()


class PublicLiterals:
    """A downloader middleware that refuses malformed addresses, and literal ones that are not public."""

    def process_request(self, request: Request) -> None:
        """Refuse a request to an address that cannot be asked, or is not public and needs no resolver.

        Raises:
            FetchFault: the address is refused.
        """
        if wrong := flaw(request.url):
            raise FetchFault("unreachable", f"the address {shown(request.url)!r} cannot be asked: {wrong}")
        host = urlsplit(request.url).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return  # a name: `PublicResolver` judges its address
        if not rules.allows(host, host) and (refusal := rules.refusal(host)):
            raise refusal


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, failing for names whose address may not be connected to."""

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Return the address of `name`."""
        return super().getHostByName(name, timeout).addCallback(_checked, name)


def _checked(address: str, name: str) -> str:
    if rules.allows(name, address):
        return address
    raise DNSLookupError(f"{address} is not public")
