"""Feeds, pages and Datasette on one port: a real server on 127.0.0.1."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.datastructures import Headers

from browse import files
from browse.files import PublishedFiles, is_unchanged, media_type
from browse.server import CannotListen, PortInUse, address_of, open_socket

ROOT = Path(__file__).parents[1]
FEED = b"<feed>" + b"an entry " * 200 + b"</feed>"
LONG_AGO = 1_600_000_000

SERVER = """
import sys
from pathlib import Path
from browse.server import serve
from browse.site import make_app

serve(make_app(Path(sys.argv[1]), Path(sys.argv[2])), "127.0.0.1", 0, lambda address: print(address, flush=True))
print("returned", flush=True)
"""


class Answer(NamedTuple):
    """What came back: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "public"
    for name, content in {
        "index.html": b"<!doctype html><title>Feeds</title>",
        "atom.xml": FEED,
        "rss.xml": b"<rss/>",
        "feed.json": b"{}",
        "changes.xml": b"<feed/>",
        "sitemap.xml": b"<urlset/>",
        "subscriptions.opml": b"<opml/>",
        "style.css": b"body {}",
        "archive/1.xml": b"<feed/>",
        "topics/ai/atom.xml": b"<feed/>",
        "entries/123456789/index.html": b"<!doctype html><title>Entry</title>",
        "empty/.keep": b"",
        ".hidden.html": b"secret",
        "atom.xml.tmp": b"secret",
        ".git/config.html": b"secret",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder.parent / "outside.html").write_bytes(b"secret")
    (folder / "link.html").symlink_to(folder.parent / "outside.html")
    (folder / "up").symlink_to(folder.parent)
    (folder / "circle.html").symlink_to(folder / "circle.html")
    (folder / "inside.html").symlink_to(folder / "index.html")
    return folder


@pytest.fixture(scope="module")
def port(output: Path) -> Iterator[int]:
    with running(output, output.parent / "no-archive.db") as (server, address):
        yield port_of(address)
        server.terminate()


class running:  # noqa: N801 - reads as what it is: with running(...)
    """A server process; gives it and its address, and leaves nothing behind."""

    def __init__(self, output: Path, archive: Path) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-W", "error", "-W", "ignore:unclosed database", "-c", SERVER, str(output), str(archive)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> tuple[subprocess.Popen[str], str]:
        assert self.server.stdout is not None
        return self.server, self.server.stdout.readline().strip()

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        self.server.communicate()


def port_of(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def ask(port: int, target: str, method: str = "GET", **fields: str) -> Answer:
    """Send one request; field names are written with underscores."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in fields.items()})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


# --- what is answered


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/changes.xml", "application/atom+xml; charset=utf-8"),
        ("/archive/1.xml", "application/atom+xml; charset=utf-8"),
        ("/topics/ai/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/subscriptions.opml", "text/x-opml; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/entries/123456789/", "text/html; charset=utf-8"),
        ("/inside.html", "text/html; charset=utf-8"),
    ],
)
def test_published_file_has_its_media_type(port: int, target: str, expected: str) -> None:
    answer = ask(port, target)
    assert (answer.status, answer.headers["content-type"]) == (200, expected)


def test_unknown_kinds_of_file_are_not_guessed() -> None:
    assert media_type("notes.exe") == "application/octet-stream"
    assert media_type("LICENSE") == "application/octet-stream"


def test_etag_is_strong_and_made_of_the_content(port: int) -> None:
    answer = ask(port, "/atom.xml")
    assert answer.body == FEED
    assert answer.headers["etag"] == f'"{sha256(FEED).hexdigest()}"'


def test_text_is_compressed_for_those_who_can_read_that_under_an_etag_of_its_own(port: int) -> None:
    plain, zipped = ask(port, "/atom.xml"), ask(port, "/atom.xml", accept_encoding="br, gzip;q=0.8")
    assert gzip.decompress(zipped.body) == plain.body
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == zipped.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in ask(port, "/atom.xml", accept_encoding="gzip;q=0").headers


def test_the_etag_of_an_answer_brings_a_304_without_a_body_that_keeps_it(port: int) -> None:
    for coding in ("identity", "gzip"):
        first = ask(port, "/atom.xml", accept_encoding=coding)
        again = ask(port, "/atom.xml", accept_encoding=coding, if_none_match=f'"other", W/{first.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert again.headers[name] == first.headers[name]


def test_head_tells_what_get_would(port: int) -> None:
    head, get = ask(port, "/atom.xml", method="HEAD"), ask(port, "/atom.xml")
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-type", "content-length", "cache-control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("asked", "unchanged"),
    [
        ({}, False),
        ({"if-none-match": '"a"'}, True),
        ({"if-none-match": 'W/"a"'}, True),
        ({"if-none-match": '"b", "a"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"b"'}, False),
        ({"if-modified-since": "Sun, 13 Sep 2020 12:26:40 GMT"}, True),
        ({"if-modified-since": "Sun, 13 Sep 2020 12:26:41 GMT"}, True),
        ({"if-modified-since": "Sun, 13 Sep 2020 12:26:39 GMT"}, False),
        ({"if-modified-since": "not a date"}, False),
        ({"if-modified-since": "Sun, 99 Sep 2020 12:26:40 GMT"}, False),
        # the date does not count beside an ETag, whichever way either points
        ({"if-none-match": '"b"', "if-modified-since": "Sun, 13 Sep 2020 12:26:40 GMT"}, False),
        ({"if-none-match": '"a"', "if-modified-since": "Sun, 13 Sep 2020 12:26:39 GMT"}, True),
    ],
)
def test_preconditions_follow_rfc_9110(asked: dict[str, str], unchanged: bool) -> None:
    assert is_unchanged(Headers(asked), '"a"', LONG_AGO) is unchanged


def test_without_a_date_of_change_no_date_matches() -> None:
    assert not is_unchanged(Headers({"if-modified-since": "Sun, 13 Sep 2020 12:26:40 GMT"}), '"a"', None)


def test_feeds_and_pages_are_asked_for_again_and_frozen_documents_are_kept(port: int) -> None:
    for target in ("/", "/atom.xml", "/feed.json", "/entries/123456789/"):
        assert ask(port, target).headers["cache-control"] == "no-cache"
    assert ask(port, "/archive/1.xml").headers["cache-control"] == "public, max-age=86400"


def test_every_answer_carries_the_security_headers_and_pages_run_no_script(port: int) -> None:
    for target in ("/", "/atom.xml", "/nothing", "/entries/123456789", "/browse/"):
        headers = ask(port, target).headers
        assert headers["x-content-type-options"] == "nosniff", target
        assert headers["referrer-policy"] == "same-origin", target
        assert "default-src 'none'" in headers["content-security-policy"], target
    assert "script-src" not in ask(port, "/").headers["content-security-policy"]


def test_a_folder_without_its_slash_is_sent_to_its_page(port: int) -> None:
    answer = ask(port, "/entries/123456789")
    assert (answer.status, answer.headers["location"]) == (301, "./123456789/")
    assert ask(port, "/browse").headers["location"] == "/browse/"


@pytest.mark.parametrize(
    "target",
    [
        "/../outside.html",
        "/entries/../../outside.html",
        "/entries/../index.html",
        "/%2e%2e/outside.html",
        "/%2e%2e%2foutside.html",
        "/entries/%2e%2e/%2e%2e/outside.html",
        "/..%5coutside.html",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/./index.html",
        "/entries//123456789/",
        "/atom.xml%00",
        "/atom.xml%0a",
        "/%ff%fe.html",
        "/link.html",
        "/up/outside.html",
        "/circle.html",
        "/.hidden.html",
        "/.git/config.html",
        "/atom.xml.tmp",
        "/atom.xml/",
        "/atom.xml/index.html",
        "/empty/",
        "/empty",
        "/entries/",
        "/" + "a" * 5000,
        "/nothing",
    ],
)
def test_what_is_not_published_is_not_found(port: int, target: str) -> None:
    answer = ask(port, target)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert b"There is no such page" in answer.body


def test_only_reading_is_possible(port: int) -> None:
    answer = ask(port, "/atom.xml", method="POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_without_an_archive_browsing_says_so_while_feeds_are_served(port: int) -> None:
    answer = ask(port, "/browse/")
    assert answer.status == 503
    assert b"no-archive.db: no such archive" in answer.body
    assert ask(port, "/atom.xml").status == 200


# --- the folder changes


def serve_once(output: Path, path: str, clock: Callable[[], float] = time.time) -> Headers:
    """Answer one request without a socket; return the header fields."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    return Headers(raw=PublishedFiles(output, clock)._respond(scope).raw_headers)


def test_without_published_files_the_start_page_says_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path / "public", tmp_path / "archive.db") as (_, address):
        answer = ask(port_of(address), "/")
        assert answer.status == 503
        assert b"foreign-eyes up" in answer.body
        assert list(tmp_path.iterdir()) == []

        (tmp_path / "public").mkdir()
        (tmp_path / "public" / "index.html").write_text("now published")
        (tmp_path / "public" / "404.html").write_text("a page of your own")
        assert ask(port_of(address), "/").body == b"now published"
        missing = ask(port_of(address), "/nothing")
        assert (missing.status, missing.body) == (404, b"a page of your own")


def test_a_file_replaced_within_the_same_second_and_of_the_same_size_is_served_anew(output: Path, port: int) -> None:
    path = output / "twice.xml"
    path.write_bytes(b"<feed>1</feed>")
    os.utime(path, (LONG_AGO, LONG_AGO))
    first = ask(port, "/twice.xml")
    (output / "twice.new").write_bytes(b"<feed>2</feed>")
    os.utime(output / "twice.new", (LONG_AGO, LONG_AGO))
    (output / "twice.new").replace(path)
    second = ask(port, "/twice.xml", if_none_match=first.headers["etag"])
    assert (second.status, second.body) == (200, b"<feed>2</feed>")
    path.unlink()
    assert ask(port, "/twice.xml").status == 404


def test_the_date_of_change_is_told_only_when_its_second_is_over(tmp_path: Path) -> None:
    (tmp_path / "atom.xml").write_bytes(FEED)
    changed = int((tmp_path / "atom.xml").stat().st_ctime)
    assert "last-modified" not in serve_once(tmp_path, "/atom.xml", lambda: changed + 0.9)
    assert "last-modified" in serve_once(tmp_path, "/atom.xml", lambda: changed + 1.0)


def test_a_file_too_large_for_memory_is_sent_all_the_same(output: Path, port: int) -> None:
    (output / "large.txt").write_bytes(b"x" * (files.LARGEST_IN_MEMORY + 1))
    answer = ask(port, "/large.txt", accept_encoding="gzip")
    assert len(answer.body) == files.LARGEST_IN_MEMORY + 1
    assert ask(port, "/large.txt", if_none_match=answer.headers["etag"]).status == 304
    (output / "large.txt").unlink()


def test_memory_for_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MEMORY", 10_000)
    app = PublishedFiles(tmp_path)
    for number in range(50):
        (tmp_path / f"{number}.txt").write_bytes(os.urandom(600))
        assert app._hold(f"{number}.txt")
    assert app._weight == sum(held.weight for held in app._held.values()) <= 10_000


# --- the server


def test_port_0_takes_a_free_port_that_is_known_before_anything_is_served() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        address = address_of(listener)
        assert address == f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with socket.create_connection(listener.getsockname(), timeout=5):
            pass  # waits to be answered, and is not refused


def test_a_port_in_use_is_told_with_its_host_and_number() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUse, match=f"127.0.0.1 port {port}: the port is in use") as caught:
            open_socket("127.0.0.1", port)
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 99999), ("a..b", 0)])
def test_an_address_that_cannot_be_had_is_told_in_one_line(host: str, port: int) -> None:
    with pytest.raises(CannotListen, match="cannot listen on") as caught:
        open_socket(host, port)
    assert not isinstance(caught.value, PortInUse)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serving_as_an_ordinary_return_even_with_connections_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running(tmp_path, tmp_path / "archive.db") as (server, address):
        kept_alive = HTTPConnection("127.0.0.1", port_of(address), timeout=5)
        kept_alive.request("GET", "/")
        kept_alive.getresponse().read()
        silent = socket.create_connection(("127.0.0.1", port_of(address)), timeout=5)
        server.send_signal(number)
        out, err = server.communicate(timeout=10)
        kept_alive.close()
        silent.close()
    assert (server.returncode, out, err) == (0, "returned\n", "")
