"""Faults of a source: each ends with a message and its exit code, and settles nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import (
    Answer,
    ListingServer,
    closed_without_length,
    cut_chunk,
    gzip_bomb,
    half_sent,
    page,
    redirect,
    silence,
    status,
    truncated_gzip,
)
from support.listings import LISTING, make_entries, make_page, make_pager, make_site, page_name

WHOLE = make_site(make_entries(15))
CHALLENGE = b"<html><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script><body></body></html>"
LOGIN = b"<html><head><title>Sign in</title></head><body><form><input name='user'></form></body></html>"
EMPTY = b"<html><head><title>China's IP in Foreign Eyes</title></head><body><h1>China's IP in Foreign Eyes</h1></body></html>"


def paged(body: bytes, pager: str) -> bytes:
    start, end = body.index(b'<div class="index_page01">'), body.index(b'</div>\n<div class="foot"')
    return body[:start] + pager.encode() + body[end:]


FAULTS: dict[str, tuple[int, Answer, int, str, str]] = {
    # page, answer, exit code, outcome, in the reason
    "a first page without entries": (1, page(EMPTY), 65, "suspect", "page 1 lists no entries"),
    "a later page without entries": (2, page(EMPTY), 65, "suspect", "page 2 lists no entries"),
    "a challenge with status 200": (1, page(CHALLENGE), 69, "blocked", "page 1"),
    "a challenge on a later page": (3, page(CHALLENGE), 69, "blocked", "page 3"),
    "a login page": (1, page(LOGIN), 69, "blocked", "is not the listing"),
    "status 412": (1, status(412), 69, "blocked", "412"),
    "status 403": (2, status(403), 69, "blocked", "403"),
    "status 202": (1, status(202), 69, "blocked", "202"),
    "status 521": (1, status(521), 69, "blocked", "521"),
    "status 429": (1, status(429), 69, "blocked", "429"),
    "status 503": (1, status(503), 69, "unreachable", "503"),
    "status 503 on a later page": (2, status(503), 69, "unreachable", "503"),
    "a first page that is gone": (1, status(404), 69, "unreachable", "the column may have moved"),
    "a later page that is gone": (2, status(404), 75, "partial", "page 2 answers 404"),
    "a connection closed at once": (1, silence, 69, "unreachable", "page 1"),
    "a half-sent first page": (1, half_sent(WHOLE[LISTING]), 75, "partial", "page 1"),
    "a half-sent page": (2, half_sent(WHOLE[page_name(2)]), 75, "partial", "page 2"),
    "a page cut off without a length": (2, closed_without_length(WHOLE[page_name(2)]), 75, "partial", "page 2"),
    "a cut chunk": (2, cut_chunk(WHOLE[page_name(2)]), 75, "partial", "page 2"),
    "a truncated gzip": (2, truncated_gzip(WHOLE[page_name(2)]), 75, "partial", "cut short"),
    "a truncated gzip first": (1, truncated_gzip(WHOLE[LISTING]), 75, "partial", "cut short"),
    "a gzip bomb": (1, gzip_bomb(40), 65, "suspect", "too large"),
    "a redirect to a private address": (1, redirect("http://10.1.2.3/"), 69, "blocked", "not public"),
    "a redirect that goes round": (1, redirect(LISTING), 69, "unreachable", "redirect"),
    "a pager of a million pages": (
        1, page(paged(WHOLE[LISTING], make_pager(1, 1_000_000))), 65, "suspect", "announces 1000000 pages"
    ),
    "a pager that disagrees with page 1": (2, page(paged(WHOLE[page_name(2)], make_pager(2, 4))), 75, "partial", "announces"),
}  # fmt: skip


@pytest.mark.parametrize("archived", [True, False], ids=["known", "first"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_with_its_exit_code_and_a_reason_and_nothing_is_settled(
    command: CommandLine, server: ListingServer, name: str, archived: bool
) -> None:
    number, answer, code, outcome, reason = FAULTS[name]
    if archived:
        command.crawl(server)
    before = command.derived() if archived else {}
    server.faults[page_name(number)] = answer
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (code, outcome), row
    assert reason in row["reason"]
    assert row["reason"] in row["stderr"]
    if archived:
        assert command.derived() == before
    elif reason not in ("page 2 answers 404", "announces"):  # as of a listing that moved: settled is what was seen
        assert command.rows("SELECT * FROM entries") == []


def test_after_a_fault_the_next_crawl_finds_the_new_entries(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.faults[page_name(2)] = page(CHALLENGE)
    server.site.update(make_site(make_entries(1, first=99) + make_entries(15)))
    assert command.crawl(server)["outcome"] == "blocked"
    server.faults.clear()
    row = command.crawl(server)
    assert (row["outcome"], row["new"], row["withdrawn"]) == ("complete", 1, 0)


def test_a_refused_page_that_comes_back_as_304_is_not_taken_for_unchanged(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    good = server.site[page_name(2)]
    server.site[page_name(2)] = EMPTY
    assert [command.crawl(server)["outcome"] for _ in range(2)] == ["suspect", "suspect"]
    server.site[page_name(2)] = good
    assert command.crawl(server)["outcome"] == "unchanged"


def test_a_dead_host_is_unreachable(command: CommandLine) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = command("crawl", f"http://127.0.0.1:{closed.getsockname()[1]}{LISTING}", "--delay", "0", "--json")
    assert done.returncode == 69
    assert "connection was refused" in done.stderr


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(503), "robots.txt of"),
        (status(500), "nothing may be fetched"),
        (silence, "robots.txt of"),
        (page(b"<!DOCTYPE html><html><body><script>go()</script></body></html>"), "is an HTML page"),
        (lambda handler: handler.reply(200, b"User-agent: *\nDisallow: /specialtopic/"), "disallows"),
    ],
    ids=["503", "500", "no answer", "an HTML shell", "a rule"],
)
def test_no_page_is_requested_if_robots_txt_disallows_it_or_fails(
    command: CommandLine, server: ListingServer, answer: Callable[..., None], reason: str
) -> None:
    server.faults["/robots.txt"] = answer
    row = command.crawl(server)
    assert row["exit_code"] == 69
    assert reason in row["reason"]
    assert {asked.path for asked in server.asked} == {"/robots.txt"}


def test_a_missing_robots_txt_allows_everything(command: CommandLine, server: ListingServer) -> None:
    del server.site["/robots.txt"]
    assert command.crawl(server)["outcome"] == "complete"


def test_a_listing_of_less_than_half_its_entries_is_suspect_until_accepted(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    server.site.update(make_site(make_entries(6)))
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert "shows 6 entries; the last good crawl found 15" in row["reason"]
    row = command.crawl(server, "--accept")
    assert (row["exit_code"], row["outcome"], row["entries"]) == (0, "complete", 6)


def test_a_listing_that_has_lost_its_commentaries_is_suspect_until_accepted(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    before = command.derived()
    server.site.update(make_site([replace(entry, commentary="") for entry in make_entries(15)]))
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert "page 1: 5 of 5 entries lack a commentary; the last good crawl had 0 of 15" in row["reason"]
    assert command.derived() == before
    row = command.crawl(server, "--accept")
    assert (row["outcome"], row["new"], row["withdrawn"]) == ("complete", 0, 0)
    assert command.crawl(server)["outcome"] == "unchanged"


def test_another_listing_under_the_same_heading_is_suspect_until_accepted(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    before = command.derived()
    server.site.update(make_site(make_entries(15, first=501)))
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert "shows 15 entries, of which none are known; the last good crawl found 15" in row["reason"]
    assert command.derived() == before
    assert command.crawl(server, "--accept")["new"] == 15
    server.site.update(make_site(make_entries(1, first=601) + make_entries(14, first=501)))
    assert command.crawl(server)["outcome"] == "complete"


def test_a_transient_error_is_retried(command: CommandLine, server: ListingServer) -> None:
    failures = iter([503, 503])

    def moody(handler: object) -> None:
        code = next(failures, None)
        body = WHOLE[LISTING]
        handler.reply(code or 200, b"" if code else body, Content_Type="text/html")  # type: ignore[attr-defined]

    server.faults[LISTING] = moody
    assert command.crawl(server)["outcome"] == "complete"
    assert server.statuses()[1:4] == [503, 503, 200]


def test_a_block_is_not_retried(command: CommandLine, server: ListingServer) -> None:
    server.faults[LISTING] = status(403)
    command.crawl(server)
    assert [asked.path for asked in server.asked] == ["/robots.txt", LISTING]


def test_a_retry_after_longer_than_the_budget_ends_the_crawl(command: CommandLine, server: ListingServer) -> None:
    server.faults[LISTING] = status(503, Retry_After="3600")
    assert command.crawl(server)["outcome"] == "unreachable"
    assert [asked.path for asked in server.asked] == ["/robots.txt", LISTING]


@pytest.mark.parametrize(
    ("pagers", "reason"),
    [
        (["index.htm", "index.htm"], "next link of page 1 leads back"),
        (["index1.htm", "index.htm"], "next link of page 2 leads back"),
    ],
    ids=["to itself", "in a circle"],
)
def test_a_pager_without_a_count_that_leads_back_is_refused(
    command: CommandLine, server: ListingServer, pagers: list[str], reason: str
) -> None:
    for number, onward in enumerate(pagers, start=1):
        server.site[page_name(number)] = paged(
            server.site[page_name(number)], f'<div><a href="{onward}">下一页</a></div>'
        )
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert reason in row["reason"]


def test_a_pager_that_counts_pages_it_never_links_is_refused(command: CommandLine, server: ListingServer) -> None:
    for number in (1, 2):
        pager = f'<div><font>共3页</font> <a href="index{"" if number == 2 else 1}.htm">下一页</a></div>'
        server.site[page_name(number)] = paged(server.site[page_name(number)], pager)
    del server.site[page_name(3)]
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (65, "suspect")
    assert "page 3 of 3 is not linked" in row["reason"]


def test_a_server_that_shows_one_page_at_every_address_is_refused(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.site[page_name(2)] = server.site[page_name(3)] = server.site[LISTING]
    for _ in range(3):
        row = command.crawl(server)
        assert (row["exit_code"], row["outcome"], row["withdrawn"]) == (65, "suspect", 0)
        assert "lists the same entries as page 1" in row["reason"]


def test_unlinked_pages_are_found_once_and_then_requested_at_the_same_urls(
    command: CommandLine, server: ListingServer
) -> None:
    entries = make_entries(15)
    for number in (1, 2, 3):
        body = make_page(entries[(number - 1) * 5 : number * 5], number, 3)
        server.site[f"/list/index{f'_{number - 1}' if number > 1 else ''}.htm"] = paged(body, "<div>共3页 下一页</div>")
    notice = b"<html><head><title>Not found</title></head><body><p>There is no such page.</p></body></html>"
    server.faults |= {f"/list/index{number}.htm": page(notice) for number in (1, 2)}
    listing = ["crawl", f"{server.origin}/list/index.htm", "--name", "town", "--json"]
    assert json.loads(command(*listing).stdout)["entries"] == 15
    server.asked.clear()
    assert json.loads(command(*listing).stdout)["outcome"] == "unchanged"
    assert set(server.statuses()) == {304}


def test_an_archive_that_another_program_holds_is_a_reason_to_try_again(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    code = (
        "import sqlite3, foreign_eyes.archive.database; foreign_eyes.archive.database.BUSY_SECONDS = 0.2\n"
        "from foreign_eyes.cli.main import run\n"
        "held = sqlite3.connect('archive.db'); held.execute('BEGIN IMMEDIATE')\n"
        "import sys; sys.argv = ['foreign-eyes', 'publish']; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=command.folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 75
    assert "in use by another program" in done.stderr


def test_a_page_without_a_count_is_followed_by_its_next_links(command: CommandLine, server: ListingServer) -> None:
    entries = make_entries(15)
    for number in (1, 2, 3):
        onward = f'<a href="index{number}.htm">下一页</a>' if number < 3 else ""
        body = make_page(entries[(number - 1) * 5 : number * 5], number, 3)
        server.site[page_name(number)] = paged(body, f"<div>{onward}</div>")
    row = command.crawl(server)
    assert (row["outcome"], row["pages"], row["entries"]) == ("complete", 3, 15)
