"""The sample's web server: a small origin server on 127.0.0.1 that also takes the requests of a proxy's client.

The crawler uses it as an HTTP proxy, so that every capture carries one fixed URL whatever port was free. It is no
proxy: a request for any other host is refused, and nothing is ever forwarded.
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

# when the pages of the story's first day were modified; each later day is one day later
MODIFIED = datetime(2019, 3, 1, 2, 30, tzinfo=UTC)

_SHORT_BODY = re.compile(r"[0-9]{1,5}")  # a longer request body is not read: the connection closes instead
_POLL_SECONDS = 0.02  # how long a stopping server may still wait for a connection
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
    """Serve the sample on 127.0.0.1 while the context lasts, and give the address ("http://127.0.0.1:PORT").

    Args:
        port: the port, or 0 for any free one.
        day: the day of the sample's story, from 1; after the last one the listing stays as it is.
        log: called with one line a request, from the thread that answers it; without it nothing is logged.

    Raises:
        OSError: the port is taken or not ours to use.
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
    """Return by path when each page of a day got the bytes that it has then."""
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
    """One page, plain and compressed. Each has a strong ETag of its own (RFC 9110 section 8.8.3.3)."""

    content_type: str
    modified: datetime
    plain: _Representation
    compressed: _Representation


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = False  # some versions of Python share a port that is taken, rather than say so

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
        # HTTPServer would ask the resolver for the name of 127.0.0.1, which can take seconds
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        # As in ThreadingMixIn, but the thread is known to `server_close` before it runs
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._open[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is no fault of ours; anything else is, and shows
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        # A client may keep an idle connection open for long: hang up, or its thread and socket would outlive the server
        super().server_close()
        for thread, connection in self._open.copy().items():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Not HTTP/0.9, in which a malformed request line would be answered without a status
    default_request_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        # The base class looks for do_METHOD, and would answer 501 where 405 tells more
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        self._drop_body()
        hosts: list[str] = self.headers.get_all("Host", [])
        if len(hosts) > 1 or (not hosts and self.request_version != "HTTP/1.0"):
            self._refuse(HTTPStatus.BAD_REQUEST)  # RFC 9112 section 3.2
            return
        place = locate(self.path, hosts[0] if hosts else None)
        if self.command not in _METHODS and place is not HTTPStatus.MISDIRECTED_REQUEST:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
        elif isinstance(place, HTTPStatus):
            self._refuse(place)
        elif place in self.server.pages:
            self._give(self.server.pages[place])
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _give(self, page: _Page) -> None:
        compress = accepts_gzip(self.headers.get_all("Accept-Encoding", []))
        chosen = page.compressed if compress else page.plain
        fields = {
            "ETag": chosen.etag,
            "Last-Modified": format_datetime(page.modified, usegmt=True),
            "Vary": "Accept-Encoding",
        }
        if is_not_modified(
            self.headers.get_all("If-None-Match", []),
            self.headers.get_all("If-Modified-Since", []),
            etag=chosen.etag,
            modified=page.modified,
        ):
            self._send(HTTPStatus.NOT_MODIFIED, fields)
            return
        coding = {"Content-Encoding": "gzip"} if compress else {}
        self._send(HTTPStatus.OK, fields | coding | {"Content-Type": page.content_type}, chosen.body)

    def _refuse(self, status: HTTPStatus) -> None:
        fields = {"Content-Type": "text/html; charset=utf-8"}
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            fields["Allow"] = ", ".join(_METHODS)
        self._send(status, fields, _REFUSAL.substitute(code=status.value, phrase=status.phrase).encode())

    def _send(self, status: HTTPStatus, fields: Mapping[str, str], body: bytes | None = None) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if body is not None:  # a 304 has none, and no length to announce (RFC 9110 section 15.4.5)
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if body is not None and self.command != "HEAD":
            self.wfile.write(body)

    def _drop_body(self) -> None:
        # What is left unread of a request would be taken for the next one
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not _SHORT_BODY.fullmatch(length):
            self.close_connection = True
        else:
            self.rfile.read(int(length))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # The base class calls this for what it cannot parse; where the next request would begin is then unknown
        self.close_connection = True
        self._refuse(HTTPStatus(code))

    def version_string(self) -> str:
        return "ForeignEyesSample"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.log_message("%s %s", self.requestline, int(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the base class's name for it
        if self.server.log is not None:
            # A request line is a stranger's text, and logs are read on terminals
            self.server.log((format % args).encode("unicode_escape").decode("ascii"))
