"""Feeds, pages and Datasette on one port: a real server on 127.0.0.1."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from email.utils import formatdate
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import CommandLine
from starlette.responses import Response
from support.processes import running as command_running
from support.processes import signals_by_default

from foreign_eyes.feeds.site_map import FEED_FORMATS
from foreign_eyes.web import static_files
from foreign_eyes.web.http_headers import (
    RequestHeaders,
    accepts_gzip,
    cache_control,
    is_not_modified,
    link_header,
    media_type,
    read_request_headers,
)
from foreign_eyes.web.server import LONGEST_REQUEST_HEAD, CannotListen, PortInUse, address_of, open_socket
from foreign_eyes.web.static_files import FileCache, PublishedFiles

ROOT = Path(__file__).parents[1]
FEED = b"<feed>" + b"an entry " * 200 + b"</feed>"
LONG_AGO = 1_600_000_000
BASE = "https://example.org/eyes/"
HUB = "https://hub.example.org/"

SERVER = """
import sys
from pathlib import Path
from foreign_eyes.cli import signals
from foreign_eyes.web.server import make_app, open_socket, serve_on

signals.install()
serve_on(
    open_socket("127.0.0.1", 0),
    make_app(Path(sys.argv[1]), Path(sys.argv[2])),
    signals.calling,
    lambda address: print(address, flush=True),
)
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
        "changes.rss": b"<rss/>",
        "changes.json": b"{}",
        "sitemap.xml": b"<urlset/>",
        "sitemaps/1.xml": b"<urlset/>",
        "subscriptions.opml": b"<opml/>",
        "style.css": b"body {}",
        "robots.txt": b"User-agent: *",
        "icon.svg": b"<svg/>",
        "icon.png": b"\x89PNG",
        "logo.png": b"\x89PNG",
        "archive/1.xml": b"<feed/>",
        "archive/2.json": b"{}",
        "topics/ai/atom.xml": b"<feed/>",
        "topics/ai/index.html": b"<!doctype html><title>AI</title>",
        "publications/cnn/feed.json": b"{}",
        "entries/123456789/index.html": b"<!doctype html><title>Entry</title>",
        "empty/.keep": b"",
        ".hidden.html": b"secret",
        ".foreign-eyes.jsonl": b"secret",
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
        command = [sys.executable, "-W", "error", "-W", "ignore:unclosed database", "-c", SERVER]
        with signals_by_default():
            self.server = subprocess.Popen(
                [*command, str(output), str(archive)],
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
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
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
        ("/changes.rss", "application/rss+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        ("/changes.json", "application/feed+json; charset=utf-8"),
        ("/archive/2.json", "application/feed+json; charset=utf-8"),
        ("/publications/cnn/feed.json", "application/feed+json; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/sitemaps/1.xml", "application/xml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/icon.svg", "image/svg+xml; charset=utf-8"),
        ("/icon.png", "image/png"),
        ("/logo.png", "image/png"),
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
    assert media_type("numbers.json") == "application/json; charset=utf-8"
    assert media_type("archive/index.xml") == "application/xml; charset=utf-8"


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


def test_what_is_not_text_or_too_short_is_sent_as_it_is(port: int) -> None:
    for target in ("/logo.png", "/rss.xml"):
        assert "content-encoding" not in ask(port, target, accept_encoding="gzip").headers


@pytest.mark.parametrize(
    ("field", "welcome"),
    [(b"", False), (b"gzip", True), (b"br, GZIP", True), (b"*", True), (b"gzip; q=0.000", False), (b"identity", False)],
)
def test_gzip_is_sent_to_those_who_say_that_they_read_it(field: bytes, welcome: bool) -> None:
    assert accepts_gzip(field) is welcome


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
        (RequestHeaders(), False),
        (RequestHeaders(if_none_match=b'"a"'), True),
        (RequestHeaders(if_none_match=b'W/"a"'), True),
        (RequestHeaders(if_none_match=b'"b", "a"'), True),
        (RequestHeaders(if_none_match=b" * "), True),
        (RequestHeaders(if_none_match=b'"b"'), False),
        (RequestHeaders(if_none_match=b""), False),
        (RequestHeaders(if_modified_since=b"Sun, 13 Sep 2020 12:26:40 GMT"), True),
        (RequestHeaders(if_modified_since=b"Sun, 13 Sep 2020 12:26:41 GMT"), True),
        (RequestHeaders(if_modified_since=b"Sun, 13 Sep 2020 12:26:39 GMT"), False),
        (RequestHeaders(if_modified_since=b"not a date \xff"), False),
        (RequestHeaders(if_modified_since=b"Sun, 99 Sep 2020 12:26:40 GMT"), False),
        # the date does not count beside an ETag, whichever way either points
        (RequestHeaders(if_none_match=b'"b"', if_modified_since=b"Sun, 13 Sep 2020 12:26:40 GMT"), False),
        (RequestHeaders(if_none_match=b'"a"', if_modified_since=b"Sun, 13 Sep 2020 12:26:39 GMT"), True),
    ],
)
def test_preconditions_follow_rfc_9110(asked: RequestHeaders, unchanged: bool) -> None:
    assert is_not_modified(asked, b'"a"', LONG_AGO) is unchanged


def test_without_a_date_of_change_no_date_matches() -> None:
    assert not is_not_modified(RequestHeaders(if_modified_since=b"Sun, 13 Sep 2020 12:26:40 GMT"), b'"a"', None)


def test_a_list_in_several_lines_is_read_as_one() -> None:
    fields = [(b"if-none-match", b'"a"'), (b"accept-encoding", b"br"), (b"host", b"x"), (b"if-none-match", b'"b"')]
    fields += [(b"accept-encoding", b"gzip"), (b"if-modified-since", b"never")]
    assert read_request_headers(fields) == RequestHeaders(b"br,gzip", b'"a","b"', b"never")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/village/nothing", b"of the village"),
        ("/village/entries/1/", b"of the village"),
        ("/nothing", b"of the root"),
        ("/other/nothing", b"of the root"),
        ("/villages", b"of the root"),
    ],
)
def test_a_missing_file_gets_the_page_of_the_source_in_whose_folder_it_would_lie(
    tmp_path: Path, path: str, page: bytes
) -> None:
    (tmp_path / "village").mkdir()
    (tmp_path / "404.html").write_bytes(b"of the root")
    (tmp_path / "village/404.html").write_bytes(b"of the village")
    answer = PublishedFiles(tmp_path).respond({"type": "http", "method": "GET", "path": path, "headers": []})
    assert isinstance(answer, Response)
    assert (answer.status_code, answer.body) == (404, page)


def test_the_date_of_change_brings_a_304_to_clients_that_know_no_etag(tmp_path: Path) -> None:
    (tmp_path / "atom.xml").write_bytes(FEED)
    changed = int((tmp_path / "atom.xml").stat().st_ctime)
    files = PublishedFiles(tmp_path, clock=lambda: changed + 1.0)
    for since, status in [(changed - 1, 200), (changed, 304), (changed + 1, 304)]:
        fields = [(b"if-modified-since", formatdate(since, usegmt=True).encode())]
        answer = files.respond({"type": "http", "method": "GET", "path": "/atom.xml", "headers": fields})
        assert isinstance(answer, tuple)
        assert answer[0]["status"] == status


# --- how long it may be kept


@pytest.mark.parametrize(
    "name",
    [
        *(
            folder + feed
            for folder in ("", "publications/cnn/", "topics/ai/", "village/", "a/b/topics/ai/", "all/")
            for feed in (one.file for one in FEED_FORMATS)
        ),
        *(one.changes_file for one in FEED_FORMATS),
    ],
)
def test_feeds_may_be_kept_for_minutes(name: str) -> None:
    assert cache_control(name) == "public, max-age=300"


@pytest.mark.parametrize(
    "name", ["archive/0.xml", "archive/1.xml", "archive/1.json", "archive/1234567.xml", "village/archive/3.xml"]
)
def test_archive_documents_may_be_kept_for_good(name: str) -> None:
    assert cache_control(name) == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        *("index.html", "entries/123456789/index.html", "pages/1.html", "style.css", "sitemap.xml", "404.html"),
        *("archive/00.xml", "archive/01.xml", "archive/x.xml", "archive/1.html", "archive/1.xml/index.html"),
        *("topics/archive/1.xml", "village/topics/atom.xml", "topics/atom.xml", "topics/a/b/atom.xml", "archive/٣.xml"),
        f"archive/{'9' * 5000}.xml",
    ],
)
def test_all_else_is_asked_for_again_each_time(name: str) -> None:
    assert cache_control(name) == "no-cache"


def test_each_class_reaches_the_reader(port: int) -> None:
    for target in ("/atom.xml", "/changes.rss", "/topics/ai/atom.xml", "/publications/cnn/feed.json"):
        assert ask(port, target).headers["cache-control"] == "public, max-age=300"
    for target in ("/archive/1.xml", "/archive/2.json"):
        assert ask(port, target).headers["cache-control"] == "public, max-age=31536000, immutable"
    for target in ("/", "/topics/ai/", "/entries/123456789/", "/style.css", "/nothing", "/entries/123456789"):
        assert ask(port, target).headers["cache-control"] == "no-cache"


# --- what it is linked with


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("atom.xml", ['<{0}atom.xml>; rel="self"', f'<{HUB}>; rel="hub"', '<{0}>; rel="alternate"; type="text/html"']),
        (
            "topics/ai/feed.json",
            [
                '<{0}topics/ai/feed.json>; rel="self"',
                f'<{HUB}>; rel="hub"',
                '<{0}topics/ai/>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "changes.rss",
            [
                '<{0}changes.rss>; rel="self"',
                f'<{HUB}>; rel="hub"',
                '<{0}changes/>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "archive/1.xml",
            [
                '<{0}archive/1.xml>; rel="self"',
                '<{0}atom.xml>; rel="current"',
                '<{0}archive/0.xml>; rel="prev-archive"',
                '<{0}>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "archive/0.xml",
            [
                '<{0}archive/0.xml>; rel="self"',
                '<{0}atom.xml>; rel="current"',
                '<{0}archive/1.xml>; rel="next-archive"',
                '<{0}>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "archive/1.json",
            [
                '<{0}archive/1.json>; rel="self"',
                '<{0}feed.json>; rel="current"',
                '<{0}>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "a b/village/archive/2.json",
            [
                '<{0}a%20b/village/archive/2.json>; rel="self"',
                '<{0}a%20b/village/feed.json>; rel="current"',
                '<{0}a%20b/village/archive/1.json>; rel="prev-archive"',
                '<{0}a%20b/village/>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "archive/12.json",
            [
                '<{0}archive/12.json>; rel="self"',
                '<{0}feed.json>; rel="current"',
                '<{0}archive/11.json>; rel="prev-archive"',
                '<{0}>; rel="alternate"; type="text/html"',
            ],
        ),
        (
            "publications/cnn/index.html",
            [
                '<{0}publications/cnn/atom.xml>; rel="alternate"; type="application/atom+xml"',
                '<{0}publications/cnn/rss.xml>; rel="alternate"; type="application/rss+xml"',
                '<{0}publications/cnn/feed.json>; rel="alternate"; type="application/feed+json"',
            ],
        ),
        *(
            (name, [])
            for name in (
                "style.css",
                "entries/123456789/index.html",
                "topics/ai/changes.json",
                "pages/1.html",
                "sitemap.xml",
                "entries/index.html",
                "topics/a/b/atom.xml",
                "village/style.css",
            )
        ),
    ],
)
def test_link_field_tells_what_belongs_together(name: str, expected: list[str]) -> None:
    assert link_header(name, BASE, HUB) == ", ".join(expected).format(BASE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rss.xml", ['<rss.xml>; rel="self"', '<./>; rel="alternate"; type="text/html"']),
        (
            "topics/ai/rss.xml",
            ['<../../topics/ai/rss.xml>; rel="self"', '<../../topics/ai/>; rel="alternate"; type="text/html"'],
        ),
        ("village/rss.xml", ['<rss.xml>; rel="self"', '<./>; rel="alternate"; type="text/html"']),
        (
            "archive/2.xml",
            [
                '<../archive/2.xml>; rel="self"',
                '<../atom.xml>; rel="current"',
                '<../archive/1.xml>; rel="prev-archive"',
                '<../>; rel="alternate"; type="text/html"',
            ],
        ),
    ],
)
def test_without_a_base_url_links_are_relative_and_no_hub_is_none(name: str, expected: list[str]) -> None:
    assert link_header(name, None, None) == link_header(name, None, "") == ", ".join(expected)


def test_links_of_a_folder_with_a_base_url_of_its_own_use_that() -> None:
    own = {"village/": "https://village.example/"}
    assert link_header("village/atom.xml", BASE, None, own).startswith('<https://village.example/atom.xml>; rel="self"')
    assert link_header("hamlet/atom.xml", BASE, None, own).startswith(f'<{BASE}hamlet/atom.xml>; rel="self"')


@pytest.mark.parametrize("slug", ['a"b', "a>; rel=evil", "a\r\nSet-Cookie: x", "中 é", "a;b,c", "\udcff", "a%b?c#d"])
def test_link_field_of_a_hostile_name_is_quoted(slug: str) -> None:
    for base_url in (None, 'https://example.org/"><x>/\n'):
        value = link_header(f"topics/{slug}/atom.xml", base_url, 'https://hub.example.org/"><\r\n')
        assert re.fullmatch(r'(<[!#-;=?-~]+>; rel="[a-z]+"(; type="text/html")?(, |$)){3}', value), value
        assert value.count("<") == value.count(">") == 3


def test_link_fields_reach_the_reader(port: int) -> None:
    assert ask(port, "/atom.xml").headers["link"] == link_header("atom.xml", None, None)
    assert ask(port, "/topics/ai/").headers["link"] == link_header("topics/ai/index.html", None, None)
    assert "link" not in ask(port, "/style.css").headers


# --- what protects the reader


def test_every_answer_carries_the_security_headers_and_pages_run_no_script(port: int) -> None:
    for target in ("/", "/atom.xml", "/nothing", "/entries/123456789", "/browse/"):
        headers = ask(port, target).headers
        assert headers["x-content-type-options"] == "nosniff", target
        assert headers["referrer-policy"] == "same-origin", target
        assert "default-src 'none'" in headers["content-security-policy"], target
    assert "script-src" not in ask(port, "/").headers["content-security-policy"]


def test_published_pages_have_no_styles_but_the_stylesheets(port: int) -> None:
    policy = dict(part.strip().split(" ", 1) for part in ask(port, "/").headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("target", ["/nothing", "/browse/"])
def test_built_in_pages_may_have_their_one_style_and_no_other(port: int, target: str) -> None:
    answer = ask(port, target)
    style = re.findall(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
    assert len(style) == 1
    digest = b64encode(sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


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
        "/.foreign-eyes.jsonl",
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


def test_without_published_files_the_start_page_says_what_to_do_or_leads_to_all_sources(tmp_path: Path) -> None:
    with running(tmp_path / "public", tmp_path / "archive.db") as (_, address):
        answer = ask(port_of(address), "/")
        assert answer.status == 503
        assert b"foreign-eyes up" in answer.body
        assert list(tmp_path.iterdir()) == []

        (tmp_path / "public" / "all").mkdir(parents=True)
        (tmp_path / "public" / "all" / "index.html").write_text("all sources")
        start = ask(port_of(address), "/")
        assert (start.status, start.headers["location"]) == (302, "./all/")
        assert ask(port_of(address), "/all/").body == b"all sources"

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
    now = changed + 0.9
    files = FileCache(tmp_path, clock=lambda: now)
    early = files.get("atom.xml")
    now = changed + 1.0
    late = files.get("atom.xml")
    assert early is not None
    assert late is not None
    assert (early.last_modified, late.last_modified) == (None, changed)
    for earlier, later in [(early.identity, late.identity), (early.gzip, late.gzip)]:
        assert earlier is not None
        assert later is not None
        assert "last-modified" not in dict(earlier.headers)
        assert dict(later.headers)[b"last-modified"] == formatdate(changed, usegmt=True).encode()
        assert earlier.etag == later.etag


def test_a_file_too_large_for_memory_is_sent_all_the_same(output: Path, port: int) -> None:
    (output / "large.txt").write_bytes(b"x" * (static_files.LARGEST_CACHED_FILE + 1))
    answer = ask(port, "/large.txt", accept_encoding="gzip")
    assert len(answer.body) == static_files.LARGEST_CACHED_FILE + 1
    assert ask(port, "/large.txt", if_none_match=answer.headers["etag"]).status == 304
    (output / "large.txt").unlink()


def test_memory_for_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_files, "_CACHE_SIZE", 100_000)
    files = FileCache(tmp_path)
    for number in range(50):
        (tmp_path / f"{number}.txt").write_bytes(os.urandom(6000))
        assert files.get(f"{number}.txt")
    assert files._size == sum(file.size for file in files._files.values()) <= 100_000
    assert list(files._files)[-1] == "49.txt"


# --- the server


def test_serve_tells_the_configured_address(command: CommandLine) -> None:
    (command.folder / "public").mkdir()
    (command.folder / "public" / "atom.xml").write_bytes(FEED)
    (command.folder / "foreign-eyes.toml").write_text('[publish]\nbase_url = "https://example.org/eyes"\n')
    with command_running(command, "serve", "--port", "0") as serving:
        port = port_of(serving.wait_for(r"pages +(http://\S+)")[1])
        assert ask(port, "/atom.xml").headers["link"] == link_header("atom.xml", BASE, None)


@pytest.mark.parametrize(("host", "shown"), [("::1", "[::1]"), ("[::1]", "[::1]"), ("::", "[::1]")])
def test_an_ipv6_address_is_served_and_shown_in_brackets(host: str, shown: str) -> None:
    with open_socket(host, 0) as listener:
        assert address_of(listener) == f"http://{shown}:{listener.getsockname()[1]}/"


def test_port_0_takes_a_free_port_that_is_known_before_anything_is_served() -> None:
    with open_socket("127.0.0.1", 0) as listener:
        address = address_of(listener)
        assert address == f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with socket.create_connection(listener.getsockname(), timeout=60):
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
        kept_alive = HTTPConnection("127.0.0.1", port_of(address), timeout=60)
        kept_alive.request("GET", "/")
        kept_alive.getresponse().read()
        silent = socket.create_connection(("127.0.0.1", port_of(address)), timeout=60)
        server.send_signal(number)
        out, err = server.communicate(timeout=60)
        kept_alive.close()
        silent.close()
    assert (server.returncode, out, err) == (0, "returned\n", "")


def test_a_request_whose_head_never_ends_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        answer = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(2 * LONGEST_REQUEST_HEAD // 1024):
                connection.sendall(b"a" * 1024)
        with contextlib.suppress(ConnectionError):
            answer = connection.recv(1024)
    assert answer.startswith(b"HTTP/1.1 400 ") or answer == b""
    assert ask(port, "/").status == 200


def test_what_is_no_http_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 400 ")
