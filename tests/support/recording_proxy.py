"""A small reverse proxy that records the response to each request."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

# hop-by-hop fields, which a proxy does not forward
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "host", "date", "server"}


@dataclass
class RecordingProxy:
    """Forwards requests to `behind`, which may change; `answered` logs the responses."""

    behind: str = ""
    answered: list[tuple[str, int]] = field(default_factory=list)

    def __enter__(self) -> Self:
        proxy = self

        class Bound(_Handler):
            recording = proxy

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
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
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/"

    def forget(self) -> None:
        self.answered.clear()

    def statuses(self, name: str) -> list[int]:
        """Return the statuses of the requests for the file `name`."""
        return [status for path, status in self.answered if path == f"/{name}"]


class _Handler(BaseHTTPRequestHandler):
    recording: RecordingProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = urlsplit(self.recording.behind)
        fields = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        connection = http.client.HTTPConnection(server.hostname or "", server.port, timeout=20)
        try:
            connection.request(self.command, self.path, headers=fields)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        self.recording.answered.append((self.path, answer.status))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""
