"""What keeps a response from coming, as the archive names it."""

from __future__ import annotations

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

from archive.values import Fault


class FetchFault(IgnoreRequest):
    """A request that was not sent, or not answered whole; `detail` is for the operator."""

    def __init__(self, fault: Fault, detail: str):
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


_MEANINGS: tuple[tuple[type[Exception], Fault, str], ...] = (
    (CannotResolveHostError, "unreachable", "the host has no address that is known"),
    (DownloadConnectionRefusedError, "unreachable", "the connection was refused"),
    (DownloadTimeoutError, "unreachable", "no whole answer came in time"),
    (DownloadCancelledError, "oversized", "the body is larger than 10 MB"),
    (ResponseDataLossError, "incomplete", "the connection closed before the announced end"),
    (UnsupportedURLSchemeError, "refused", "only http and https are followed"),
    (IgnoreRequest, "unreachable", "{error}"),
    (OSError, "unreachable", "{error}"),
)


def fault_of(error: Exception) -> FetchFault | None:
    """Return the fault that a downloader's exception stands for; None for one that is no fault of the source's."""
    if isinstance(error, FetchFault):
        return error
    if isinstance(error, DownloadFailedError):
        return _broken(error)
    for kind, fault, detail in _MEANINGS:
        if isinstance(error, kind):
            return FetchFault(fault, detail.format(error=error))
    return None


def _broken(error: DownloadFailedError) -> FetchFault:
    """A broken exchange is incomplete where a response had begun, else the host was not reached."""
    cause = error.__cause__
    reasons = "; ".join(str(getattr(reason, "value", reason)) for reason in getattr(cause, "reasons", ())) or str(error)
    began = getattr(cause, "response", None) is not None
    return FetchFault("incomplete" if began else "unreachable", f"the connection broke ({reasons[:200]})")
