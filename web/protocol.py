"""HTTP/1.1 as uvicorn reads it with httptools, but for requests whose head never ends: those would fill the memory."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# request line and header fields; browsers send about one KB, and other servers take 8 to 64
LONGEST_HEAD = 64 * 1024


class BoundedHttp(HttpToolsProtocol):
    """A connection that is closed, with a 400, when a head is longer than `LONGEST_HEAD`."""

    # bytes that came since the last head was complete; None after it, until the next one begins
    _head: int | None = 0

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: bodies are bounded by uvicorn."""
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless it has gone on for too long."""
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self.send_400_response("The head of the request is too long.")
