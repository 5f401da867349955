"""A listing over TLS, and servers that fail before any HTTP exchange."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from support.listing_server import ListingServer


@dataclass
class TlsListing(ListingServer):
    """The listing server with a TLS context; `host` is the host name in its URL."""

    context: ssl.SSLContext | None = None
    host: str = "localhost"

    def __enter__(self) -> Self:
        super().__enter__()
        self._http.handle_error = lambda request, address: None  # type: ignore[method-assign]
        assert self.context is not None
        self._http.socket = self.context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        return self

    @property
    def origin(self) -> str:
        return f"https://{self.host}:{self._http.server_port}"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that passes each connection to `answer` and closes it; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.settimeout(60)
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def without_secure_renegotiation(connection: socket.socket) -> None:
    """Send a TLS 1.2 ServerHello without renegotiation_info, as servers before RFC 5746 do."""
    connection.recv(65536)
    body = b"\x03\x03" + bytes(range(32)) + b"\x00" + b"\xc0\x2f" + b"\x00"
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    connection.sendall(b"\x16\x03\x03" + len(hello).to_bytes(2, "big") + hello)
    connection.recv(65536)


def with_tls_1_0(connection: socket.socket) -> None:
    """Send a ServerHello for TLS 1.0."""
    connection.recv(65536)
    body = b"\x03\x01" + bytes(range(32)) + b"\x00" + b"\xc0\x13" + b"\x00" + b"\x00\x05\xff\x01\x00\x01\x00"
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    connection.sendall(b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello)
    connection.recv(65536)


def with_an_alert(description: int) -> Callable[[socket.socket], None]:
    """Refuse the handshake with a fatal alert (RFC 8446 section 6)."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([description]))
        connection.recv(65536)

    return answer


def in_plain_http(connection: socket.socket) -> None:
    """Answer the handshake with a plain HTTP response."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    connection.recv(65536)


def listen_only(connection: socket.socket) -> None:
    """Send nothing until the client gives up."""
    while connection.recv(65536):
        pass
