"""Why a response did not arrive: the archive's name for the fault, and a message for the operator."""

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

from foreign_eyes.listing.parser.fetchable_urls import shown
from foreign_eyes.listing.values import Fault


class FetchFault(IgnoreRequest):
    """A request that was not sent, or not answered whole; `detail` is for the operator.

    `passing` tells whether asking again in a moment can help.
    """

    def __init__(self, fault: Fault, detail: str, *, passing: bool = False):
        super().__init__(detail)
        self.fault = fault
        self.detail = detail
        self.passing = passing


UNANSWERED = "the server closed the connection without an answer"
_LATE = "no whole answer came in time: the site is slow or unreachable; try again later"
_SLOW = "no connection could be made in time: the site is down, or drops what comes from here; try again later"

_MEANINGS: tuple[tuple[type[Exception], Fault, str, bool], ...] = (
    # error, fault, words, passing
    (CannotResolveHostError, "unreachable", "the host's name has no address: check its spelling and this machine's DNS", True),
    (DownloadConnectionRefusedError, "unreachable", "the connection was refused: no server listens at that port", True),
    (TCPTimedOutError, "unreachable", _SLOW, True),
    (ConnectTimeout, "unreachable", _SLOW, True),
    (DownloadTimeoutError, "unreachable", _LATE, True),
    (DownloadCancelledError, "oversized", "the body is larger than 10 MB", False),
    (ResponseDataLossError, "incomplete", "the connection closed before the announced end", True),
    (UnsupportedURLSchemeError, "refused", "only http and https are followed", False),
    (IgnoreRequest, "unreachable", "{error}", False),
)  # fmt: skip

_AT_CONNECTING = {
    errno.ENETUNREACH: "this machine has no route to the host's network: check its network connection",
    errno.EHOSTUNREACH: "there is no route to the host: it is down, or a router on the way does not know it; try again later",
    errno.EACCES: "this machine may not connect to it: a firewall or a security policy here forbids it",
    errno.EPERM: "this machine may not connect to it: a firewall or a security policy here forbids it",
    errno.ECONNRESET: "the connection was reset while it was made: the site, or a firewall on the way, refuses it",
    errno.EADDRNOTAVAIL: "this machine has no free address or port to connect from: check its network",
    errno.EMFILE: "this process has no file descriptor left: raise its limit (ulimit -n)",
    errno.ENFILE: "this machine has no file descriptor left: close programs, or raise fs.file-max",
    errno.ENOBUFS: "this machine has no memory left for network buffers",
    errno.ENOMEM: "this machine has no memory left for a connection",
}
# faults of this machine that a moment does not change
_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE})

_LEGACY = (
    "the server lacks secure renegotiation (RFC 5746), without which OpenSSL refuses it: allow it by"
    " Options = UnsafeLegacyServerConnect in a file that OPENSSL_CONF names; docs/network.md has the file"
)
_OLD = "which are not safe: use the site's http address if it has one"
_NO_TLS = "it does not speak TLS at that port: use http:// in the address of the source, or another port"
_WEAK = "the server uses keys that OpenSSL considers too weak: the site has to replace them"

_IN_TLS = (
    # part of OpenSSL's reason, words
    ("unsafe legacy renegotiation", _LEGACY),
    ("unsupported protocol", f"the server knows only versions of TLS before 1.2, {_OLD}"),
    ("alert protocol version", f"the server refuses TLS 1.2 and 1.3; it may know only older versions, {_OLD}"),
    ("wrong version number", _NO_TLS),
    ("packet length too long", _NO_TLS),
    ("http request", _NO_TLS),
    ("unrecognized name", "the server has no site of that name: check the host in the address of the source"),
    ("handshake failure", "the server and OpenSSL have no cipher in common, or it wants a client's certificate"),
    ("dh key too small", _WEAK),
    ("ee key too small", _WEAK),
    ("unexpected eof", "the server closed the connection in the middle of the TLS handshake"),
)  # fmt: skip


def fault_of(error: Exception) -> FetchFault | None:
    """Return the fault that a downloader's exception stands for; None for one that is no fault of the source's."""
    if isinstance(error, FetchFault):
        return error
    if isinstance(error, DownloadFailedError):
        return _broken(error)
    cause = error.__cause__ if isinstance(error.__cause__, ConnectTimeout) else error
    for kind, fault, words, passing in _MEANINGS:
        if isinstance(cause, kind):
            return FetchFault(fault, words.format(error=cause), passing=passing)
    return _beneath_http(error)


def _beneath_http(error: Exception) -> FetchFault | None:
    """Return the fault of a connection that could not be made, or broke before HTTP began."""
    if isinstance(error, ConnectError):
        return _unconnected(error.osError, str(error))
    if isinstance(error, OSError):
        return _unconnected(error.errno, error.strerror or str(error))
    if isinstance(error, (SSL.Error, ConnectionClosed)):
        return FetchFault("unreachable", _words_of(error) or _line(str(error)), passing=True)
    return None


def _unconnected(number: object, said: str) -> FetchFault:
    """Return the fault of a connection that could not be made, by the system's error number."""
    if not isinstance(number, int):
        return FetchFault("unreachable", f"no connection could be made ({_line(said)})", passing=True)
    words = _AT_CONNECTING.get(number) or f"no connection could be made ({os.strerror(number)})"
    return FetchFault("unreachable", words, passing=number not in _LASTING)


def _broken(error: DownloadFailedError) -> FetchFault:
    """A broken exchange is incomplete where a response had begun, else the host was not reached."""
    causes = list(_causes(error))
    began = any(getattr(cause, "response", None) is not None for cause in causes)
    words = next((words for cause in causes if (words := _words_of(cause))), None)
    if words is None and any(isinstance(cause, ConnectionClosed) for cause in causes):
        words = "the connection broke before the answer's end" if began else UNANSWERED
    detail = words or f"the connection broke ({_line(str(causes[-1]) or type(causes[-1]).__name__)})"
    lasting = any(isinstance(cause, SSL.Error) for cause in causes)
    return FetchFault("incomplete" if began else "unreachable", detail, passing=not lasting)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from an error to what was behind it: Twisted lists reasons, wrapped in failures."""
    yield error
    for reason in getattr(error, "reasons", ()):
        yield from _causes(getattr(reason, "value", reason))
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


def _words_of(error: BaseException) -> str | None:
    if isinstance(error, SSL.Error):
        said = _said_by_openssl(error)
        return next((words for part, words in _IN_TLS if part in said), None) or f"TLS failed ({_line(said)})"
    if isinstance(error, ParseError):
        return "the answer is not HTTP: check the address and the port of the source"
    return None


def _said_by_openssl(error: SSL.Error) -> str:
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(entry[-1]) for entry in entries) or str(error) or type(error).__name__


def _line(text: str) -> str:
    return shown(" ".join(text.split()))
