"""The web server of the sample, which also accepts requests addressed to a proxy.

It is an origin server on 127.0.0.1. The crawler uses it as an HTTP proxy, so that the URLs of captures do not depend on the
port. It is not a proxy: it refuses requests for other hosts, and forwards nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from string import Template
from typing import Any

from foreign_eyes.sample.conditions import accepts_gzip, is_not_modified, locate
from foreign_eyes.sample.rendering import content_type, render_pages
from foreign_eyes.sample.source import DAYS, LISTING_PATH

Log = Callable[[str], None]

# modification time of the pages on day 1 of the story
MODIFIED = datetime(2019, 3, 1, 2, 30, tzinfo=UTC)

_SHORT_BODY = re.compile(r"[0-9]{1,5}")  # with a longer request body the connection is closed
_POLL_SECONDS = 0.02  # how often `serve_forever` checks whether to stop
_IDLE_SECONDS = 30
_METHODS = ("GET", "HEAD")

_REFUSAL = Template(f"""\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>$code $phrase</title></head>
<body><h1>$code $phrase</h1><p>The sample listing begins at <a href="{LISTING_PATH}">{LISTING_PATH}</a>.</p>
</body></html>
""")


@contextmanager
def serve(port: int = 0, *, day: int = 1, log: Log | None = None) -> Iterator[str]:
    """Serve the sample on 127.0.0.1 inside the context, and yield the address.

    The address is `http://127.0.0.1:PORT`.

    Args:
        port: the port, or 0 for any free port.
        day: the day of the story, from 1; after the last day the listing does not change.
        log: called with one line per request, from the thread that answers it.

    Raises:
        OSError: the port is in use or needs privileges.
        OverflowError: the port is not in 0 to 65535.
    """
    with _Server(port, day, log) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="sample", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def last_modified(day: int) -> dict[str, datetime]:
    """Return, for each path, the time since which its page has the same bytes as on `day`."""
    found: dict[str, datetime] = {}
    before: dict[str, bytes] = {}
    for number in range(1, min(day, DAYS) + 1):
        now = render_pages(number)
        at = MODIFIED + timedelta(days=number - 1)
        found = {path: found[path] if before.get(path) == body else at for path, body in now.items()}
        before = now
    return found


@dataclass(frozen=True, slots=True)
class _Representation:
    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> _Representation:
        return cls(body, f'"{hashlib.sha256(body).hexdigest()}"')


@dataclass(frozen=True, slots=True)
class _Page:
    """A page, plain and compressed.

    Each representation has a strong ETag (RFC 9110 section 8.8.3.3).
    """

    content_type: str
    modified: datetime
    plain: _Representation
    compressed: _Representation


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = False  # some versions of Python would share a port in use instead of raising an error

    def __init__(self, port: int, day: int, log: Log | None) -> None:
        self.log = log
        modified = last_modified(day)
        self.pages: Mapping[str, _Page] = {
            path: _Page(
                content_type(path),
                modified[path],
                _Representation.of(body),
                _Representation.of(gzip.compress(body, mtime=0)),
            )
            for path, body in render_pages(day).items()
        }
        self._open: dict[threading.Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer resolves the name of 127.0.0.1, which can take seconds
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        # as in ThreadingMixIn, except that `server_close` knows the thread before it runs
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._open[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # a client may close the connection; every other error is a bug and is printed
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        # close idle connections, or their threads and sockets would outlive the server
        super().server_close()
        for thread, connection in self._open.copy().items():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # the default is HTTP/0.9, whose answer to a malformed request line has no status
    default_request_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        # the base class calls do_METHOD, and would answer 501 instead of 405 to other methods
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        self._drop_body()
        hosts: list[str] = self.headers.get_all("Host", [])
        if len(hosts) > 1 or (not hosts and self.request_version != "HTTP/1.0"):
            self._refuse(HTTPStatus.BAD_REQUEST)  # RFC 9112 section 3.2
            return
        path = locate(self.path, hosts[0] if hosts else None)
        if self.command not in _METHODS and path is not HTTPStatus.MISDIRECTED_REQUEST:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
        elif isinstance(path, HTTPStatus):
            self._refuse(path)
        elif path in self.server.pages:
            self._send_page(self.server.pages[path])
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _send_page(self, page: _Page) -> None:
        compress = accepts_gzip(self.headers.get_all("Accept-Encoding", []))
        selected = page.compressed if compress else page.plain
        fields = {
            "ETag": selected.etag,
            "Last-Modified": format_datetime(page.modified, usegmt=True),
            "Vary": "Accept-Encoding",
        }
        if is_not_modified(
            self.headers.get_all("If-None-Match", []),
            self.headers.get_all("If-Modified-Since", []),
            etag=selected.etag,
            modified=page.modified,
        ):
            self._send(HTTPStatus.NOT_MODIFIED, fields)
            return
        coding = {"Content-Encoding": "gzip"} if compress else {}
        self._send(HTTPStatus.OK, fields | coding | {"Content-Type": page.content_type}, selected.body)

    def _refuse(self, status: HTTPStatus) -> None:
        fields = {"Content-Type": "text/html; charset=utf-8"}
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            fields["Allow"] = ", ".join(_METHODS)
        self._send(status, fields, _REFUSAL.substitute(code=status.value, phrase=status.phrase).encode())

    def _send(self, status: HTTPStatus, fields: Mapping[str, str], body: bytes | None = None) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if body is not None:  # a 304 has no body and no length (RFC 9110 section 15.4.5)
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if body is not None and self.command != "HEAD":
            self.wfile.write(body)

    def _drop_body(self) -> None:
        # an unread body would be parsed as the next request
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not _SHORT_BODY.fullmatch(length):
            self.close_connection = True
        else:
            self.rfile.read(int(length))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # the base class calls this if it cannot parse a request; the start of the next one is then unknown
        self.close_connection = True
        self._refuse(HTTPStatus(code))

    def version_string(self) -> str:
        return "ForeignEyesSample"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.log_message("%s %s", self.requestline, int(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the base class's name for it
        if self.server.log is not None:
            # escaped, because a request line is untrusted and logs are read on terminals
            self.server.log((format % args).encode("unicode_escape").decode("ascii"))
