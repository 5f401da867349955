"""Errors that a reader of `/browse/` can get although the request was right."""

from __future__ import annotations


class Busy(Exception):
    """The server cannot answer now, and can answer the same request later.

    The response is a 503 with `Retry-After`. The message is a sentence for readers, without the reason's details.

    Args:
        message: what the reader is told.
        retry_after: seconds until the request should be repeated.
    """

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
