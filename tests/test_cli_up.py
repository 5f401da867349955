"""`foreign-eyes up`: the main job in one command."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request

import feedparser
import pytest
from conftest import CommandLine
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, page_name
from support.processes import Gate, running, runs_in

from foreign_eyes.cli.parameter_types import DEFAULT_PORT
from foreign_eyes.cli.settings_loader import DEFAULT_BASE_URL

TOWN = ["--name", "town", "--delay", "0"]
STOPS = [
    pytest.param(signal.SIGINT, True, id="Ctrl-C"),
    pytest.param(signal.SIGINT, False, id="SIGINT"),
    pytest.param(signal.SIGTERM, True, id="SIGTERM to all"),
    pytest.param(signal.SIGTERM, False, id="SIGTERM"),
]


def published(command: CommandLine) -> dict[str, tuple[bytes, int]]:
    folder = command.folder / "public"
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - our own server
        content: bytes = answer.read()
        return content


def test_one_round_on_the_sample_gives_an_archive_and_valid_feeds(command: CommandLine) -> None:
    done = command("up", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert command.rows("SELECT count(*) AS entries FROM current_entries") == [{"entries": 43}]
    for name in ("atom.xml", "rss.xml"):
        feed = feedparser.parse((command.folder / "public" / name).read_bytes())
        assert (feed.bozo, len(feed.entries)) == (0, 43)
    assert "This is the bundled sample" in done.stdout
    assert "public: " in done.stdout


def test_a_round_that_finds_nothing_new_changes_no_file(command: CommandLine, server: ListingServer) -> None:
    arguments = ["up", server.origin + LISTING, *TOWN, "--no-serve"]
    command(*arguments)
    before = published(command)
    done = command(*arguments)
    assert (done.returncode, published(command)) == (0, before)
    assert "0 files written" in done.stdout


def test_the_first_round_on_the_sample_shows_several_days_and_each_further_one_the_next(command: CommandLine) -> None:
    first = command("up", "--no-serve")
    assert "This run shows 5 days of its story" in first.stdout
    assert "  day 5: 42 entries on 8 pages, 1 new, 1 returned\n" in first.stdout
    changes = feedparser.parse((command.folder / "public" / "changes.xml").read_bytes())
    assert len(changes.entries) == 6
    second = command("up", "--no-serve")
    assert "1 revised" in second.stdout
    assert [row["new"] for row in command.rows("SELECT new FROM crawl_log")] == [40, 1, 0, 1, 1, 0]


def test_the_end_of_the_samples_story_is_announced(command: CommandLine) -> None:
    assert command("crawl", "sample", "--days", "10", "--quiet").returncode == 0
    assert "Its story has ended" in command("up", "--no-serve").stdout


def test_quiet_says_nothing_of_a_good_round(command: CommandLine) -> None:
    done = command("up", "--no-serve", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_feeds_pages_and_datasette_are_served_on_one_port(command: CommandLine) -> None:
    with running(command, "up", "--port", "0") as up:
        address = up.wait_for(r"pages +(http://127\.0\.0\.1:\d+/)")[1]
        up.wait_for("Ctrl-C stops it")
        for what, path in (("Atom feed", "atom.xml"), ("RSS feed", "rss.xml"), ("Datasette", "browse/")):
            assert f"  {what:<10} {address}{path}\n" in up.output
        feed = feedparser.parse(get(f"{address}atom.xml"))
        assert (feed.bozo, len(feed.entries)) == (0, 43)
        assert feed.feed.id
        assert all(entry.link.startswith(address) for entry in feed.entries)
        assert b"<html" in get(feed.entries[0].link)
        assert b"atom.xml" in get(address)
        assert b"current_entries" in get(f"{address}browse/archive")
        found = json.loads(get(f"{address}browse/archive/current_entries.json?_search=germany&_shape=objects"))
        assert found["rows"]
        assert up.stop(signal.SIGINT, group=True) == 0


@pytest.mark.parametrize(("number", "group"), STOPS)
def test_serving_ends_cleanly_on_a_signal(
    command: CommandLine, server: ListingServer, number: int, group: bool
) -> None:
    with running(command, "up", server.origin + LISTING, *TOWN, "--port", "0") as up:
        up.wait_for("Ctrl-C stops it")
        assert up.stop(number, group=group) == 0
        assert "Traceback" not in up.output
    assert runs_in(command.folder) == []


@pytest.mark.parametrize(
    ("name", "number", "group"),
    [
        *(pytest.param("up", *stop.values, id=f"up-{stop.id}") for stop in STOPS),
        pytest.param("crawl", signal.SIGINT, True, id="crawl-Ctrl-C"),
        pytest.param("crawl", signal.SIGINT, False, id="crawl-SIGINT", marks=pytest.mark.long),
        pytest.param("crawl", signal.SIGTERM, True, id="crawl-SIGTERM to all", marks=pytest.mark.long),
        pytest.param("crawl", signal.SIGTERM, False, id="crawl-SIGTERM"),
    ],
)
def test_a_crawl_that_is_interrupted_decides_nothing_and_the_next_one_works(
    command: CommandLine, server: ListingServer, name: str, number: int, group: bool
) -> None:
    options = ["--port", "0"] if name == "up" else []
    with Gate(server.site[page_name(2)]) as gate:
        server.faults[page_name(2)] = gate
        with running(command, name, server.origin + LISTING, *TOWN, *options) as run:
            assert gate.asked.wait(30)
            assert run.stop(number, group=group) == 130
            assert "Traceback" not in run.output
            assert runs_in(command.folder) == []
    [row] = command.rows("SELECT outcome, reason, new FROM crawl_log")
    assert row == {"outcome": "failed", "reason": "the run was interrupted", "new": 0}
    del server.faults[page_name(2)]
    assert command.crawl(server)["new"] == 15


def test_a_busy_default_port_is_changed_for_a_free_one_which_never_becomes_the_base_url(
    command: CommandLine, server: ListingServer
) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", DEFAULT_PORT))
            taken.listen()
        except OSError:
            pass  # something else holds it, which is as good
        with running(command, "up", server.origin + LISTING, *TOWN) as up:
            address = up.wait_for(r"pages +(http://127\.0\.0\.1:(\d+)/)")
            assert int(address[2]) != DEFAULT_PORT
            assert f"port {DEFAULT_PORT} is in use; using a free one" in up.output
            up.wait_for("Ctrl-C stops it")
            assert f"note: the feeds link to {DEFAULT_BASE_URL}; " in up.output
            feed = feedparser.parse(get(f"{address[1]}atom.xml"))
            assert all(entry.link.startswith(DEFAULT_BASE_URL) for entry in feed.entries)


@pytest.mark.parametrize("name", ["up", "serve"])
def test_a_busy_port_that_was_asked_for_is_reported_before_anything_is_done(command: CommandLine, name: str) -> None:
    (command.folder / "public").mkdir()
    (command.folder / "public" / "atom.xml").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command(name, "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (75, "")
    assert len(done.stderr.splitlines()) == 1
    assert "--port" in done.stderr
    assert [path.name for path in command.folder.iterdir()] == ["public"]


def test_after_a_blocked_crawl_the_old_feeds_stay(command: CommandLine, server: ListingServer) -> None:
    arguments = ["up", server.origin + LISTING, *TOWN]
    assert command(*arguments, "--no-serve").returncode == 0
    before = published(command)
    server.faults[LISTING] = listing_server.status(412)
    done = command(*arguments, "--no-serve")
    assert (done.returncode, published(command)) == (69, before)
    assert "error: town: blocked: " in done.stderr


def test_after_a_blocked_crawl_the_old_feeds_are_served(command: CommandLine, server: ListingServer) -> None:
    arguments = ["up", server.origin + LISTING, *TOWN]
    assert command(*arguments, "--no-serve").returncode == 0
    server.faults[LISTING] = listing_server.status(412)
    with running(command, *arguments, "--port", "0") as up:
        address = up.wait_for(r"pages +(http://\S+)")[1]
        up.wait_for("Ctrl-C stops it")
        assert len(feedparser.parse(get(f"{address}atom.xml")).entries) == 15
        assert up.stop(signal.SIGTERM) == 69


@pytest.mark.parametrize("options", [("--no-serve",), ("--port", "0")])
def test_a_first_crawl_that_is_blocked_ends_with_its_own_code(
    command: CommandLine, server: ListingServer, options: tuple[str, ...]
) -> None:
    server.faults[LISTING] = listing_server.status(412)
    done = command("up", server.origin + LISTING, *TOWN, *options)
    assert done.returncode == 69
    assert len([line for line in done.stderr.splitlines() if "error" in line]) == 1
    assert not (command.folder / "public").exists()


def test_serve_shows_what_is_there_without_a_crawl(command: CommandLine) -> None:
    command("up", "--no-serve")
    before = published(command)
    with running(command, "serve", "--port", "0") as serve:
        address = serve.wait_for(r"pages +(http://\S+)")[1]
        serve.wait_for("Ctrl-C stops it")
        assert get(f"{address}rss.xml") == before["rss.xml"][0]
        assert get(f"{address}browse/archive/current_entries.json")
        assert serve.stop(signal.SIGINT) == 0
    assert published(command) == before
