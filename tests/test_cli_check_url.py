"""`check --url`: sound servers have no problems, and each broken one is reported."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from support.certificates import DAY, Holder
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.processes import running
from support.programs import needs
from support.site_server import (
    Fault,
    Reply,
    SiteServer,
    body,
    every,
    fields,
    gzipped,
    only,
    site_server,
    sound,
    status,
    twice_gzipped,
)
from support.tls_listing import TlsListing
from test_web_nginx import configuration, documented, free_port, nginx

from foreign_eyes.cli.site_fetcher import Bounds, SiteFetcher

ERROR_PAGE = b"<!DOCTYPE html><html><title>Please log in</title></html>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CommandLine, SiteServer]]:
    """Publish two sources for the address of a server, twice; old/ holds the first edition."""
    command = CommandLine(tmp_path_factory.mktemp("made"))
    public = command.folder / "public"
    entries = make_entries(52, 1)
    with (
        site_server(SiteServer(public)) as server,
        ListingServer(make_site(entries[1:], per_page=52)) as one,
        ListingServer(make_site(make_entries(3, 101))) as two,
    ):
        write_settings(command, server.url, one, two)
        publish(command)
        shutil.copytree(public, command.folder / "old")
        assert command("backup", "old.db").returncode == 0
        one.site = make_site(entries, per_page=52)
        publish(command)
        yield command, server


def write_settings(command: CommandLine, url: str, *servers: ListingServer) -> None:
    tables = [
        f'[sources.town{number}]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
        for number, server in enumerate(servers, start=1)
    ]
    general = f'default_source = "town1"\n[publish]\nbase_url = "{url}"\n'
    (command.folder / "foreign-eyes.toml").write_text("\n".join([general, *tables]))


def publish(command: CommandLine) -> None:
    for words in (("crawl", "--all-sources", "--quiet"), ("publish", "--all-sources")):
        done = command(*words)
        assert done.returncode == 0, done.stderr


def move(command: CommandLine, url: str) -> None:
    """Publish for another base URL."""
    settings = command.folder / "foreign-eyes.toml"
    settings.write_text(re.sub(r'base_url = "[^"]*"', f'base_url = "{url}"', settings.read_text()))
    done = command("publish", "--all-sources")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def served(site: tuple[CommandLine, SiteServer]) -> Iterator[tuple[CommandLine, SiteServer]]:
    command, server = site
    yield site
    server.fault, server.folder = sound, command.folder / "public"


def problems(command: CommandLine, url: str) -> list[dict[str, str]]:
    done = command("check", "--json", "--url", url)
    report: dict[str, Any] = json.loads(done.stdout)
    found: list[dict[str, str]] = report["problems"]
    assert (done.returncode, report["ok"]) == (int(bool(found)), not found), done.stderr
    assert all(problem["remedy"] for problem in found)
    return found


def all_bytes(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("fault", [sound, only("atom.xml", gzipped)])
def test_a_sound_server_has_no_problems_and_nothing_is_written(
    served: tuple[CommandLine, SiteServer], fault: Fault
) -> None:
    command, server = served
    server.fault, before = fault, all_bytes(command.folder)
    server.asked.clear()
    assert problems(command, server.url) == []
    assert all_bytes(command.folder) == before
    assert len(server.asked) < 60
    assert {"archive/1.xml", "town2/atom.xml", "all/atom.xml", "robots.txt"} <= set(server.asked)


def test_our_own_server_has_no_problems(served: tuple[CommandLine, SiteServer], tmp_path: Path) -> None:
    command, _ = served
    own = CommandLine(tmp_path / "own")
    shutil.copytree(command.folder, own.folder)
    with running(own, "serve", "--port", str(port := free_port())) as process:
        process.wait_for("http://")
        url = f"http://127.0.0.1:{port}/"
        move(own, url)
        assert problems(own, url) == []


def test_nginx_with_the_documented_block_has_no_problems(
    served: tuple[CommandLine, SiteServer], tmp_path: Path
) -> None:
    program = needs("nginx")
    command, _ = served
    own = CommandLine(tmp_path / "own")
    shutil.copytree(command.folder, own.folder)
    url = f"http://127.0.0.1:{(port := free_port())}/"
    move(own, url)
    (own.folder / "nginx.conf").write_text(configuration(documented(), own.folder / "public", port, free_port()))
    with nginx(program, own.folder, port):
        assert problems(own, url) == []


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        (only("atom.xml", fields(Content_Type="text/xml")), "atom.xml", "content type is text/xml"),
        (only("feed.json", fields(Content_Type=None)), "feed.json", "content type is missing"),
        (only("rss.xml", fields(Content_Type="application/rss+xml; charset=latin1")), "rss.xml", "charset latin1"),
        (only("index.html", fields(Cache_Control=None)), "", "Cache-Control is missing"),
        (only("atom.xml", fields(Cache_Control="max-age=86400")), "atom.xml", "readers get changes late"),
        (
            only("archive/1.xml", fields(Cache_Control="no-cache")),
            "archive/1.xml",
            "of an archive document is no-cache",
        ),
        (only("atom.xml", fields(ETag=None)), "atom.xml", "neither ETag nor Last-Modified"),
        (
            lambda name, reply: reply if reply.status != 304 else Reply(200, reply.headers, b"again"),
            "atom.xml",
            "answered 200, not 304",
        ),
        (only("atom.xml", twice_gzipped), "atom.xml", "compressed twice"),
        (only("atom.xml", fields(Content_Encoding="gzip")), "atom.xml", "not in the coding"),
        (only("archive/1.xml", status(404)), "archive/1.xml", "HTTP status 404"),
        (only("archive/1.xml", body(b"<feed/>")), "archive/1.xml", "which never changes, differs"),
        (only("atom.xml", status(302, Location="/atom.xml")), "atom.xml", "redirects in a circle"),
        (only("atom.xml", status(302, Location="https://other.example/")), "atom.xml", "redirects to another host"),
        (only("atom.xml", body(ERROR_PAGE)), "atom.xml", "an HTML page is sent with status 200"),
        (only("feed.json", body(b'{"items": [')), "feed.json", "not JSON"),
        (only("changes.xml", body(b"<feed>")), "changes.xml", "not well-formed XML"),
        (only("style.css", body(b"body {}")), "style.css", "while the feeds are the newest"),
        (only("robots.txt", body(b"User-agent: *\nDisallow: /\n")), "robots.txt", "forbids readers"),
        (only("robots.txt", status(503)), "robots.txt", "HTTP status 503"),
        (only("atom.xml", body(b"x" * 34_000_000)), "atom.xml", "larger than"),
        (
            lambda _, reply: Reply(200, reply.headers, ERROR_PAGE) if reply.status == 404 else reply,
            "no-such-file-of-foreign-eyes.xml",
            "answered with HTTP status 200, not 404",
        ),
        (
            lambda name, reply: Reply(200, {}, b'{"archive": 1}') if name == ".foreign-eyes.jsonl" else reply,
            ".foreign-eyes.jsonl",
            "can be read by everyone",
        ),
    ],
)
def test_a_broken_server_is_reported(
    served: tuple[CommandLine, SiteServer], fault: Fault, name: str, words: str
) -> None:
    command, server = served
    server.fault = fault
    found = problems(command, server.url)
    told = [problem for problem in found if words in problem["what"]]
    assert server.url + name in [problem["where"] for problem in told], found


def test_a_fault_of_all_files_does_not_hide_the_others(served: tuple[CommandLine, SiteServer]) -> None:
    command, server = served
    server.fault = every(fields(Cache_Control=None))
    assert len({problem["where"] for problem in problems(command, server.url)}) > 10


def test_an_old_copy_is_reported_once_with_both_dates(served: tuple[CommandLine, SiteServer]) -> None:
    command, server = served
    server.folder = command.folder / "old"
    [problem] = [one for one in problems(command, server.url) if one["where"] == f"{server.url}feed.json"]
    assert "an old copy: its newest change is of 20" in problem["what"]


def test_another_archive_of_the_same_source_is_reported(served: tuple[CommandLine, SiteServer], tmp_path: Path) -> None:
    command, server = served
    other = CommandLine(tmp_path)
    with ListingServer(make_site(make_entries(5, 201))) as one, ListingServer(make_site(make_entries(3, 301))) as two:
        write_settings(other, server.url, one, two)
        publish(other)
    server.folder = other.folder / "public"
    whats = [problem["what"] for problem in problems(command, server.url)]
    assert any("another archive of this source" in what for what in whats)


def test_a_site_newer_than_the_archive_is_reported(served: tuple[CommandLine, SiteServer], tmp_path: Path) -> None:
    command, server = served
    shutil.copytree(command.folder / "old", tmp_path / "public")
    shutil.copy(command.folder / "old.db", tmp_path / "archive.db")
    shutil.copy(command.folder / "foreign-eyes.toml", tmp_path)
    found = problems(CommandLine(tmp_path), server.url)
    [problem] = [one for one in found if one["where"] == f"{server.url}feed.json"]
    assert "it is newer" in problem["what"]
    assert "this archive is an older copy" in problem["what"]


def test_feeds_behind_the_archive_are_reported(served: tuple[CommandLine, SiteServer], tmp_path: Path) -> None:
    command, server = served
    own = CommandLine(tmp_path / "own")
    shutil.copytree(command.folder, own.folder)
    with ListingServer(make_site(make_entries(5, 1))) as one, ListingServer(make_site(make_entries(4, 101))) as two:
        write_settings(own, server.url, one, two)
        assert own("crawl", "town2", "--quiet").returncode in (0, 65)
    whats = [problem["what"] for problem in problems(own, server.url)]
    assert any("its feeds lack" in what for what in whats)


def test_feeds_for_another_base_url_are_reported(served: tuple[CommandLine, SiteServer]) -> None:
    command, server = served
    url = server.url.replace("127.0.0.1", "localhost")
    found = problems(command, url)
    assert any(f"its address is {server.url}" in problem["what"] for problem in found)
    assert any(f"base_url = {json.dumps(url)}" in problem["remedy"] for problem in found)


def test_a_site_that_cannot_be_reached_is_69(served: tuple[CommandLine, SiteServer]) -> None:
    command, _ = served
    done = command("check", "--url", f"http://127.0.0.1:{free_port()}/", "--json")
    assert done.returncode == 69
    assert "cannot be reached" in json.loads(done.stdout)["problems"][0]["what"]


@pytest.mark.parametrize("url", ["ftp://example.org/", "https://name:secret@example.org/", "no address"])
def test_an_address_that_no_reader_could_use_is_refused(served: tuple[CommandLine, SiteServer], url: str) -> None:
    done = served[0]("check", "--url", url)
    assert done.returncode == 64
    assert "secret" not in done.stdout + done.stderr


def test_an_endless_slow_body_ends_at_the_bound(served: tuple[CommandLine, SiteServer]) -> None:
    _, server = served
    server.fault = every(lambda _: None)
    answer = SiteFetcher(Bounds(seconds=0.3)).get(server.url)
    assert "no whole answer within 0.3 s" in answer.fault


def test_no_more_requests_than_allowed_are_made(served: tuple[CommandLine, SiteServer]) -> None:
    _, server = served
    fetcher = SiteFetcher(Bounds(requests=2))
    server.asked.clear()
    assert [bool(fetcher.get(server.url).fault) for _ in range(4)] == [False, False, True, True]
    assert len(server.asked) == 2


# --- certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Holder, Path]:
    """A certificate authority, and a file with its certificate."""
    root = Holder.root("Test Authority")
    (bundle := tmp_path_factory.mktemp("tls") / "authority.pem").write_bytes(root.pem())
    return root, bundle


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        (lambda root: root.issue("site", "localhost", lasts=-DAY), "certificate has expired"),
        (lambda root: root.issue("site", "other.example"), "Hostname mismatch"),
        (lambda _: Holder.root("Nobody").issue("site", "localhost"), "unable to get local issuer certificate"),
        (lambda root: root.issue("site", "localhost"), ""),
    ],
)
def test_a_certificate_that_readers_refuse_is_reported(
    served: tuple[CommandLine, SiteServer],
    authority: tuple[Holder, Path],
    issue: Callable[[Holder], Holder],
    words: str,
    tmp_path: Path,
) -> None:
    command, _ = served
    root, bundle = authority
    with TlsListing(context=issue(root).context(tmp_path)) as server:
        done = command("check", "--json", "--url", f"{server.origin}/", env={"SSL_CERT_FILE": str(bundle)})
    assert done.returncode == 1
    told = [one for one in json.loads(done.stdout)["problems"] if "refuse its HTTPS certificate" in one["what"]]
    assert [words in one["what"] and "renew" in one["remedy"] for one in told] == ([True] if words else [])
