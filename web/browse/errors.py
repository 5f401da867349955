"""Errors of valid requests to `/browse/`."""

from __future__ import annotations


class Busy(Exception):
    """The server cannot answer now, and can answer the same request later.

    The response is a 503 with `Retry-After`.

    Args:
        message: one or two sentences for the reader.
        retry_after: seconds after which the client should repeat the request.
    """

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
