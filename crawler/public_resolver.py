"""Resolve names to their public addresses, IPv4 and IPv6.

Twisted connects to the first of them that answers: it starts with the next one if an attempt takes 0.3 s (RFC 8305).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any, Self, cast

from scrapy.crawler import Crawler
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from foreign_eyes.crawler.ssrf_guard import AddressRules, rules_of_this_crawl
from foreign_eyes.listing.host_names import ascii_host

Address = IPv4Address | IPv6Address


class PublicResolver(CachingHostnameResolver):
    """Scrapy's resolver for both families, without refused addresses, and with a time limit."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float):
        super().__init__(reactor, cache_size)
        self._timeout = timeout

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Return the resolver."""
        size = crawler.settings.getint("DNSCACHE_SIZE") if crawler.settings.getbool("DNSCACHE_ENABLED") else 0
        return cls(reactor, size, crawler.settings.getfloat("DNS_TIMEOUT"))

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803 - Twisted's name
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[Any] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve `hostName`, checked by the rules of the crawl that asks."""
        with suppress(ValueError):  # Twisted has decoded `xn--…`, and getaddrinfo would encode it by an older standard
            hostName = ascii_host(hostName)  # noqa: N806
        rules = rules_of_this_crawl.get(AddressRules())  # now: the answer of a thread arrives in another context
        lookup = _Lookup(resolutionReceiver, hostName, rules, addressTypes)
        lookup.timer = self.reactor.callLater(self._timeout, lookup.resolutionComplete)
        # all families: the cache does not tell which ones were asked for
        return super().resolveHostName(
            cast("IResolutionReceiver", lookup), hostName, portNumber, None, transportSemantics
        )


@implementer(IResolutionReceiver)
class _Lookup:
    """Collects the addresses of a name and passes on those that are allowed."""

    def __init__(self, receiver: Any, host: str, rules: AddressRules, address_types: Sequence[Any] | None):
        self._receiver = receiver
        self._host = host
        self._rules = rules
        self._types = tuple(address_types or (IPv4Address, IPv6Address))
        self._addresses: list[Address] = []
        self._is_complete = False
        self.timer: Any = None

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802 - Twisted's name
        """Pass on that the lookup has begun."""
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Address) -> None:  # noqa: N802 - Twisted's name
        """Collect an address."""
        self._addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        """Pass on the allowed addresses; after the time limit, those that have arrived."""
        if self._is_complete:
            return
        self._is_complete = True
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        permitted = set(self._rules.permitted(self._host, [address.host for address in self._addresses]))
        for address in in_turn(self._addresses):
            if address.host in permitted and isinstance(address, self._types):
                self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()


def in_turn(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses with the families in turn, so that a dead family costs one attempt (RFC 8305, section 4). Pure."""
    first = [address for address in addresses if type(address) is type(addresses[0])]
    other = [address for address in addresses if type(address) is not type(addresses[0])]
    return [address for address in chain(*zip_longest(first, other)) if address is not None]
