"""A server of a published folder with the header fields of ours, and one fault of a kind that real servers have."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from foreign_eyes.web.http_headers import cache_control, media_type


@dataclass
class Reply:
    """What the server will answer; a fault changes it."""

    status: int
    headers: dict[str, str]
    body: bytes


Fault = Callable[[str, Reply], Reply | None]


def sound(_name: str, reply: Reply) -> Reply:
    return reply


@dataclass
class SiteServer:
    """Serves `folder`; `fault` changes each answer, by the name of the file, or sends its own if it returns None."""

    folder: Path
    fault: Fault = sound
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def reply(self, name: str, etag: str | None) -> Reply:
        path = self.folder / name
        if not path.is_file() or path.name.startswith("."):
            return Reply(404, {"Content-Type": "text/html"}, b"<!doctype html>Not found")
        body = path.read_bytes()
        tag = f'"{sha256(body).hexdigest()}"'
        fields = {"Content-Type": media_type(name), "Cache-Control": cache_control(name), "ETag": tag}
        return Reply(304, fields, b"") if etag == tag else Reply(200, fields, body)


@contextmanager
def site_server(server: SiteServer) -> Iterator[SiteServer]:
    """Run the server until the end."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            path = unquote(self.path).lstrip("/")
            name = f"{path}index.html" if not path or path.endswith("/") else path
            server.asked.append(name)
            reply = server.fault(name, server.reply(name, self.headers["If-None-Match"]))
            if reply is None:
                endless(self, over)
                return
            self.send_response(reply.status)
            for header, value in reply.headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", server.port), Handler)
    http.daemon_threads = True
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        over.set()
        http.shutdown()
        http.server_close()
        thread.join()


def endless(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """Send a body that never ends, one byte after the other."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while not over.is_set():
            handler.wfile.write(b"x")
            time.sleep(0.01)
    except OSError:
        pass


def only(name: str, change: Callable[[Reply], Reply | None]) -> Fault:
    """Return a fault of one file."""
    return lambda asked, reply: change(reply) if asked == name and reply.status == 200 else reply


def every(change: Callable[[Reply], Reply | None]) -> Fault:
    """Return a fault of all files."""
    return lambda _, reply: change(reply)


def fields(**changed: str | None) -> Callable[[Reply], Reply]:
    """Return a change of header fields; None leaves one out."""
    names = {key.replace("_", "-").lower(): value for key, value in changed.items()}

    def change(reply: Reply) -> Reply:
        kept = {key: value for key, value in reply.headers.items() if key.lower() not in names}
        return Reply(reply.status, {**kept, **{k: v for k, v in names.items() if v is not None}}, reply.body)

    return change


def body(content: bytes, **headers: str) -> Callable[[Reply], Reply]:
    """Return a change of the body."""
    return lambda reply: Reply(reply.status, {**reply.headers, **headers}, content)


def status(number: int, **headers: str) -> Callable[[Reply], Reply]:
    """Return a change of the status."""
    return lambda reply: Reply(number, {**reply.headers, **headers}, b"")


def twice_gzipped(reply: Reply) -> Reply:
    packed = gzip.compress(gzip.compress(reply.body))
    return Reply(reply.status, {**reply.headers, "Content-Encoding": "gzip"}, packed)


def gzipped(reply: Reply) -> Reply:
    return Reply(reply.status, {**reply.headers, "Content-Encoding": "gzip"}, gzip.compress(reply.body))
