"""Notifying a hub: exactly the written feeds, after they are written; an unreachable hub does no harm."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.settling import entry, listing
from support.several_sources import Listing, publish_listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.feed_state.hub_notifications import delete_accepted, pending_feeds, store_notifications
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME
from foreign_eyes.archive.times import now
from foreign_eyes.cli.all_sources import make_all
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.hub_notification import notify_hub_of_changes
from foreign_eyes.cli.settings_loader import checked
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.feeds.published_urls import normal_hub
from foreign_eyes.feeds.site_map import FEED_FORMATS
from foreign_eyes.feeds.websub import HubUnreachable, notify_hub

BASE_URL = "https://eyes.example/column/"


FEEDS = [feed_format.file for feed_format in FEED_FORMATS]
CHANGES = [feed_format.changes_file for feed_format in FEED_FORMATS]


@dataclass
class Hub:
    """A WebSub hub that records notifications, and answers with a configured status.

    `looks_at` is a file that it reads when it is notified, as a hub fetches the feed; `answers_on` ends its answer.
    """

    status: int = 204
    notified: list[dict[str, list[str]]] = field(default_factory=list)
    content_types: set[str] = field(default_factory=set)
    url: str = ""
    looks_at: Path | None = None
    seen: list[str] = field(default_factory=list)
    answers_on: threading.Event | None = None

    @property
    def feeds(self) -> list[str]:
        return [url for form in self.notified for url in form["hub.url"]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            hub.content_types.add(self.headers["Content-Type"])
            hub.notified.append(parse_qs(form, strict_parsing=True))
            hub.seen += [hub.looks_at.read_text()] if hub.looks_at else []
            self.send_response(hub.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "1000000" if hub.answers_on else "0")
            self.end_headers()
            if hub.answers_on:
                hub.answers_on.wait(timeout=60)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_address[1]}/hub"
        yield hub
        server.shutdown()
        thread.join()


def configure(command: CommandLine, url: str) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f'[publish]\nbase_url = "{BASE_URL}"\nhub = "{url}"\n[topics]\n')


def test_a_hub_is_notified_of_the_written_feeds_only(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    server.site = make_site(make_entries(51), per_page=20)
    command.crawl(server)
    done = command("publish", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    public = command.folder / "public"
    published = {f"{BASE_URL}{path.relative_to(public)}" for name in FEEDS + CHANGES for path in public.rglob(name)}
    assert all(set(form) == {"hub.mode", "hub.url"} and form["hub.mode"] == ["publish"] for form in hub.notified)
    assert hub.content_types == {"application/x-www-form-urlencoded"}
    assert sorted(hub.feeds) == sorted(published)
    assert len(published) == 6 * len(FEED_FORMATS), "the column, its changes, four publications; and no frozen document"
    assert (public / "archive/1.xml").is_file()
    hub.notified.clear()

    server.site = make_site(make_entries(1, first=52) + make_entries(51), per_page=20)
    command.crawl(server)
    assert command("publish").returncode == 0
    folders = ("", "publications/le-monde/")
    assert sorted(hub.feeds) == sorted(f"{BASE_URL}{folder}{name}" for folder in folders for name in FEEDS)


def test_a_hub_is_notified_of_the_changes_after_an_edit(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    command.crawl(server)
    command("publish")
    hub.notified.clear()
    entries = make_entries(15)
    server.site = make_site([replace(entries[0], commentary="Said anew."), *entries[1:]])
    command.crawl(server)
    command("publish", "--quiet")

    folders_and_names = (("", FEEDS + CHANGES), ("publications/der-spiegel/", FEEDS))
    assert sorted(hub.feeds) == sorted(
        f"{BASE_URL}{folder}{name}" for folder, names in folders_and_names for name in names
    )


def test_a_hub_is_notified_after_the_feeds_are_written(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    hub.looks_at = command.folder / "public/atom.xml"
    command.crawl(server)
    command("publish")

    assert hub.seen == [hub.looks_at.read_text()]
    assert "Workshop 15" in hub.seen[0]


def test_a_hub_is_not_notified_if_nothing_changed(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    command.crawl(server)
    command("publish")
    hub.notified.clear()
    command.crawl(server)

    assert command("publish").returncode == 0
    assert command("publish", "--all").returncode == 0
    assert hub.notified == []


def test_the_feeds_name_the_hub(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    command.crawl(server)
    command("publish")

    assert f'<link href="{hub.url}" rel="hub"/>' in (command.folder / "public/atom.xml").read_text()
    assert hub.url in (command.folder / "public/feed.json").read_text()


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_refusing_hub_gives_a_warning_and_the_publish_succeeds(
    command: CommandLine, server: ListingServer, hub: Hub, status: int
) -> None:
    configure(command, hub.url)
    hub.status = status
    command.crawl(server)
    done = command("publish", "--json")

    assert done.returncode == 0
    assert done.stderr == (
        f"warning: the hub {hub.url} did not accept the notification of changed feeds (HTTP status {status}); the next"
        " publish or round tries again; if the hub is wrong, correct [publish] hub in the settings\n"
    )
    assert len(hub.notified) == 1
    files = [path for path in (command.folder / "public").rglob("*") if path.is_file() and path.name != RECORD_NAME]
    assert json.loads(done.stdout)["written"] == len(files)


@pytest.mark.parametrize("again", [("publish", "--quiet"), ("publish", "--all-sources", "--quiet"), ("round",)])
def test_a_hub_that_failed_is_notified_again_though_nothing_changed(
    command: CommandLine, server: ListingServer, hub: Hub, again: tuple[str, ...]
) -> None:
    configure(command, hub.url)
    with (command.folder / "foreign-eyes.toml").open("a") as settings:
        settings.write(f'[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n')
    hub.status = 503
    words = ("up", "town", "--no-serve", "--quiet") if again == ("round",) else again
    assert command("up", "town", "--no-serve", "--quiet").returncode == 0
    first = sorted(hub.feeds)
    hub.notified.clear()

    failed = command(*words)
    assert (failed.returncode, failed.stdout) == (0, "")
    assert "did not accept the notification of changed feeds (HTTP status 503)" in failed.stderr
    assert sorted(hub.feeds) == first
    report = json.loads(command("status", "--json").stdout)
    assert [(problem["where"], "HTTP status 503" in problem["what"]) for problem in report["problems"]] == [
        (f"hub {hub.url}", True)
    ]
    assert hub.url in command("check").stdout
    hub.notified.clear()

    hub.status = 204
    assert command(*words).stderr == ""
    assert sorted(hub.feeds) == first
    assert json.loads(command("status", "--json").stdout)["problems"] == []
    hub.notified.clear()

    assert command(*words).stderr == ""
    assert hub.notified == []


def test_a_publish_that_was_killed_before_it_notified_the_hub_is_made_up_for(
    command: CommandLine, server: ListingServer, hub: Hub
) -> None:
    configure(command, hub.url)
    command.crawl(server)
    command("publish")
    first = sorted(hub.feeds)
    hub.notified.clear()
    with open_archive(command.folder / "archive.db") as db, writing(db):
        store_notifications(db, hub.url, first, now())
    [problem] = json.loads(command("status", "--json").stdout)["problems"]
    assert "not tried yet" in problem["what"]

    assert command("publish").returncode == 0
    assert sorted(hub.feeds) == first


def test_feeds_that_a_killed_publish_wrote_are_notified_after_the_next(tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    hub = "https://hub.example/"
    target = Target(tmp_path / "public", BASE_URL, topics={}, hub=hub)
    with open_archive(tmp_path / "archive.db") as db:
        column = Listing(db, "town")
        column.crawl(listing(entry("Apples")))
        with pytest.raises(KeyboardInterrupt):
            publish(db, column.source, target, progress=kill)
        assert pending_feeds(db, hub) == []
        assert (tmp_path / "public/atom.xml").is_file()
        publish(db, column.source, target)
        assert {f"{BASE_URL}{name}" for name in FEEDS} <= {pending.feed for pending in pending_feeds(db, hub)}


def test_a_hub_that_is_no_longer_configured_is_forgotten(command: CommandLine, server: ListingServer, hub: Hub) -> None:
    configure(command, hub.url)
    hub.status = 500
    command.crawl(server)
    command("publish")
    (command.folder / "foreign-eyes.toml").write_text(f'[publish]\nbase_url = "{BASE_URL}"\n[topics]\n')
    hub.notified.clear()

    assert command("publish").returncode == 0
    assert hub.notified == []
    assert json.loads(command("status", "--json").stdout)["ok"]


def test_a_feed_that_changes_while_the_hub_answers_is_kept(tmp_path: Path) -> None:
    hub, feeds = "https://hub.example/", ["https://eyes.example/atom.xml", "https://eyes.example/rss.xml"]
    with open_archive(tmp_path / "archive.db") as db:
        store_notifications(db, hub, feeds, now())
        told = pending_feeds(db, hub)
        store_notifications(db, hub, feeds[:1], now())
        delete_accepted(db, hub, told)
        assert [pending.feed for pending in pending_feeds(db, hub)] == feeds[:1]


def test_an_unreachable_hub_gives_a_warning(command: CommandLine, server: ListingServer) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/hub"
        configure(command, url)
        command.crawl(server)
        done = command("publish", "--quiet")

    assert (done.returncode, done.stdout) == (0, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"warning: the hub {url} did not accept the notification of changed feeds (")
    assert (command.folder / "public/atom.xml").is_file()


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example", "xn--.example", "127.0.0.1:0"])
def test_a_hub_with_an_impossible_host_name_is_unreachable(host: str) -> None:
    with pytest.raises(HubUnreachable, match="did not accept") as raised:
        notify_hub(normal_hub(f"http://{host}/"), ["https://eyes.example/atom.xml"])
    assert len(str(raised.value).splitlines()) == 1


def test_publishing_does_not_wait_for_the_end_of_a_hubs_answer(hub: Hub) -> None:
    hub.answers_on = threading.Event()
    try:
        notify_hub(hub.url, ["https://eyes.example/atom.xml"])
    finally:
        hub.answers_on.set()

    assert len(hub.notified) == 1


def test_a_long_list_is_sent_in_several_requests(hub: Hub) -> None:
    feeds = [f"https://eyes.example/{number}/atom.xml" for number in range(120)]
    notify_hub(hub.url, feeds)

    assert hub.feeds == feeds
    assert [len(form["hub.url"]) for form in hub.notified] == [50, 50, 20]


def test_the_first_refused_request_is_the_last(hub: Hub) -> None:
    hub.status = 503
    with pytest.raises(HubUnreachable, match="HTTP status 503"):
        notify_hub(hub.url, [f"https://eyes.example/{number}/atom.xml" for number in range(120)])
    assert len(hub.notified) == 1


def test_a_url_with_special_characters_arrives_unchanged(hub: Hub) -> None:
    feeds = ["https://eyes.example/a%20b/?c=d&e=%E4%B8%AD+f/atom.xml"]
    notify_hub(f"{hub.url}?for=eyes&a=b", feeds)
    assert hub.feeds == feeds


def test_redirects_of_a_hub_are_not_followed(hub: Hub) -> None:
    hub.status = 307
    with pytest.raises(HubUnreachable, match="HTTP status 307"):
        notify_hub(hub.url, ["https://eyes.example/atom.xml"])
    assert len(hub.notified) == 1


def test_the_hub_is_notified_of_changed_feeds_over_all_sources(command: CommandLine, hub: Hub) -> None:
    context = Context(None, archive_option=command.folder / "archive.db")
    context.__dict__["configuration"] = checked({"publish": {"hub": hub.url}}, Path("foreign-eyes.toml"))
    root = command.folder / "public"
    with open_archive(context.archive) as db:
        for hours, name in enumerate(("town", "village")):
            column = Listing(db, name, hours=hours)
            column.crawl(listing(entry(f"Apples of the {name}")))
            publish_listing(root, column)
    make_all(context, root, quiet=True)
    notify_hub_of_changes(context)
    expected = [f"https://eyes.example/all/{name}" for name in ("atom.xml", "feed.json", "rss.xml")]
    assert sorted(hub.feeds) == expected
    make_all(context, root, quiet=True)
    notify_hub_of_changes(context)
    assert len(hub.feeds) == len(expected)
