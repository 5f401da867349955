"""nginx as docs/serving.md sets it up, beside our own server: a reader is told the same by both."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT
from support.programs import needs
from test_web_site import Answer, ask, port_of
from test_web_site import running as serving

from foreign_eyes.feeds.site_map import FEED_FORMATS, SITE_MAP
from foreign_eyes.web.http_headers import is_compressible

SECRETS = (".atom.xml.0123.foreign-eyes", ".foreign-eyes.jsonl", "atom.xml.tmp")
# every path of the site map, and others that nginx must not take for one
FILES = {
    **{row.pattern.format(number=7, slug="le-monde", id=123456789): b"published" for row in SITE_MAP},
    "index.html": b"<!doctype html><title>Feeds</title>",
    "404.html": b"<!doctype html><title>No such page</title>",
    "numbers.json": b"{}",
    "notes.bin": b"\x00",
    # the folders of other sources
    **dict.fromkeys(
        (
            *("village/index.html", "village/atom.xml", "village/archive/7.xml", "village/archive/7.json"),
            *("village/topics/le-monde/feed.json", "village/changes.rss", "village/sitemap.xml", "all/rss.xml"),
        ),
        b"published",
    ),
    "all/index.html": b"<!doctype html><title>All</title>",
    **{
        f"{folder}{file}": b"<feed/>"
        for folder in ("topics/ai/", "elsewhere/")
        for feed_format in FEED_FORMATS
        for file in (feed_format.file, feed_format.changes_file)
    },
}
SECURITY = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
)


class Servers(NamedTuple):
    """The ports of both, over one folder."""

    nginx: int
    ours: int


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    program = needs("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    output = folder / "public"
    for name, content in {**FILES, **dict.fromkeys(SECRETS, b"secret")}.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        # long enough to be worth compressing
        (output / name).write_bytes(content + b"\n" + b" " * 2000)
    (output / "empty").mkdir()
    with serving(output, folder / "no-archive.db") as (_, address):
        port = free_port()
        (folder / "nginx.conf").write_text(configuration(documented(), output, port, port_of(address)))
        with nginx(program, folder, port):
            yield Servers(port, port_of(address))


def documented() -> str:
    """The text in the documentation, as readers copy it."""
    found = re.search(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "serving.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def configuration(site: str, output: Path, port: int, ours: int) -> str:
    """Put the site where it is included on a real machine; only folder and ports are others."""
    for pattern, ours_instead in [
        (r"listen 80;", f"listen 127.0.0.1:{port};"),
        (r"listen \[::\]:80;\n", ""),
        (r"root [^;]+;", f"root {output};"),
        (r"proxy_pass http://127\.0\.0\.1:8423;", f"proxy_pass http://127.0.0.1:{ours};"),
    ]:
        site, found = re.subn(pattern, ours_instead, site)
        assert found == 1, pattern
    folder = output.parent
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # a worker of root's would be nobody, who may not read the folders of a test
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn;\n"
        f"events {{ worker_connections 64; }}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def nginx(program: str, folder: Path, port: int) -> Iterator[None]:
    """Run nginx until the end; it has nothing to complain of."""
    command = [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(process, port, folder / "nginx.log")
        yield
    finally:
        process.terminate()
        process.wait(10)
    assert "[warn]" not in (folder / "nginx.log").read_text()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        else:
            return


def ask_both(servers: Servers, target: str, **fields: str) -> tuple[Answer, Answer]:
    return ask(servers.nginx, target, **fields), ask(servers.ours, target, **fields)


@pytest.mark.parametrize("name", FILES)
def test_nginx_says_of_each_file_what_our_server_says(servers: Servers, name: str) -> None:
    theirs, ours = ask_both(servers, f"/{name.removesuffix('index.html')}")
    assert (theirs.status, theirs.body) == (ours.status, ours.body) == (200, ours.body)
    for field in ("content-type", "cache-control", *SECURITY):
        assert theirs.headers[field] == ours.headers[field], field


@pytest.mark.parametrize("name", FILES)
def test_nginx_compresses_what_our_server_compresses(servers: Servers, name: str) -> None:
    theirs, ours = ask_both(servers, f"/{name}", accept_encoding="gzip")
    assert theirs.headers.get("content-encoding") == ours.headers.get("content-encoding")
    assert ("content-encoding" in theirs.headers) is is_compressible(name)
    if is_compressible(name):
        assert theirs.headers["vary"].lower() == "accept-encoding"
        assert gzip.decompress(theirs.body) == gzip.decompress(ours.body)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("name", FILES)
def test_nginx_answers_304_to_its_own_etag_and_date(servers: Servers, name: str, coding: str) -> None:
    first = ask(servers.nginx, f"/{name}", accept_encoding=coding)
    for field, value in [("if_none_match", "etag"), ("if_modified_since", "last-modified")]:
        again = ask(servers.nginx, f"/{name}", accept_encoding=coding, **{field: first.headers[value]})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize(
    "target",
    [
        *("/nothing", "/archive/99.xml", "/topics/none/atom.xml", "/empty/", "/elsewhere/", "/notes", "/index.html/"),
        *(*(f"/{name}" for name in SECRETS), "/.git/config", "/%2e%2e/nginx.conf"),
    ],
)
def test_what_is_not_published_is_not_found_by_nginx_either(servers: Servers, target: str) -> None:
    theirs, ours = ask_both(servers, target)
    # nginx itself refuses to go up out of a folder
    assert theirs.status in ((400,) if "%2e" in target else (404,))
    assert ours.status == 404
    assert b"secret" not in theirs.body
    if theirs.status == 404:
        assert theirs.body == ours.body
        for field in ("content-type", "cache-control", *SECURITY):
            assert theirs.headers[field] == ours.headers[field], field


def test_nginx_sends_a_folder_without_its_slash_to_its_page(servers: Servers) -> None:
    answer = ask(servers.nginx, "/entries/123456789")
    assert (answer.status, answer.headers["location"]) == (301, "/entries/123456789/")


def test_nginx_lets_only_read(servers: Servers) -> None:
    assert ask(servers.nginx, "/atom.xml", method="POST").status == 405
    head = ask(servers.nginx, "/atom.xml", method="HEAD")
    assert (head.status, head.body, head.headers["cache-control"]) == (200, b"", "public, max-age=300")


def test_datasette_behind_nginx_keeps_its_own_header_fields(servers: Servers) -> None:
    # no archive there, which `serve` says with a page of its own
    theirs, ours = ask_both(servers, "/browse/")
    assert (theirs.status, theirs.body) == (ours.status, ours.body) == (503, ours.body)
    for field in ("content-type", "cache-control", *SECURITY):
        assert theirs.headers[field] == ours.headers[field], field
    assert "x-unused" not in theirs.headers
    assert ask(servers.nginx, "/browse").status == 301


# --- logins in front of /browse/, as docs/browsing.md sets them up


def with_login(number: int) -> str:
    """The site with the block for `/browse/` replaced by a documented one."""
    blocks = re.findall(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "browsing.md").read_text(), re.DOTALL | re.MULTILINE)
    site, found = re.subn(
        r"    location \^~ /browse/ \{.*?\n    \}\n", lambda _: blocks[number], documented(), flags=re.DOTALL
    )
    assert found == 1
    return site


def test_a_password_is_asked_for_under_browse_and_nowhere_else(servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text("reader:{PLAIN}secret\n")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "atom.xml").write_text("<feed/>")
    port = free_port()
    site = with_login(0).replace("/etc/nginx/eyes.htpasswd", str(tmp_path / "htpasswd"))
    (tmp_path / "nginx.conf").write_text(configuration(site, tmp_path / "public", port, servers.ours))
    with nginx(needs("nginx"), tmp_path, port):
        assert ask(port, "/atom.xml").status == 200
        assert ask(port, "/browse/").status == 401
        assert ask(port, "/%62rowse/archive").status == 401
        # 503 is our server's: it has no archive
        login = "Basic " + b64encode(b"reader:secret").decode()
        assert ask(port, "/browse/", authorization=login).status == 503


def test_nginx_accepts_the_setting_for_accounts_of_a_provider(tmp_path: Path) -> None:
    program = needs("nginx")
    site = re.sub(r"listen .*;\n", "", with_login(1)).replace("/var/www/eyes", str(tmp_path))
    site = site.replace("server_name", f"listen 127.0.0.1:{free_port()};\n    server_name")
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr warn;\nevents {{}}\nhttp {{ access_log off;\n{site}\n}}\n"
    )
    tested = subprocess.run(
        [program, "-t", "-p", tmp_path, "-e", "stderr", "-c", tmp_path / "nginx.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stderr
