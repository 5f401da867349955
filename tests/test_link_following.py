"""Links are followed after the crawl has settled, and cannot change it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from support.listing_server import Answer, Handler, ListingServer, gzip_bomb, half_sent, page, redirect, silence, status
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_page, make_site
from support.processes import Gate, running

from foreign_eyes.crawler.link_following import Limits, follow_links

ANSWER = b"<html><title>Patent Search</title></html>"
CRAWL = ("--name", "town", "--delay", "0", "--json")


def link_rows(command: CommandLine, columns: str = "url, status, outcome") -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in command.rows(f"SELECT {columns} FROM patent_search_links")]


def outcomes(command: CommandLine) -> list[str]:
    return [row["outcome"] for row in command.rows("SELECT outcome FROM links ORDER BY link_id")]


def is_derived(command: CommandLine) -> bool:
    """Return whether `reparse --check` finds no difference."""
    return command("reparse", "--check").returncode == 0


def with_links(site: dict[str, bytes], *addresses: str) -> dict[str, bytes]:
    anchors = "".join(f'<a href="{address}">Patent Search</a>' for address in addresses).encode()
    return {
        path: body.replace(b"</body>", anchors + b"</body>") if path.endswith(".htm") and b"<ul>" in body else body
        for path, body in site.items()
    }


def drip(handler: Handler) -> None:
    """Send a byte from time to time, without an end."""
    handler.now.status = 200
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.2)


LOCATIONS = [
    "javascript:alert(1)",
    "http://[",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:port/",
    "http://a host/",
    "http://user:secret@127.0.0.1:1/",
    "http:///nowhere",
    "//",
    "mailto:a@example.org",
    "file:///etc/passwd",
    "data:text/html,hello",
    "http://xn--/",
    "http://\u2028/",
    "http://" + "a" * 300 + ".example/",
    "\x00",
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_redirect_that_leads_nowhere_is_the_links_outcome(
    command: CommandLine, server: ListingServer, location: str
) -> None:
    server.faults[PATENT_SEARCH] = redirect(location.encode().decode("latin-1"))
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"], row["entries"], row["stderr"].count("Traceback")) == (
        "complete",
        0,
        15,
        0,
    )
    [(_, _, outcome)] = link_rows(command)
    assert outcome in ("error", "refused")
    assert is_derived(command)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (silence, "error"),
        (half_sent(ANSWER), "error"),
        (redirect(PATENT_SEARCH), "error"),
        (gzip_bomb(20), "error"),
        (page(b"x" * 3_000_000), "error"),
        (status(429), "blocked"),
        (lambda handler: handler.reply_raw("HTTP/9.9 abc", b""), "error"),
    ],
    ids=["silence", "half", "redirect loop", "gzip bomb", "huge", "429", "bad status line"],
)
def test_any_response_behind_a_link_leaves_the_crawl_settled(
    command: CommandLine, server: ListingServer, answer: Answer, outcome: str
) -> None:
    server.faults[PATENT_SEARCH] = answer
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"], row["new"]) == ("complete", 0, 15)
    assert outcomes(command) == [outcome]
    assert is_derived(command)


@pytest.fixture
def dead_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("http://127.0.0.1:{dead}/", "error"),  # nobody listens
        ("https://127.0.0.1:{here}/", "error"),  # no TLS there
        ("http://nowhere.invalid/", "error"),  # no such name
        ("http://169.254.169.254/", "refused"),  # not public
    ],
    ids=["refused connection", "no TLS", "no DNS", "private"],
)
def test_a_host_that_cannot_be_reached_is_the_links_outcome(
    command: CommandLine, dead_port: int, address: str, outcome: str
) -> None:
    with ListingServer() as server:
        there = address.format(dead=dead_port, here=server.origin.rpartition(":")[2])
        server.site = make_site(make_entries(4), patent_search=there)
        row = command.crawl(server)
        assert (row["outcome"], row["exit_code"]) == ("complete", 0)
        assert outcomes(command) == [outcome]
        assert is_derived(command)


@pytest.mark.parametrize(
    "path",
    [pytest.param("/robots.txt", marks=pytest.mark.long, id="robots.txt"), pytest.param("/deep/index.htm", id="page")],
)
def test_an_endlessly_slow_server_costs_seconds_and_is_the_links_outcome(command: CommandLine, path: str) -> None:
    with ListingServer({"/robots.txt": b""}, {path: drip}) as other, ListingServer() as server:
        server.site = make_site(make_entries(4), patent_search=f"{other.origin}/deep/index.htm")
        row = command.crawl(server)
    assert (row["outcome"], row["exit_code"]) == ("complete", 0)
    assert outcomes(command) == ["error"]
    [capture] = command.rows("SELECT fault, detail FROM captures WHERE purpose = 'link'")
    assert (capture["fault"], "in time" in capture["detail"]) == ("unreachable", True)


def test_links_that_take_all_their_time_leave_the_others_for_the_next_crawl() -> None:
    fetched: list[str] = []
    given_up: list[tuple[str, str]] = []

    async def fetch(url: str, _limit: asyncio.Timeout) -> None:
        fetched.append(url)
        if url.startswith("slow"):
            await asyncio.sleep(60)
        elif url == "odd":
            raise RuntimeError("something nobody thought of")

    urls = ["quick", "odd", "slow 1", "slow 2", "slow 3", "late"]
    limits = Limits(seconds=0.1, seconds_in_total=0.35)
    asyncio.run(follow_links(urls, fetch, lambda *told: given_up.append(told), limits=limits, is_stopped=lambda: False))
    assert fetched == urls[:-1]
    assert [url for url, _ in given_up] == ["odd", "slow 1", "slow 2", "slow 3"]
    assert given_up[0][1] == "RuntimeError: something nobody thought of"
    assert Limits.with_delay(0) == Limits(20, 60)
    assert Limits.with_delay(5) == Limits(40, 120)


def test_of_a_thousand_links_ten_are_followed_and_the_rest_in_later_crawls(command: CommandLine) -> None:
    with ListingServer(make_site(make_entries(4))) as server:
        paths = [f"/patents/{number}" for number in range(1000)]
        server.site = with_links(server.site, *paths) | dict.fromkeys(paths, ANSWER)
        row = command.crawl(server)
        asked = [asked.path for asked in server.asked]
        assert (row["outcome"], row["requests"]) == ("complete", len(asked))
        followed = [path for path in asked if path in {*paths, PATENT_SEARCH}]
        assert followed == [PATENT_SEARCH, *paths[:9]]
        assert len(asked) == 1 + 2 + 10  # robots.txt, two passes over one page, ten links
        assert outcomes(command) == ["ok"] * 10 + ["skipped"] * 991
        server.asked.clear()
        command.crawl(server)
        assert [asked.path for asked in server.asked][-10:] == paths[9:19]
        assert outcomes(command) == ["skipped"] * 10 + ["ok"] * 10 + ["skipped"] * 981
        first, last = link_rows(command, "status, outcome, last_seen > first_seen")[::1000]
        assert (first, last) == ((200, "skipped", 1), (None, "skipped", 0))
    assert command.rows("SELECT kind FROM changes WHERE kind = 'link changed'") == []
    assert is_derived(command)


NOISE = [
    lambda number: f"{PATENT_SEARCH};jsessionid={number:08X}",
    lambda number: f"{PATENT_SEARCH}?t={1_770_000_000 + number}",
    lambda number: f"{PATENT_SEARCH}?t={number}",
    lambda number: f"{PATENT_SEARCH}?PHPSESSID=u{number}&utm_source=x{number}",
]


@pytest.mark.parametrize("address", NOISE, ids=["session in path", "time stamp", "counter", "session in query"])
def test_a_session_id_in_a_links_address_makes_no_pass_differ_and_no_change(
    command: CommandLine, address: Callable[[int], str]
) -> None:
    numbers = itertools.count()
    entries = make_entries(15)

    def listing_page(number: int) -> Answer:
        def answer(handler: Handler) -> None:
            body = make_page(entries[number * 5 : number * 5 + 5], number + 1, 3, address(next(numbers)))
            handler.reply(200, body, Content_Type="text/html")

        return answer

    with ListingServer(make_site(entries)) as server:
        paths = [LISTING, LISTING.replace("index", "index1"), LISTING.replace("index", "index2")]
        server.faults = {path: listing_page(number) for number, path in enumerate(paths)}
        search = address(0).partition("?")[0].partition(";")[0]
        server.faults |= {address(n).partition("?")[0]: page(ANSWER) for n in range(40)}
        rows = [command.crawl(server) for _ in range(3)]
        assert [(row["outcome"], row["exit_code"], row["requests"]) for row in rows] == [("complete", 0, 8)] * 3
        asked = [asked.path for asked in server.asked if asked.path.startswith(search)]
    # the address is followed as it was seen last, and shown so
    assert asked == [address(5), address(11), address(17)]
    [link] = command.rows("SELECT url, outcome FROM patent_search_links")
    assert link == {"url": server.origin + address(17), "outcome": "ok"}
    captured = command.rows("SELECT asked_url FROM captures WHERE purpose = 'link' ORDER BY capture_id")
    assert [row["asked_url"] for row in captured] == [server.origin + one for one in asked]
    assert {row["kind"] for row in command.rows("SELECT kind FROM changes")} == {"new"}
    assert is_derived(command)


def test_a_changed_link_keeps_the_announced_url_in_the_feed(command: CommandLine, tmp_path: Path) -> None:
    with ListingServer() as server:
        for search in ("/old", "/new?t=1", "/new?t=2", "/new?t=3"):
            server.site = make_site(make_entries(4), patent_search=search) | {search: ANSWER}
            assert command.crawl(server)["exit_code"] == 0
            done = command("publish", "--base-url", "https://feeds.example/", "--json")
            feed = (tmp_path / "public" / "changes.xml").read_text()
            assert ("/new?t=1" in feed) is (search != "/old")
        assert json.loads(done.stdout)["written"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_links_are_followed_ends_the_run_with_the_crawls_own_result(
    command: CommandLine, server: ListingServer, number: signal.Signals
) -> None:
    with Gate(ANSWER) as gate:
        server.faults["/held"] = gate
        server.site = with_links(server.site, "/held", "/later")
        with running(command, "crawl", server.origin + LISTING, *CRAWL) as run:
            assert gate.asked.wait(30)
            assert run.stop(number) == 0
            row = json.loads(run.output[run.output.index("{") :])
    assert (row["outcome"], row["entries"]) == ("complete", 15)
    assert outcomes(command) == ["ok", "skipped", "skipped"]
    assert is_derived(command)


def test_a_run_that_is_killed_while_it_follows_links_has_settled(command: CommandLine, server: ListingServer) -> None:
    with Gate(ANSWER) as gate:
        server.faults["/held"] = gate
        server.site = with_links(server.site, "/held")
        with running(command, "crawl", server.origin + LISTING, *CRAWL) as run:
            assert gate.asked.wait(30)
            run.stop(signal.SIGKILL)
    [row] = command.rows("SELECT outcome, entries, new FROM crawl_log")
    assert tuple(row.values()) == ("complete", 15, 15)
    assert is_derived(command)
    assert command("reparse").returncode == 0
    assert outcomes(command) == ["ok", "skipped"]  # what had answered is recorded
    del server.faults["/held"]
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"]) == ("unchanged", 0)
    assert outcomes(command) == ["ok", "error"]
    assert is_derived(command)


def test_the_requests_for_links_are_in_the_log_of_the_crawl_and_in_exports(
    command: CommandLine, server: ListingServer, tmp_path: Path
) -> None:
    row = command.crawl(server)
    assert row["requests"] == len(server.asked) == 8
    assert command("export", "whole.warc.gz").returncode == 0
    other = CommandLine(tmp_path / "other")
    other.folder.mkdir()
    assert other("import", "../whole.warc.gz").returncode == 0
    query = "SELECT crawl_id, requests, not_modified, bytes FROM crawl_log"
    assert other.rows(query) == command.rows(query)
    assert other.rows("SELECT * FROM link_traffic") == command.rows("SELECT * FROM link_traffic")
    busy = CommandLine(tmp_path / "busy")
    busy.folder.mkdir()
    with ListingServer(make_site(make_entries(3, first=90))) as elsewhere:
        busy.crawl(elsewhere)
    assert busy("import", "../whole.warc.gz", "--source", "village").returncode == 0
    [imported] = busy.rows("SELECT requests FROM crawl_log WHERE source = 'village'")
    assert imported["requests"] == 8


def test_a_link_that_answers_503_is_requested_once(command: CommandLine, server: ListingServer) -> None:
    server.faults[PATENT_SEARCH] = status(503)
    command.crawl(server)
    assert [asked.path for asked in server.asked].count(PATENT_SEARCH) == 1
