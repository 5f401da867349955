"""The pages: readable by people and machines, honest about dates, and safe with whatever the source writes."""

from __future__ import annotations

import os
import re
import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.text import clean
from feeds.compose import Feed, FeedEntry, compose_entry, compose_feed, compose_volumes
from feeds.pages import entry_page, front_page, stylesheet, volume_file, volume_page

DATA = Path(__file__).parent / "data/feeds"
COLUMN = runpy.run_path(str(DATA / "column.py"))
FEED: Feed = COLUMN["FEED"]
KITE, TEA, MELODY, LANTERN = FEED.entries
GOLDEN = {
    "column.index.html": lambda: front_page(FEED, total=4, volumes=0),
    "column.entry.html": lambda: entry_page(FEED, TEA),
    "column.withdrawn.html": lambda: entry_page(FEED, LANTERN),
}
cleaned = st.text().map(clean)


def many(count: int) -> list[FeedEntry]:
    """Composed entries a minute apart, newest first."""
    start = datetime(2021, 1, 1, tzinfo=UTC)
    return [
        compose_entry(
            COLUMN["SOURCE"],
            replace(
                COLUMN["ARCHIVED"][0],
                entry_id=number,
                title=f"Entry {number}",
                feed_date=start + number * timedelta(minutes=1),
            ),
            COLUMN["BASE_URL"],
        )
        for number in range(count, 0, -1)
    ]


def site(count: int) -> dict[str, bytes]:
    """All pages of a column of so many entries, by name."""
    entries = many(count)
    feed = compose_feed(COLUMN["SOURCE"], entries, COLUMN["BASE_URL"], COLUMN["AUTHORITY"])
    volumes = compose_volumes(entries)
    return {
        "index.html": front_page(feed, count, len(volumes)),
        **{volume_file(volume.number): volume_page(feed, volume, len(volumes)) for volume in volumes},
        **{f"{entry.path}index.html": entry_page(feed, entry) for entry in entries},
        "style.css": stylesheet(),
        "atom.xml": b"",
        "rss.xml": b"",
    }


def parsed(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page.decode())


def prose(page: bytes) -> str:
    return " ".join(parsed(page).text_content().split())


EVERY_PAGE = pytest.mark.parametrize("name", ["index.html", "pages/1.html", "pages/2.html", "entries/1/index.html"])


@pytest.mark.parametrize("name", GOLDEN)
def test_the_made_up_column_has_the_pages_it_had(name: str) -> None:
    rendered = GOLDEN[name]()
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        (DATA / name).write_bytes(rendered)

    assert rendered == (DATA / name).read_bytes()


def test_the_front_page_shows_every_entry_of_the_feed_in_its_order() -> None:
    page = parsed(front_page(FEED, total=4, volumes=0))

    assert [link.text for link in page.iterfind(".//article/h3/a")] == [entry.title for entry in FEED.entries]
    assert [quote.get("cite") for quote in page.iterfind(".//blockquote")] == [entry.via for entry in FEED.entries]
    for entry in FEED.entries:
        for line in (entry.excerpt + "\n" + entry.commentary).split("\n"):
            assert line in page.text_content()


def test_the_front_page_offers_both_feeds_to_people_and_to_browsers() -> None:
    page = parsed(front_page(FEED, total=4, volumes=0))

    assert [(link.get("type"), link.get("href")) for link in page.iterfind("head/link[@rel='alternate']")] == [
        ("application/atom+xml", "atom.xml"),
        ("application/rss+xml", "rss.xml"),
    ]
    addresses = [link.text_content() for link in page.iterfind(".//section[@class='subscribe']//a")]
    assert addresses == ["https://eyes.example/column/atom.xml", "https://eyes.example/column/rss.xml"]


def test_entries_are_grouped_by_the_day_they_were_first_seen() -> None:
    page = parsed(front_page(FEED, total=4, volumes=0))

    assert [" ".join(heading.text_content().split()) for heading in page.iterfind(".//section/h2[@id]")] == [
        "Subscribe",
        "First seen 2 March 2021",
        "First seen 1 March 2021 perhaps there long before",
    ]


@EVERY_PAGE
def test_every_page_has_language_landmarks_and_headings_in_order(name: str) -> None:
    page = parsed(site(120)[name])

    assert page.get("lang") == "en"
    assert page.findtext("head/title")
    assert len(page.findall(".//main")) == len(page.findall(".//header")) == len(page.findall(".//h1")) == 1
    levels = [int(element.tag[1]) for element in page.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [element.get("id") for element in page.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    assert {
        label for element in page.xpath("//*[@aria-labelledby]") if (label := element.get("aria-labelledby"))
    } <= set(ids)
    assert page.find("body/a[@class='skip']").get("href") == "#content"


@EVERY_PAGE
def test_no_page_runs_a_script_or_fetches_anything_from_elsewhere(name: str) -> None:
    page = parsed(site(120)[name])

    assert not page.xpath("//script | //style | //img | //iframe | //*[@style] | //@*[starts-with(name(), 'on')]")
    assert [link.get("href") for link in page.xpath("//link[@rel='stylesheet' or @rel='icon']")] == [
        "data:,",
        "../" * name.count("/") + "style.css",
    ]
    assert b"url(" not in stylesheet()
    assert b"@import" not in stylesheet()


@pytest.mark.parametrize("count", [1, 50, 51, 120])
def test_every_link_inside_leads_to_a_page_and_every_entry_can_be_reached(count: int) -> None:
    pages = site(count)
    reached = {"index.html"}
    ahead = ["index.html"]
    while ahead:
        here = ahead.pop()
        for element in parsed(pages[here]).xpath("//a[@href] | //link[@href]"):
            target = urljoin(f"http://here/{here}", element.get("href"))
            if not target.startswith("http://here/") or target == "http://here/browse/":
                continue
            name = target.removeprefix("http://here/").partition("#")[0]
            name += "index.html" if not name or name.endswith("/") else ""
            assert name in pages, f"{here} links to {name}"
            if name not in reached:
                reached.add(name)
                if name.endswith(".html"):
                    ahead.append(name)

    assert reached == set(pages)


def test_older_entries_begin_where_the_front_page_ends() -> None:
    for count, volume in ((51, 1), (100, 1), (101, 2), (120, 2), (150, 2), (151, 3)):
        page = parsed(site(count)["index.html"])
        assert page.find(".//a[@rel='next']").get("href") == f"pages/{volume}.html"


def test_a_full_volume_changes_only_by_the_link_to_the_next() -> None:
    assert site(101)["pages/1.html"] == site(151)["pages/1.html"]
    assert site(149)["pages/2.html"] == site(120)["pages/2.html"]
    assert b'href="3.html"' not in site(100)["pages/2.html"]


def test_an_entrys_page_says_between_which_moments_it_appeared() -> None:
    assert (
        "Seen first on 2 March 2021, 06:00 UTC; not there on 1 March 2021, 06:00 UTC, when the last complete reading"
        " without it began."
    ) in prose(entry_page(FEED, KITE))


def test_where_no_reading_lacked_the_entry_its_page_claims_no_beginning() -> None:
    text = prose(entry_page(FEED, MELODY))

    assert "Seen first on 1 March 2021, 06:00 UTC; no earlier complete reading of the column lacks it" in text
    assert "not there on" not in text


def test_an_entrys_page_counts_its_revisions() -> None:
    assert "Revision 1: no change of its words has been seen." in prose(entry_page(FEED, KITE))
    assert "Revision 2" in prose(entry_page(FEED, TEA))
    assert "The last change was recorded on 9 April 2021, 06:00 UTC." in prose(entry_page(FEED, TEA))


def test_a_withdrawn_entry_is_marked_wherever_it_stands() -> None:
    assert "Withdrawn." in prose(entry_page(FEED, LANTERN))
    assert "recorded on 1 May 2021, 06:00 UTC" in prose(entry_page(FEED, LANTERN))
    assert "Withdrawn" not in prose(entry_page(FEED, KITE))
    marked = parsed(front_page(FEED, total=4, volumes=0)).xpath("//article[.//*[@class='withdrawn']]/h3/a/text()")
    assert marked == ["The Paper Lantern Question"]


def test_an_entrys_page_tells_where_it_comes_from_and_how_to_cite_it() -> None:
    page = entry_page(FEED, TEA)

    assert parsed(page).find(".//dd/p/a").get("href") == TEA.via
    for told in (TEA.tag_uri, TEA.provenance.attribution, TEA.provenance.suggested, TEA.provenance.listed_at):
        assert told in prose(page)


def test_an_entry_without_an_address_or_an_attribution_still_has_its_page() -> None:
    bare = replace(
        KITE, via=None, excerpt="", commentary="", provenance=replace(KITE.provenance, listed_at=None, attribution="")
    )

    assert "has no address on the web" in prose(entry_page(FEED, bare))
    assert not parsed(entry_page(FEED, bare)).findall(".//blockquote")


@settings(deadline=None)
@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_nothing_that_the_source_writes_becomes_markup(
    title: str, excerpt: str, commentary: str, publication: str
) -> None:
    archived = replace(
        COLUMN["ARCHIVED"][0],
        title=title,
        excerpt=excerpt,
        commentary=commentary,
        publication=publication,
        attribution=title,
    )
    entry = compose_entry(COLUMN["SOURCE"], archived, COLUMN["BASE_URL"])
    page = parsed(entry_page(FEED, entry))

    assert page.find(".//h1").text == entry.title
    assert page.find(".//article/p").text == entry.author
    quoted = [paragraph.text for paragraph in page.findall(".//blockquote/p")]
    assert quoted == [line for line in excerpt.split("\n") if line.strip()]
    assert not page.xpath("//script | //img | //iframe")


def test_a_hostile_column_title_is_text_on_every_page() -> None:
    hostile = replace(FEED, title='</title><script>alert(1)</script>"', language='"><b>')
    for page in (front_page(hostile, 4, 0), entry_page(hostile, KITE)):
        assert not parsed(page).xpath("//script | //b")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_paper_as_wcag_asks(scheme: str) -> None:
    css = stylesheet().decode()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): #(\w{6});", blocks[scheme == "dark"]))

    for paper in ("paper", "wash"):
        for ink in ("ink", "quiet", "seal"):
            assert contrast(colours[paper], colours[ink]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
