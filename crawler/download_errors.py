"""Turn exceptions of the downloader into faults with a message for the operator."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionClosed, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.web._newclient import ParseError

from foreign_eyes.crawler.fetchable_urls import printable
from foreign_eyes.listing.values import Fault


class FetchFault(IgnoreRequest):
    """A request was not sent, or its response is incomplete.

    `detail` is the message for the operator. `transient` is whether the request may succeed if it is repeated soon.
    """

    def __init__(self, fault: Fault, detail: str, *, transient: bool = False):
        super().__init__(detail)
        self.fault = fault
        self.detail = detail
        self.transient = transient


UNANSWERED = "the server closed the connection without a response"
_LATE = "no whole response in time: the site is slow or unreachable; try again later"
_SLOW = "connecting timed out: the site is down, or a firewall drops our packets; try again later"

_MESSAGES: tuple[tuple[type[Exception], Fault, str, bool], ...] = (
    # exception, fault, message, transient
    (CannotResolveHostError, "unreachable", "the host name has no address: check its spelling and this machine's DNS", True),
    (DownloadConnectionRefusedError, "unreachable", "the connection was refused: no server listens on that port", True),
    (TCPTimedOutError, "unreachable", _SLOW, True),
    (ConnectTimeout, "unreachable", _SLOW, True),
    (DownloadTimeoutError, "unreachable", _LATE, True),
    (DownloadCancelledError, "oversized", "the body is larger than 10 MB", False),
    (ResponseDataLossError, "incomplete", "the connection closed before the announced length was received", True),
    (UnsupportedURLSchemeError, "refused", "only http and https are followed", False),
    (IgnoreRequest, "unreachable", "{error}", False),
)  # fmt: skip

_CONNECT_ERRORS = {
    errno.ENETUNREACH: "this machine has no route to the host's network: check its network connection",
    errno.EHOSTUNREACH: "there is no route to the host: it is down, or a router has no route to it; try again later",
    errno.EACCES: "this machine may not connect to the host: check its firewall and security policy",
    errno.EPERM: "this machine may not connect to the host: check its firewall and security policy",
    errno.ECONNRESET: "the connection was reset while connecting: the site or a firewall refuses it",
    errno.EADDRNOTAVAIL: "this machine has no free address or port for a connection: check its network",
    errno.EMFILE: "this process has no file descriptor left: raise its limit (ulimit -n)",
    errno.ENFILE: "this machine has no file descriptor left: close programs, or raise fs.file-max",
    errno.ENOBUFS: "this machine has no memory left for network buffers: close programs",
    errno.ENOMEM: "this machine has no memory left for a connection: close programs",
}
# faults of this machine that a retry does not help against
_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE})

_LEGACY = (
    "OpenSSL refuses the server because it lacks secure renegotiation (RFC 5746): to allow it, set"
    " legacy_renegotiation = true in the settings of the source (for another host than the source's: OPENSSL_CONF); see"
    " docs/network.md"
)
_OLD = "which are not safe: use the site's http URL if it has one"
_NO_TLS = "the server does not use TLS on that port: use http:// in the URL of the source, or another port"
_WEAK = "the server's keys are too weak for OpenSSL: the site must replace them"

_TLS_ERRORS = (
    # part of OpenSSL's reason, message
    ("unsafe legacy renegotiation", _LEGACY),
    ("unsupported protocol", f"the server supports only versions of TLS before 1.2, {_OLD}"),
    ("alert protocol version", f"the server refuses TLS 1.2 and 1.3; it may support only older versions, {_OLD}"),
    ("wrong version number", _NO_TLS),
    ("packet length too long", _NO_TLS),
    ("http request", _NO_TLS),
    ("unrecognized name", "the server has no site of that name: check the host in the URL of the source"),
    ("handshake failure", "the server and OpenSSL have no cipher in common, or the server requires a client certificate"),
    ("dh key too small", _WEAK),
    ("ee key too small", _WEAK),
    ("unexpected eof", "the server closed the connection during the TLS handshake"),
)  # fmt: skip


def fault_of(error: Exception) -> FetchFault | None:
    """Return the fault for a downloader's exception.

    Return None if the exception is a bug in this program.
    """
    if isinstance(error, FetchFault):
        return error
    if isinstance(error, DownloadFailedError):
        return _broken_exchange(error)
    cause = error.__cause__ if isinstance(error.__cause__, ConnectTimeout) else error
    for exception, fault, message, transient in _MESSAGES:
        if isinstance(cause, exception):
            return FetchFault(fault, message.format(error=cause), transient=transient)
    return _transport_fault(error)


def _transport_fault(error: Exception) -> FetchFault | None:
    """Return the fault of a connection that failed, or broke before HTTP began."""
    if isinstance(error, ConnectError):
        return _connect_fault(error.osError, str(error))
    if isinstance(error, OSError):
        return _connect_fault(error.errno, error.strerror or str(error))
    if isinstance(error, (SSL.Error, ConnectionClosed)):
        return FetchFault("unreachable", _message_of(error) or _line(str(error)), transient=True)
    return None


def _connect_fault(number: object, description: str) -> FetchFault:
    """Return the fault of a failed connection, by the system's error number."""
    if not isinstance(number, int):
        return FetchFault("unreachable", f"connecting failed ({_line(description)})", transient=True)
    message = _CONNECT_ERRORS.get(number) or f"connecting failed ({os.strerror(number)})"
    return FetchFault("unreachable", message, transient=number not in _LASTING)


def _broken_exchange(error: DownloadFailedError) -> FetchFault:
    """Return the fault of a broken exchange.

    It is `incomplete` if a response had begun, else `unreachable`.
    """
    causes = list(_causes(error))
    began = any(getattr(cause, "response", None) is not None for cause in causes)
    message = next((message for cause in causes if (message := _message_of(cause))), None)
    if message is None and any(isinstance(cause, ConnectionClosed) for cause in causes):
        message = "the connection broke before the end of the response" if began else UNANSWERED
    detail = message or f"the connection broke ({_line(str(causes[-1]) or type(causes[-1]).__name__)})"
    lasting = any(isinstance(cause, SSL.Error) for cause in causes)
    return FetchFault("incomplete" if began else "unreachable", detail, transient=not lasting)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes; Twisted lists them as `reasons`, wrapped in failures."""
    yield error
    for reason in getattr(error, "reasons", ()):
        yield from _causes(getattr(reason, "value", reason))
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


def _message_of(error: BaseException) -> str | None:
    if isinstance(error, SSL.Error):
        reason = _openssl_reason(error)
        known = next((message for part, message in _TLS_ERRORS if part in reason), None)
        return known or f"TLS failed ({_line(reason)})"
    if isinstance(error, ParseError):
        return "the response is not HTTP: check the URL and the port of the source"
    return None


def _openssl_reason(error: SSL.Error) -> str:
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(entry[-1]) for entry in entries) or str(error) or type(error).__name__


def _line(text: str) -> str:
    return printable(" ".join(text.split()))
