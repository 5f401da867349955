"""One server for a folder, and a base URL that files keep whatever port they are looked at on."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import feedparser
import pytest
from conftest import CommandLine
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.processes import running

TOWN = ["--name", "town", "--delay", "0"]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - our own server
        content: bytes = answer.read()
        return content


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


class Served(NamedTuple):
    """A listing, the command line in a folder, and an `up` that serves there."""

    listing: ListingServer
    command: CommandLine
    address: str

    @property
    def up(self) -> list[str]:
        return ["up", self.listing.origin + LISTING, *TOWN]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    command = CommandLine(tmp_path_factory.mktemp("served"))
    with (
        ListingServer(make_site(make_entries(15))) as listing,
        running(command, "up", listing.origin + LISTING, *TOWN, "--port", "0") as up,
    ):
        address = up.wait_for(r"pages +(http://\S+)")[1]
        up.wait_for("Ctrl-C stops it")
        yield Served(listing, command, address)


def test_a_second_up_publishes_to_the_server_that_is_there_and_says_where_it_is(served: Served) -> None:
    entries = make_entries(16)
    served.listing.site.update(make_site([entries[-1], *entries[:-1]]))
    port = str(urlsplit(served.address).port)  # in use, and not asked for: nobody is to listen there
    done = served.command(*served.up, "--port", port)
    assert done.returncode == 0, done.stderr
    assert f"public: already served at {served.address}" in done.stdout
    assert f"  Atom feed  {served.address}atom.xml\n" in done.stdout
    assert "Ctrl-C" not in done.stdout
    feed = get(f"{served.address}atom.xml").decode()
    assert entries[-1].title in feed
    assert set(re.findall(r"http://127\.0\.0\.1:\d+/", feed)) <= {served.address, f"{served.listing.origin}/"}


def test_a_second_up_whose_crawl_is_refused_ends_with_the_crawls_code(served: Served) -> None:
    before = snapshot(served.command.folder / "public")
    served.listing.faults[LISTING] = listing_server.status(412)
    try:
        done = served.command(*served.up)
    finally:
        del served.listing.faults[LISTING]
    assert done.returncode == 69
    assert f"public: already served at {served.address}" in done.stdout
    assert snapshot(served.command.folder / "public") == before


def test_a_quiet_second_up_says_nothing(served: Served) -> None:
    done = served.command(*served.up, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_second_serve_ends_at_once_and_names_the_first(served: Served) -> None:
    done = served.command("serve", "--port", "0")
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr.startswith(f"error: public: already served at {served.address}; ")


def test_of_two_ups_started_at_the_same_moment_one_serves_and_the_other_one_says_so(
    command: CommandLine, server: ListingServer
) -> None:
    up = ["up", server.origin + LISTING, *TOWN, "--port", "0"]
    other = CommandLine(command.folder.parent / "other")  # its log; the folder is the same
    other.folder.symlink_to(command.folder)
    with ExitStack() as stack:
        both = [stack.enter_context(running(one, *up)) for one in (command, other)]
        told = [run.wait_for(r"Ctrl-C stops it|already served at (\S+)") for run in both]
        assert sorted(bool(one[1]) for one in told) == [False, True]
        ends, serves = sorted(both, key=lambda run: "Ctrl-C stops it" in run.output)
        address = serves.wait_for(r"pages +(http://\S+)")[1]
        assert f"already served at {address}" in ends.output
        assert ends.process.wait(30) in (0, 75)  # it may have had to leave the crawl to the other one
        assert b"<feed" in get(f"{address}atom.xml")


def test_files_that_stand_are_not_written_again_because_they_are_served_on_another_port(
    command: CommandLine, server: ListingServer
) -> None:
    server.site.update(make_site(make_entries(60)))  # so that there is a frozen document
    up = ["up", server.origin + LISTING, *TOWN]
    command(*up, "--no-serve")
    before = snapshot(command.folder / "public")
    assert "archive/1.xml" in before
    with running(command, *up, "--port", "0") as run:
        run.wait_for("Ctrl-C stops it")
        address = run.wait_for(r"pages +(http://\S+)")[1]
        assert f"foreign-eyes publish --base-url {address}\n" in run.output
        assert snapshot(command.folder / "public") == before
    command("publish", "--base-url", "http://127.0.0.1:9000/")
    moved = snapshot(command.folder / "public")
    assert b"http://127.0.0.1:9000/" in moved["atom.xml"][0]
    for again in (["publish"], [*up, "--no-serve"]):
        assert command(*again).returncode == 0
        assert snapshot(command.folder / "public") == moved


def test_new_files_are_published_for_the_port_that_was_chosen(served: Served) -> None:
    feed = feedparser.parse((served.command.folder / "public" / "atom.xml").read_bytes())
    assert feed.entries
    assert all(entry.link.startswith(served.address) for entry in feed.entries)


def test_pages_work_at_another_address_than_the_base_url(served: Served) -> None:
    """No link, style or form of a page names the host: only what says which address is the page's own does."""
    for path in (served.command.folder / "public").rglob("*.html"):
        page = re.sub(r'<link rel="canonical"[^>]*>', "", path.read_text(encoding="utf-8"))
        assert re.findall(rf'(?:href|src|action)="{served.address}[^"]*', page) == [], path


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_serve_where_there_is_nothing_says_what_to_do_first(command: CommandLine, name: str) -> None:
    if name == "empty":
        (command.folder / "public").mkdir()
    done = command("serve", "--port", "0")
    assert (done.returncode, done.stdout) == (66, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.endswith("foreign-eyes up\n")
    assert [path.name for path in command.folder.iterdir()] == (["public"] if name == "empty" else [])


def test_serve_with_an_archive_alone_browses_it_and_names_the_command_that_makes_pages(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    with running(command, "serve", "--port", "0") as serve:
        serve.wait_for("Ctrl-C stops it")
        address = serve.wait_for(r"Datasette +(http://\S+)")[1]
        assert "public: nothing is published here yet; to publish feeds and pages: foreign-eyes publish" in serve.output
        assert b"current_entries" in get(f"{address}archive")


def test_up_without_serving_names_the_file_to_open(command: CommandLine, server: ListingServer) -> None:
    folder = command.folder / "a folder"
    folder.mkdir()
    done = CommandLine(folder)("up", server.origin + LISTING, *TOWN, "--no-serve")
    opened = re.search(r"^  open +(file://\S+)$", done.stdout, re.MULTILINE)
    assert opened, done.stdout
    assert get(opened[1]) == (folder / "public" / "index.html").read_bytes()


def test_an_archive_and_a_folder_that_are_put_in_the_place_of_others_are_served_at_once(
    command: CommandLine, server: ListingServer
) -> None:
    up = ["up", server.origin + LISTING, *TOWN]
    command(*up, "--no-serve")
    with running(command, "serve", "--port", "0") as serve:
        address = serve.wait_for(r"pages +(http://\S+)")[1]
        serve.wait_for("Ctrl-C stops it")
        assert number_of_entries(address) == 15
        for name in ("archive.db", "public"):
            shutil.move(command.folder / name, command.folder / f"old-{name}")
        assert number_of_entries(address) == 0
        server.site.update(make_site(make_entries(20)))
        done = command(*up)
        assert f"already served at {address}" in done.stdout
        assert number_of_entries(address) == 20
        assert get(f"{address}atom.xml") == (command.folder / "public" / "atom.xml").read_bytes()


def number_of_entries(address: str) -> int:
    """Return how many entries Datasette finds; 0 where there is no archive to browse."""
    try:
        return get(f"{address}browse/archive/current_entries.json?_shape=array&_nl=on&_size=max").count(b"entry_id")
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return 0
