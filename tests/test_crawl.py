"""A crawl with the command line: what is archived, and what a second crawl costs."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from hashlib import sha256

import pytest
from conftest import ROOT, CommandLine
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_page, make_site, page_name


def test_every_entry_is_archived_with_its_title_and_publication(command: CommandLine, server: ListingServer) -> None:
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"], row["pages"], row["entries"], row["new"]) == (0, "complete", 3, 15, 15)
    found = command.rows("SELECT title, publication, excerpt, commentary FROM current_entries ORDER BY page, position")
    assert [tuple(entry.values()) for entry in found] == [
        (entry.title, entry.publication, entry.excerpt, entry.commentary) for entry in make_entries(15)
    ]


def test_every_body_is_kept_as_it_was_served(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    stored = {row["body_sha256"]: zlib.decompress(row["zlib"]) for row in command.rows("SELECT * FROM bodies")}
    assert stored == {sha256(body).hexdigest(): body for body in server.site.values()}


def test_the_patent_search_page_is_captured_and_listed(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    url = server.origin + PATENT_SEARCH
    links = command.rows("SELECT label, url, status, outcome FROM patent_search_links")
    assert links == [{"label": "Patent Search", "url": url, "status": 200, "outcome": "ok"}]
    captures = command.rows(f"SELECT body_sha256 FROM captures WHERE url = '{url}'")
    assert [row["body_sha256"] for row in captures] == [sha256(server.site[PATENT_SEARCH]).hexdigest()]


def test_a_second_crawl_of_an_unchanged_listing_costs_only_304s_and_adds_nothing(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    before, bodies = command.derived(), command.rows("SELECT count(*) AS n FROM bodies")
    server.asked.clear()
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"], row["entries"]) == (0, "unchanged", 15)
    assert server.statuses() == [304] * 5  # robots.txt, three pages, Patent Search
    assert (row["requests"], row["not_modified"], row["bytes"]) == (5, 5, 0)
    assert command.derived() == before
    assert command.rows("SELECT count(*) AS n FROM bodies") == bodies


def test_pages_are_asked_for_in_order_and_one_by_one(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    pages = [page_name(number) for number in (1, 2, 3)]
    assert [asked.path for asked in server.asked] == ["/robots.txt", *pages, *pages, PATENT_SEARCH]


def test_a_first_crawl_reads_until_two_passes_are_equal(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    assert server.statuses() == [200, 200, 200, 200, 304, 304, 304, 200]


def test_the_user_agent_has_product_and_contact(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server, "--contact", "operator@example.org")
    agents = {asked.headers["User-Agent"] for asked in server.asked}
    assert len(agents) == 1
    assert agents.pop().endswith("contact: operator@example.org)")


def test_a_new_entry_is_dated_between_the_crawls_and_the_others_keep_their_ids(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    before = command.rows("SELECT entry_id, feed_date, title FROM current_entries")
    server.site.update(make_site(make_entries(1, first=99) + make_entries(15)))
    row = command.crawl(server)
    assert (row["outcome"], row["new"], row["revised"], row["withdrawn"], row["entries"]) == ("complete", 1, 0, 0, 16)
    after = command.rows("SELECT entry_id, feed_date, title FROM current_entries")
    assert all(entry in after for entry in before)
    [new] = command.rows("SELECT * FROM current_entries WHERE not_before IS NOT NULL")
    [first] = command.rows("SELECT started_at FROM crawls WHERE crawl_id = 1")
    assert first["started_at"] == new["not_before"] < new["feed_date"] <= new["first_seen"]


def test_entries_first_seen_together_have_distinct_dates_in_listing_order(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    dates = [row["feed_date"] for row in command.rows("SELECT feed_date FROM current_entries ORDER BY page, position")]
    assert dates == sorted(set(dates), reverse=True)
    assert len(dates) == 15


def test_an_edited_commentary_is_a_revision_of_the_same_entry(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    page = page_name(1)
    server.site[page] = server.site[page].replace(b"Filing 7 claims", b"Filing seven claims")
    row = command.crawl(server)
    assert (row["new"], row["revised"]) == (0, 1)
    [revised] = command.rows("SELECT * FROM entry_history WHERE revision = 2")
    assert revised["commentary"].startswith("Filing seven claims")
    assert (revised["match_method"], revised["match_score"]) == ("same excerpt", 98.0)
    assert revised["body_sha256"] == sha256(server.site[page]).hexdigest()


def test_white_space_and_quote_style_make_no_revision(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    page = page_name(1)
    server.site[page] = (
        server.site[page].replace(b"and the neighbours", b"and  the\nneighbours").replace(b", by ", b",by ")
    )
    row = command.crawl(server)
    assert (row["outcome"], row["new"], row["revised"]) == ("complete", 0, 0)


def test_an_entry_is_withdrawn_after_two_complete_crawls_without_it_and_can_return(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    whole = dict(server.site)
    server.site.update(make_site(make_entries(14)))
    outcomes = [command.crawl(server) for _ in range(3)]
    assert [row["withdrawn"] for row in outcomes] == [0, 1, 0]
    assert [row["outcome"] for row in outcomes] == ["complete", "unchanged", "unchanged"]
    assert len(command.rows("SELECT * FROM current_entries WHERE withdrawn_at IS NOT NULL")) == 1
    server.site.update(whole)
    assert command.crawl(server)["returned"] == 1
    kinds = [row["kind"] for row in command.rows("SELECT kind FROM changes ORDER BY at")]
    assert kinds == ["new"] * 15 + ["withdrawn", "returned"]
    assert command.rows("SELECT * FROM current_entries WHERE withdrawn_at IS NOT NULL") == []


def test_a_quick_crawl_stops_where_nothing_is_new_and_makes_nothing_missing(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    server.site.update(make_site(make_entries(1, first=99) + make_entries(14)))
    server.asked.clear()
    row = command.crawl(server, "--quick")
    assert (row["mode"], row["outcome"], row["new"], row["withdrawn"]) == ("quick", "complete", 1, 0)
    assert page_name(3) not in [asked.path for asked in server.asked]
    assert command.rows("SELECT * FROM entries WHERE missed > 0") == []


def test_a_dry_run_reports_and_leaves_the_archive_as_it_was(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    before = (command.folder / "archive.db").read_bytes()
    server.site.update(make_site(make_entries(1, first=99) + make_entries(15)))
    row = command.crawl(server, "--dry-run")
    assert (row["outcome"], row["new"]) == ("complete", 1)
    assert (command.folder / "archive.db").read_bytes() == before


def test_a_dry_run_without_an_archive_makes_none(command: CommandLine, server: ListingServer) -> None:
    assert command.crawl(server, "--dry-run")["new"] == 15
    assert not (command.folder / "archive.db").exists()


def test_a_listing_that_moves_between_passes_is_read_until_two_are_equal(
    command: CommandLine, server: ListingServer
) -> None:
    first, second = make_entries(15), make_entries(1, first=99) + make_entries(15)
    served = [make_page(first[:5], 1, 3), make_page(second[:5], 1, 4)]
    server.site.update(make_site(second))

    def moving(handler: listing_server.Handler) -> None:
        handler.reply(200, served.pop(0) if len(served) > 1 else served[0], Content_Type="text/html")

    server.faults[LISTING] = moving
    row = command.crawl(server)
    assert (row["outcome"], row["entries"], row["new"]) == ("complete", 16, 16)


def test_a_listing_that_never_rests_is_partial_and_settles_what_was_seen(
    command: CommandLine, server: ListingServer
) -> None:
    number = iter(range(100, 200))

    def restless(handler: listing_server.Handler) -> None:
        handler.reply(200, make_page(make_entries(5, first=next(number)), 1, 3), Content_Type="text/html")

    server.faults[LISTING] = restless
    row = command.crawl(server)
    assert (row["exit_code"], row["outcome"]) == (75, "partial")
    assert "each of 5 passes" in row["reason"]
    assert row["entries"] == 15
    assert command.rows("SELECT * FROM entries WHERE missed > 0") == []


def test_an_unknown_publication_has_one_name(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    names = [row["name"] for row in command.rows("SELECT name FROM publications ORDER BY name")]
    assert names == ["Der Spiegel", "Le Monde", "Nikkei", "The Straits Times"]


def test_a_changed_patent_search_link_is_a_change(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.site.update(make_site(make_entries(15), patent_search="/elsewhere.htm"))
    assert command.crawl(server)["outcome"] == "complete"
    links = command.rows("SELECT url, status, outcome FROM patent_search_links ORDER BY first_seen")
    assert [(row["status"], row["outcome"]) for row in links] == [(200, "ok"), (404, "error")]
    assert [row["kind"] for row in command.rows("SELECT kind FROM changes ORDER BY change_id")][-1] == "link changed"


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        (listing_server.status(412), 412, "blocked"),
        (listing_server.page(b"<html><script>$_ts={};document.cookie='a';</script></html>"), 200, "blocked"),
        (listing_server.status(404), 404, "error"),
        (listing_server.redirect("http://10.0.0.1/"), None, "refused"),
        (listing_server.redirect("http://2130706433/"), None, "refused"),
        (listing_server.redirect("file:///etc/passwd"), 302, "error"),
        (listing_server.silence, None, "error"),
        (listing_server.truncated_gzip(b"<html>" + bytes(range(256)) * 40), 200, "error"),
    ],
)
def test_the_response_behind_a_link_is_stored_with_its_outcome(
    command: CommandLine, server: ListingServer, answer: listing_server.Answer, status: int | None, outcome: str
) -> None:
    server.faults[PATENT_SEARCH] = answer
    assert command.crawl(server)["outcome"] == "complete"
    [link] = command.rows("SELECT status, outcome FROM patent_search_links")
    assert (link["status"], link["outcome"]) == (status, outcome)


def test_a_link_to_a_private_address_is_refused_without_a_request(command: CommandLine, server: ListingServer) -> None:
    with ListingServer({"/secret": b"<html>internal</html>"}) as inside:
        address = inside.origin.replace("127.0.0.1", "127.0.0.2")
        server.site.update(make_site(make_entries(15), patent_search=f"{address}/secret"))
        command.crawl(server)
        assert inside.asked == []
    [link] = command.rows("SELECT status, outcome FROM patent_search_links")
    assert (link["status"], link["outcome"]) == (None, "refused")


def test_a_link_is_followed_under_the_robots_txt_of_its_own_host(command: CommandLine, server: ListingServer) -> None:
    with ListingServer({"/robots.txt": b"User-agent: *\nDisallow: /\n", "/search": b"<html>no</html>"}) as other:
        server.site.update(make_site(make_entries(15), patent_search=f"{other.origin}/search"))
        command.crawl(server)
        assert [asked.path for asked in other.asked] == ["/robots.txt"]
    [link] = command.rows("SELECT outcome FROM patent_search_links")
    assert link["outcome"] == "refused"


def test_a_body_in_gzip_is_stored_decoded(command: CommandLine, server: ListingServer) -> None:
    body = server.site[LISTING]
    coded = gzip.compress(body)
    server.faults[LISTING] = lambda handler: handler.reply(
        200, coded, Content_Type="text/html", Content_Encoding="gzip"
    )
    assert command.crawl(server)["entries"] == 15
    assert command.rows(f"SELECT size FROM bodies WHERE body_sha256 = '{sha256(body).hexdigest()}'") == [
        {"size": len(body)}
    ]


def test_bare_scrapy_crawls_the_sample_too(command: CommandLine) -> None:
    environment = {**os.environ, "FOREIGN_EYES_ARCHIVE": str(command.folder / "archive.db")}
    crawl = [sys.executable, "-m", "scrapy", "crawl", "listing", "-a", "source=sample"]
    subprocess.run(crawl, cwd=ROOT, env=environment, check=True, timeout=300)
    assert command.rows("SELECT outcome, entries FROM crawl_log") == [{"outcome": "complete", "entries": 40}]


def test_json_has_the_columns_of_the_crawl_log(command: CommandLine, server: ListingServer) -> None:
    row = command.crawl(server)
    stored = command.rows("SELECT * FROM crawl_log")[0]
    assert {key: row[key] for key in stored} == json.loads(json.dumps(stored))
