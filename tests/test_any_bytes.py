"""No bytes of any server make a crawl end as a fault of our own: whatever answers, the crawl has another outcome."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from conftest import ROOT, examples
from hypothesis import given, settings
from hypothesis import strategies as st
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_site, page_name

SITE = make_site(make_entries(10))
GOOD = {"complete", "unchanged", "partial", "suspect", "blocked", "unreachable"}


class Bytes(socketserver.StreamRequestHandler):
    """Reads a request's head, and answers with the bytes of its path; then it closes."""

    server: Anything

    def handle(self) -> None:
        with suppress(OSError):
            path = self.rfile.readline(65536).split(b" ")[1].decode("latin-1")
            while self.rfile.readline(65536).strip():
                pass
            self.wfile.write(self.server.answers.get(path.partition("?")[0], b"HTTP/1.1 404 Not Found\r\n\r\n"))
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.rfile.read(1)


class Anything(socketserver.ThreadingTCPServer):
    """A server of any bytes, on a free port of 127.0.0.1."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Bytes)
        self.answers: dict[str, bytes] = {}


@dataclass
class Crawls:
    """Crawls of one process over a server of any bytes."""

    folder: Path
    server: Anything = field(default_factory=Anything)

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._log = (self.folder / "driver.log").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / "crawl_driver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name, answers in (("new", {}), ("known", honest())):
            self.crawl(answers, self.folder / f"{name}.db")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
        self.server.shutdown()
        self.server.server_close()

    def crawl(self, answers: dict[str, bytes], archive: Path) -> dict[str, Any]:
        """Crawl what `answers` says, by path, into `archive`; return the row of the crawl log."""
        self.server.answers = answers
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._log.truncate(0)
        self._process.stdin.write(f"http://127.0.0.1:{self.server.server_address[1]}{LISTING} {archive}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the driver has ended:\n{self.complaints()}"
        row: dict[str, Any] = json.loads(line)
        return row

    def complaints(self) -> str:
        """What the driver wrote to its standard error during the last crawl."""
        return (self.folder / "driver.log").read_text(encoding="utf-8", errors="replace").replace("\0", "")

    def try_once(self, answers: dict[str, bytes], *, known: bool) -> dict[str, Any]:
        """Crawl into a copy of an archive that knows the honest listing, or that has nothing settled."""
        archive = self.folder / "tried.db"
        shutil.copyfile(self.folder / f"{'known' if known else 'new'}.db", archive)
        return self.crawl(answers, archive)


@pytest.fixture(scope="module")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawls]:
    with Crawls(tmp_path_factory.mktemp("bytes")) as running:
        yield running


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body), b"", body])


def honest() -> dict[str, bytes]:
    return {path: answer(body, b"Content-Type: text/html", b'ETag: "1"') for path, body in SITE.items()}


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


ODD = st.sampled_from(
    [
        b"",
        b" ",
        b"\0",
        b"-1",
        b"0",
        b"1e9",
        b"99999999999999999999",
        b"\xff\xfe",
        "中".encode(),
        b"\r",
        b"\n",
        b"%",
        b"x" * 70000,
    ]
)
WORDS = st.one_of(ODD, st.binary(max_size=12), st.integers(0, 999).map(lambda n: b"%d" % n))
LOCATIONS = st.one_of(
    WORDS,
    st.sampled_from(
        [
            b"javascript:x",
            b"http://[",
            b"http://h:8x/",
            b"http://a b/",
            b"http://u:p@h/",
            b"file:///etc/passwd",
            b"//",
            b"?",
            b"http://[::1]/",
            b"http://127.0.0.2/",
            b"http://a..b/",
            b"https://127.0.0.1:1/",
            b"http://\xff/",
            b"http://" + b"a" * 300 + b"/",
            LISTING.encode(),
            page_name(2).encode(),
            b"/robots.txt",
        ]
    ),
    st.binary(max_size=12).map(lambda tail: b"http://" + tail),
)
STATUS_LINES = st.one_of(
    st.integers(100, 999).map(lambda code: b"HTTP/1.1 %d Any" % code),
    st.sampled_from(
        [
            b"HTTP/1.1 200",
            b"HTTP/1.0 200 OK",
            b"HTTP/2 200",
            b"HTTP/1.1 2OO OK",
            b"ICY 200 OK",
            b"HTTP/1.1",
            b"HTTP/1.1 -200 OK",
            b"HTTP/1.1  200  OK",
            b"HTTP/9.9 200 OK",
            b"HTTP/1.1 200 \xff\xfe",
            b"HTTP/1.1 0200 OK",
            b"220 ftp ready",
        ]
    ),
    st.tuples(WORDS, WORDS, WORDS).map(b" ".join),
)
NAMES = st.one_of(
    st.sampled_from(
        [
            b"Content-Type",
            b"Content-Length",
            b"Content-Encoding",
            b"Transfer-Encoding",
            b"Location",
            b"ETag",
            b"Last-Modified",
            b"Retry-After",
            b"Date",
            b"Age",
            b"Refresh",
            b"Set-Cookie",
            b"Connection",
            b"Content-Range",
            b"Vary",
            b"X",
        ]
    ),
    WORDS,
)
VALUES = st.one_of(
    LOCATIONS,
    st.sampled_from(
        [
            b"text/html; charset=\xff",
            b"text/html; charset=utf-7",
            b"text/html;charset=rot13",
            b"text/html; charset=",
            b"image/png",
            b"multipart/x; boundary=",
            b"chunked",
            b"gzip",
            b"deflate",
            b"br",
            b"none",
            b"identity, gzip",
            b"gzip, gzip",
            b"utf-8",
            b"Thu, 01 Jan 1970 00:00:00 GMT",
            b"Thu, 99 Foo 99999 99:99:99 +9999",
            b"5, 5",
            b"5, 6",
            b"keep-alive, close",
        ]
    ),
)
HEADERS = st.lists(st.tuples(NAMES, VALUES).map(b": ".join), max_size=4)


@st.composite
def pages(draw: st.DrawFn) -> bytes:
    """The body of a listing page, or what a mutation made of one."""
    body = draw(st.sampled_from([SITE[LISTING], SITE[page_name(2)], SITE["/robots.txt"], b"<html></html>", b""]))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.sampled_from([0, 1, 20, 2000])))
        body = body[:start] + draw(st.one_of(st.binary(max_size=20), st.sampled_from(FRAGMENTS))) + body[end:]
    return body


FRAGMENTS = [
    b"<a href='http://['>next</a>",
    b"<a href='javascript:x'>2</a>",
    b"<!--",
    b"<script>",
    b"<base href='http://h:8x/'>",
    b"&#0;",
    b"&#xD800;",
    b"\0",
    b"\xff",
    b"<meta charset='rot13'>",
    b"<title>",
    b"<svg><style/>",
    b"<table>" * 50,
    b"</html>",
]


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """A response that is nearly right, or wrong from its first byte."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    line, headers, body = draw(STATUS_LINES), draw(HEADERS), draw(pages())
    if draw(st.booleans()):
        line = draw(st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 302 Found", b"HTTP/1.1 304 Not Modified"]))
    if b" 30" in line and draw(st.booleans()):
        headers.append(b"Location: " + draw(LOCATIONS))
    coding = draw(st.sampled_from([None, None, "gzip", "deflate", "none"]))
    if coding:
        headers.append(b"Content-Encoding: " + coding.encode())
        body = {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding, bytes)(body)
        body = body[: draw(st.sampled_from([len(body), len(body) // 2, 5]))] + draw(
            st.sampled_from([b"", b"", b"\0\0", b"tail"])
        )
    framing = draw(st.sampled_from(["length", "length", "chunked", "close", "wrong length", "both"]))
    if framing in ("chunked", "both"):
        headers.append(b"Transfer-Encoding: chunked")
        body = chunked(body, draw(st.sampled_from([1, 100, 100_000])) if len(body) < 3000 else 1000)
    if framing in ("length", "both", "wrong length"):
        headers.append(
            b"Content-Length: %d" % (len(body) + (draw(st.integers(-5, 5)) if framing == "wrong length" else 0))
        )
    raw = b"\r\n".join([line, *headers, b"", body])
    if draw(st.integers(0, 3)) == 0:
        cut = draw(st.integers(0, len(raw)))
        raw = raw[:cut] + draw(st.one_of(ODD, st.just(b""))) + raw[cut + draw(st.sampled_from([0, 1, 10, len(raw)])) :]
    return raw


EXCHANGES = st.fixed_dictionaries(
    {},
    optional={
        "/robots.txt": responses(),
        LISTING: responses(),
        page_name(2): responses(),
        PATENT_SEARCH: responses(),
    },
)


@settings(max_examples=examples(60, in_ci=90))
@given(EXCHANGES, st.booleans())
def test_no_bytes_of_a_server_are_a_fault_of_our_own(crawls: Crawls, answers: dict[str, bytes], known: bool) -> None:
    row = crawls.try_once({**honest(), **answers}, known=known)
    assert row["outcome"] in GOOD, crawls.complaints()
    assert row["outcome"] in ("complete", "unchanged") or row["reason"]
