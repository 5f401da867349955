"""A real HTTP server that takes pings and notifications, or refuses them, hangs, or answers without end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class Monitor:
    """Records the requests; answers with the next of `statuses`, and with 200 after the last of them.

    While `hangs` is not set, it does not answer at all. With `drips`, a body follows that never ends.
    """

    statuses: list[int] = field(default_factory=list)
    hangs: threading.Event | None = None
    drips: bool = False
    paths: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        monitor = self

        class Bound(_Handler):
            pass

        Bound.monitor = monitor
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.hangs:
            self.hangs.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._http.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    monitor: Monitor

    def do_GET(self) -> None:
        monitor = self.monitor
        length = int(self.headers.get("Content-Length") or 0)
        monitor.bodies.append(self.rfile.read(length).decode())
        monitor.paths.append(self.path)
        status = monitor.statuses.pop(0) if monitor.statuses else 200
        if monitor.hangs:
            monitor.hangs.wait(60)
        try:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "1000000" if monitor.drips else "0")
            self.end_headers()
            if monitor.drips:
                self.wfile.write(b"x")
                self.connection.recv(1)  # until the client closes
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
