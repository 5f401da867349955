"""Tunnels through a proxy to https sites.

Scrapy's own reach a proxy by IPv4 only, and wait for the time limit if the proxy closes the connection.
"""

from __future__ import annotations

import re
from typing import Any, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    TunnelError,
    _ScrapyAgent,
    _TunnelingAgent,
    _TunnelingTCP4ClientEndpoint,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent

from foreign_eyes.crawler import proxy_errors


class TunnellingHandler(HTTP11DownloadHandler):
    """Scrapy's handler, with our tunnels."""

    async def download_request(self, request: Request) -> Response:
        """Download; through a tunnel if the request has a proxy.

        Raises:
            foreign_eyes.crawler.proxy_errors.TunnelError: the proxy opened no tunnel.
        """
        if not request.meta.get("proxy"):
            return await super().download_request(request)
        agent = _OurAgent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
            tls_verbose_logging=self._tls_verbose_logging,
        )
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except TunnelError as error:
            status = re.search(r"'status': (\d{3})", str(error))
            raise proxy_errors.TunnelError(int(status[1]) if status else None) from None


class _OurAgent(_ScrapyAgent):
    def _get_agent(self, request: Request, timeout: float) -> Agent:
        agent = super()._get_agent(request, timeout)
        if not isinstance(agent, _TunnelingAgent):
            return agent
        return _OurTunnelingAgent(
            reactor=agent._reactor,
            proxyConf=agent._proxyConf,
            contextFactory=self._contextFactory,
            connectTimeout=timeout,
            bindAddress=agent._endpointFactory._bindAddress,
            pool=self._pool,
        )


class _OurTunnelingAgent(_TunnelingAgent):
    def _getEndpoint(self, uri: URI) -> _TunnelEndpoint:  # noqa: N802 - Twisted's name
        return _TunnelEndpoint(
            reactor=self._reactor,
            host=cast("str", uri.host),
            port=uri.port,
            proxyConf=self._proxyConf,
            contextFactory=self._contextFactory,
            timeout=self._endpointFactory._connectTimeout,
            bindAddress=self._endpointFactory._bindAddress,
        )


class _TunnelEndpoint(_TunnelingTCP4ClientEndpoint):
    """Scrapy's endpoint, which reaches the proxy by IPv6, too, and notices that the proxy closes the connection."""

    def connect(self, protocolFactory: Any) -> Deferred[Any]:  # noqa: N803 - Twisted's name
        """Connect to the proxy and ask for the tunnel."""
        self._protocolFactory = protocolFactory
        self._tunnelReadyDeferred = Deferred(lambda _deferred: self._connecting.cancel())
        self._tunnelReadyDeferred.addErrback(self._end)
        proxy = HostnameEndpoint(self._reactor, self._host, self._port, self._timeout, self._bindAddress)
        self._connecting = proxy.connect(protocolFactory).addCallback(self.requestTunnel)
        self._connecting.addErrback(self.connectFailed)
        return self._tunnelReadyDeferred

    def requestTunnel(self, protocol: Protocol) -> Protocol:  # noqa: N802 - Twisted's name
        """Ask the proxy for a tunnel, and watch its connection until the tunnel is open."""
        self._lost = protocol.connectionLost
        protocol.connectionLost = self._closed_by_proxy  # type: ignore[method-assign]
        return super().requestTunnel(protocol)

    def processProxyResponse(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Process the response of the proxy; when it is whole, hand the connection back to the HTTP protocol."""
        if b"\r\n\r\n" in self._connectBuffer + data:
            self._protocol.connectionLost = self._lost  # type: ignore[method-assign]
        super().processProxyResponse(data)

    def _closed_by_proxy(self, reason: Failure = connectionDone) -> None:
        self._lost(reason)
        if not self._tunnelReadyDeferred.called:
            self._tunnelReadyDeferred.errback(TunnelError("the proxy closed the connection"))

    def _end(self, reason: Failure) -> Failure:
        """End a connection without a tunnel, which no request can use."""
        protocol: Any = getattr(self, "_protocol", None)
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abortConnection()
        return reason
