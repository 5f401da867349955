"""A real HTTP server on 127.0.0.1: a static site with validators and injectable faults."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = Callable[["Handler"], None]


@dataclass
class Asked:
    """A request that the server received."""

    path: str
    headers: dict[str, str]
    status: int = 0


@dataclass
class ListingServer:
    """Serves `site` (bodies by path), but `faults` (handlers by path) first; logs in `asked`."""

    site: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Answer] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html"})
    asked: list[Asked] = field(default_factory=list)
    address: str = "127.0.0.1"
    wanted_port: int = 0  # 0 for a free one
    ahead: timedelta = timedelta(0)  # of its clock, which the field Date shows

    def __enter__(self) -> Self:
        server = self

        class Bound(Handler):
            listing = server

        kind = _Ipv6Server if ":" in self.address else ThreadingHTTPServer
        self._http = kind((self.address, self.wanted_port), Bound)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        return f"http://{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"

    @property
    def port(self) -> int:
        return self._http.server_port

    def statuses(self) -> list[int]:
        return [asked.status for asked in self.asked]


class _Ipv6Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Handler(BaseHTTPRequestHandler):
    """Handles one connection; faults call its methods."""

    listing: ListingServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.now = Asked(self.path, dict(self.headers))
        self.listing.asked.append(self.now)
        fault = self.listing.faults.get(self.path.partition("?")[0])
        if fault is not None:
            fault(self)
        elif (body := self.listing.site.get(self.path)) is None:
            self.reply(404, b"<html><p>no such page</p></html>")
        elif self.headers.get("If-None-Match") == etag(body):
            self.reply(304, b"", ETag=etag(body))
        else:
            self.reply(200, body, ETag=etag(body), **self.listing.headers)

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        """Send a complete, correct response."""
        self.now.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply_raw(self, head: str, body: bytes) -> None:
        """Send raw bytes, then close the connection."""
        self.now.status = int(head.split()[1])
        self.wfile.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        self.wfile.flush()
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the value of the field Date."""
        return format_datetime(datetime.now(UTC) + self.listing.ahead, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""


def etag(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:16]}"'


def status(code: int, body: bytes = b"<html><script>x()</script></html>", **headers: str) -> Answer:
    return lambda handler: handler.reply(code, body, **headers)


def page(body: bytes, **headers: str) -> Answer:
    return lambda handler: handler.reply(200, body, **{"Content_Type": "text/html", **headers})


def redirect(to: str) -> Answer:
    return lambda handler: handler.reply(302, b"", Location=to)


def half_sent(body: bytes) -> Answer:
    """Send less than Content-Length announces."""
    head = f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(body)}"
    return lambda handler: handler.reply_raw(head, body[: len(body) // 2])


def closed_without_length(body: bytes) -> Answer:
    """Send half a page without a length and close, as HTTP/1.0 does after a whole page."""
    return lambda handler: handler.reply_raw(
        "HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close", body[: len(body) // 2]
    )


def cut_chunk(body: bytes) -> Answer:
    head = "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked"
    chunk = f"{len(body):x}\r\n".encode() + body[: len(body) // 2]
    return lambda handler: handler.reply_raw(head, chunk)


def truncated_gzip(body: bytes) -> Answer:
    """Send half of a gzip stream with a Content-Length that fits that half."""
    half = gzip.compress(body)[: len(gzip.compress(body)) // 2]
    return lambda handler: handler.reply(200, half, Content_Type="text/html", Content_Encoding="gzip")


def gzip_bomb(megabytes: int) -> Answer:
    bomb = gzip.compress(b"\0" * megabytes * 1_000_000)
    return lambda handler: handler.reply(200, bomb, Content_Type="text/html", Content_Encoding="gzip")


def silence(handler: Handler) -> None:
    """Close the connection without a response."""
    handler.now.status = 0
    handler.close_connection = True
