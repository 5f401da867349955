"""The TLS handshakes of one crawl, by host; `tls_errors` records them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Handshake:
    """The last TLS handshake with a host.

    `problem` says why the certificate was not accepted.
    """

    began: bool = False
    accepted: bool = False
    problem: str | None = None


@dataclass(slots=True)
class Handshakes:
    """The last handshake with each host and port. Scrapy's exception for a failed handshake does not have the reason."""

    _by_address: dict[tuple[str, int], Handshake] = field(default_factory=dict)

    def begin(self, host: str, port: int) -> Handshake:
        """Return a new record for a handshake that begins."""
        handshake = self._by_address[host.lower(), port] = Handshake()
        return handshake

    def of(self, url: str) -> Handshake:
        """Return the last handshake for an https URL."""
        parts = urlsplit(url)
        if parts.scheme != "https":
            return Handshake()
        return self._by_address.get((parts.hostname or "", parts.port or 443), Handshake())
