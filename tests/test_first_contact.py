"""The first crawl of a source, and `--accept`: what is accepted, what is refused, and the messages."""

from __future__ import annotations

import json
import tomllib

import pytest
from conftest import CommandLine
from support import listing_server
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_page

from foreign_eyes.crawler.first_contact import settings_line, unknown_listing
from foreign_eyes.crawler.sources import SourceSettings
from foreign_eyes.listing.values import ListedEntry, ListingPage, Pager

ARTICLE = b"""<!doctype html><html><head><title>Harbour News</title></head><body><h1>Cranes &amp; "Docks"</h1>
<ul><li><p>A port has new cranes.</p><p>--Cranes Without Drivers, by The Courier</p><p>More below.</p></li>
<li><p>A town has new lamps.</p><p>--Lamps That Listen, by CNN</p><p>More below.</p></li></ul></body></html>"""


def test_a_page_without_the_heading_settles_nothing_on_first_contact(
    command: CommandLine, server: ListingServer
) -> None:
    server.site[LISTING] = ARTICLE
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"]) == ("suspect", 65)
    assert "Cranes Without Drivers, by The Courier" in row["reason"]
    assert '"Harbour News"' in row["reason"]
    assert command.rows("SELECT count(*) AS n FROM entries") == [{"n": 0}]
    assert command.crawl(server)["outcome"] == "suspect"  # a refusal is no contact
    assert command.crawl(server, "--accept")["outcome"] == "complete"
    assert command.crawl(server)["outcome"] == "unchanged"


@pytest.mark.parametrize("heading", ['cranes & "docks"', "Harbour\u00a0news"])
def test_a_source_can_have_a_heading_of_its_own(command: CommandLine, server: ListingServer, heading: str) -> None:
    server.site[LISTING] = ARTICLE
    settings = f"[sources.town]\nurl = '{server.origin}{LISTING}'\nheading = '{heading}'\n"
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    done = command("crawl", "town", "--json")
    assert json.loads(done.stdout)["outcome"] == "complete"


def test_a_listing_that_has_settled_is_judged_as_before(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.site = {path: body.replace(b"China's IP in Foreign Eyes", b"Notices") for path, body in server.site.items()}
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"]) == ("suspect", 65)
    assert "has lost the column's heading" in row["reason"]


def test_a_source_with_its_own_heading_is_not_accepted_by_the_columns_heading(
    command: CommandLine, server: ListingServer
) -> None:
    settings = f"[sources.town]\nurl = '{server.origin}{LISTING}'\nheading = 'Another column'\n"
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    assert command("crawl", "town").returncode == 65


def listed(*headings: str) -> ListingPage:
    entry = ListedEntry("", "——A\x1b[2J, by B", "A\x1b[2J " + "x" * 200, "B", "", ())
    return ListingPage((entry,) * 5, None, (), Pager("none", None, {}, ()), False, "utf-8", headings=headings)


@pytest.mark.parametrize("heading", ['A "B" \\ C', "塔", "a\u007fb", "x" * 300])
@pytest.mark.parametrize("name", ["town", "a.b", "127.0.0.1-x"])
def test_the_refusal_shows_settings_that_accept_the_page(name: str, heading: str) -> None:
    source = SourceSettings(url='https://example.org/?a="b"')
    line = settings_line(name, source, heading, configured=False)
    table, rest = line.split("]", 1)
    url, value = rest.split(" heading = ")
    read = tomllib.loads(f"{table}]\n{url}\nheading = {value}")
    assert read["sources"][name] == {"url": source.url, "heading": heading[:200]}
    assert line in unknown_listing(name, source, listed(heading), configured=False)


def test_the_refusal_is_one_printable_line_of_a_bounded_length() -> None:
    source = SourceSettings(url="https://example.org/")
    reason = unknown_listing(
        "town", source, listed(*[f"\x1b[31m{number}" + "y" * 200 for number in range(50)]), configured=True
    )
    shown = reason.split("if it is the listing")[0]
    assert shown.isprintable()
    assert len(shown) < 800
    assert "and 47 more" in shown
    assert "--accept" in unknown_listing("town", source, listed(), configured=True)


# --accept


def test_accept_does_not_accept_an_empty_page(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.site[LISTING] = make_page([], 1, 1)
    refused = command.crawl(server)
    assert refused["reason"] == "page 1 lists no entries"
    [problem] = json.loads(command("status", "--json").stdout)["problems"]
    assert "--accept" not in problem["remedy"]
    for _ in range(2):
        row = command.crawl(server, "--accept")
        assert (row["outcome"], row["withdrawn"]) == ("suspect", 0)
        assert "15 are listed now and stay" in row["reason"]
    assert command.rows("SELECT count(*) AS n FROM entries WHERE missed > 0 OR withdrawn_at IS NOT NULL") == [{"n": 0}]


def test_accept_reports_counts_before_it_settles(command: CommandLine, server: ListingServer) -> None:
    command.crawl(server)
    server.site[LISTING] = make_page([*make_entries(2), *make_entries(1, first=90)], 1, 1)
    refused = command.crawl(server)
    figures = "1 of its entries are new or edited, 13 listed entries are missing from it"
    assert (
        f"with --accept {figures} (up to 0 withdrawn at once, 13 more if the next complete crawl lacks them too)"
        in refused["reason"]
    )
    tried = command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--accept", "--dry-run")
    assert f"town: accepting: {figures} (up to 0 withdrawn at once" in tried.stderr
    assert command.crawl(server, "--accept")["withdrawn"] == 0
    server.site[LISTING] = make_page([*make_entries(2), *make_entries(1, first=91)], 1, 1)
    done = command.crawl(server, "--accept")
    assert "(up to 13 withdrawn at once, 1 more if the next complete crawl lacks them too)" in done["stderr"]
    assert 10 < done["withdrawn"] <= 13  # the new one may be one of the missing, edited


def test_the_remedy_for_a_strange_listing_shows_what_accepting_would_do(
    command: CommandLine, server: ListingServer
) -> None:
    command.crawl(server)
    server.site[LISTING] = make_page(make_entries(2), 1, 1)
    command.crawl(server)
    [problem] = json.loads(command("status", "--json").stdout)["problems"]
    assert problem["remedy"].endswith("foreign-eyes crawl town --accept --dry-run")


# probe


def probed(command: CommandLine, server: ListingServer, code: int = 0) -> dict[str, object]:
    done = command("probe", server.origin + LISTING, "--json")
    assert done.returncode == code, done.stderr
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def test_probe_shows_a_page_without_making_an_archive(command: CommandLine, server: ListingServer) -> None:
    facts = probed(command, server)
    assert list(command.folder.iterdir()) == []
    assert (facts["outcome"], facts["encoding"], facts["has_heading"]) == ("complete", "utf-8", True)
    assert facts["headings"] == ["China's IP in Foreign Eyes"]
    assert len(facts["entries"]) == 5  # type: ignore[arg-type]
    assert facts["page_count"] == 3
    assert facts["next"]["linked"] == [server.origin + LISTING.replace("index", "index1")]  # type: ignore[index]
    assert facts["links"] == [{"label": "Patent Search", "url": f"{server.origin}/patentsearch/index.htm"}]
    assert facts["robots"] == [{"url": f"{server.origin}/robots.txt", "status": 200, "detail": None}]
    assert facts["validators"]["etag"] == listing_server.etag(server.site[LISTING])  # type: ignore[index]
    assert abs(facts["clock"]["site_ahead_seconds"]) < 60  # type: ignore[index]
    assert [asked.path for asked in server.asked] == ["/robots.txt", LISTING]
    text = command("probe", server.origin + LISTING).stdout
    assert 'expected heading: "China\'s IP in Foreign Eyes" (found)' in text
    assert "Workshop 1 bets on porcelain patents, by Der Spiegel" in text


@pytest.mark.parametrize(
    ("fault", "code", "outcome", "words"),
    [
        (listing_server.page(ARTICLE), 65, "suspect", "does not show the heading"),
        (listing_server.page(b"<html><p>hello</p></html>"), 69, "blocked", "not the listing"),
        (listing_server.status(412), 69, "blocked", "412"),
        (listing_server.status(500), 69, "unreachable", "500"),
        (listing_server.half_sent(ARTICLE), 75, "partial", "is incomplete"),
    ],
)
def test_probe_says_what_a_crawl_would_say(
    command: CommandLine, server: ListingServer, fault: listing_server.Answer, code: int, outcome: str, words: str
) -> None:
    server.faults[LISTING] = fault
    facts = probed(command, server, code)
    assert facts["outcome"] == outcome
    assert words in str(facts["reason"])


def test_probe_obeys_robots(command: CommandLine, server: ListingServer) -> None:
    server.site["/robots.txt"] = b"User-agent: *\nDisallow: /specialtopic/\n"
    facts = probed(command, server, 69)
    assert (facts["outcome"], facts["status"]) == ("blocked", None)
    assert [asked.path for asked in server.asked] == ["/robots.txt"]


def test_probe_shows_doubtful_entries_and_obeys_no_terminal_codes(command: CommandLine, server: ListingServer) -> None:
    page = make_page(make_entries(5), 1, 1).replace(b"Patent Search", b"Patent Search \xc2\x9b31m&#x202e;")
    server.site[LISTING] = page.replace(
        b"</ul>", "<li><p>x</p><p>——A line, that, cannot, be split</p></li></ul>".encode()
    )
    done = command("probe", server.origin + LISTING)
    assert "1 of them doubtful" in done.stdout
    assert "A line, that, cannot, be split (no commentary, attribution not split)" in done.stdout
    assert all(line.isprintable() for line in done.stdout.splitlines())
