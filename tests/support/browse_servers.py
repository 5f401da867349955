"""A real server for `/browse/` in a thread, and small archives for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage, Pager, Verdict
from foreign_eyes.web.server import address_of, make_app, open_socket, serve_on

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
URL = "http://x/"


class Response(NamedTuple):
    """A response: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the value of a JSON body."""
        return json.loads(self.body)


class BrowseServer:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, target: str | bytes, method: str = "GET", **fields: str) -> Response:
        """Send one request for exactly `target`, and return the response."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        if isinstance(target, bytes):
            target = target.decode("latin-1")
        # http.client refuses some characters that a hostile client can send
        connection._validate_path = lambda _url: None  # type: ignore[attr-defined]
        connection._encode_request = lambda request: request.encode("latin-1")  # type: ignore[attr-defined]
        try:
            connection.request(
                method, target, headers={name.replace("_", "-"): value for name, value in fields.items()}
            )
            response = connection.getresponse()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()


@contextmanager
def browse_server(archive: Path, *, readers_sql: bool = True, output: Path | None = None) -> Iterator[BrowseServer]:
    """Serve an archive, and the files of `output`, until the end of the block."""
    listener = open_socket("127.0.0.1", 0)
    port = int(address_of(listener).rstrip("/").rpartition(":")[2])
    app = make_app(output or archive.parent / "nothing-published", archive, readers_sql=readers_sql)
    stop: list[Callable[[int], None]] = []
    ready = Event()

    @contextmanager
    def keep(stopping: Callable[[int], None]) -> Iterator[None]:
        stop.append(stopping)
        yield

    thread = Thread(target=serve_on, args=(listener, app, keep, lambda _address: ready.set()))
    thread.start()
    try:
        assert ready.wait(60)
        yield BrowseServer(port)
    finally:
        stop[0](0)
        thread.join()


class _Reader:
    """Returns the same entries for each body, which is the number of a crawl."""

    PARSER_VERSION = 1

    def __init__(self, crawls: Sequence[Sequence[ListedEntry]]) -> None:
        self._crawls = crawls

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Return the entries of the crawl."""
        link = Link("Patent Search", "http://x/search")
        return ListingPage(tuple(self._crawls[int(body)]), 1, (link,), Pager("none"), True, "utf-8")

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Find no signs of blocking."""
        return None


def make_archive_of(path: Path, crawls: Sequence[Sequence[ListedEntry]]) -> Path:
    """Make an archive with a crawl a day."""
    with open_archive(path) as db:
        for number, _ in enumerate(crawls):
            at = START + timedelta(days=number)
            crawl_id = begin_crawl(db, Source("x", URL, "The column", "en"), "full", at)
            body = str(number).encode()
            record_capture(db, crawl_id, Fetched("listing", URL, URL, at, 200, (), body, pass_number=1, page=1))
            traffic = Traffic(1, 0, len(body))
            settle(db, crawl_id, Verdict("complete"), _Reader(crawls), traffic, at=at, authority="a.b,2026")
    return path
