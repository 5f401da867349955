"""The pages: readable by people and machines, correct about dates, and safe for any text of the source."""

from __future__ import annotations

import json
import os
import re
import runpy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import feed_walk
from support.settling import Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.current_entries import CurrentEntry
from foreign_eyes.archive.history import Event, History, Revision
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.feeds.compose.change_items import compose_change
from foreign_eyes.feeds.compose.collection_pages import (
    FOREMOST,
    Chart,
    CollectionCount,
    Volume,
    compose_chart,
    count_collections,
)
from foreign_eyes.feeds.compose.entry_pages import EntryPage, compose_entry_page
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import FeedEntry, collection, compose_entry
from foreign_eyes.feeds.publish import Target, publish
from foreign_eyes.feeds.render.html_pages import (
    MERGED,
    changes_page,
    collection_page,
    collections_page,
    entry_page,
    front_page,
    missing_page,
    redirect_page,
    volume_page,
)
from foreign_eyes.feeds.site_map import FEED_FORMATS
from foreign_eyes.listing.text import clean
from foreign_eyes.listing.values import ENTRY_PARTS

DATA = Path(__file__).parent / "data/feeds"
STYLE = (Path(__file__).parents[1] / "feeds/static/style.css").read_text()
# the classes that the stylesheet knows: its selectors are what is outside the braces, but for those of media
STYLED = set(re.findall(r"\.([a-z][a-z-]*)", re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", STYLE, flags=re.DOTALL)))
COLUMN = runpy.run_path(str(DATA / "column.py"))
EDITION: PublicationTarget = COLUMN["EDITION"]
ARCHIVED: tuple[CurrentEntry, ...] = COLUMN["ARCHIVED"]
ENTRIES: tuple[FeedEntry, ...] = COLUMN["ENTRIES"]
KITE, TEA, MELODY, LANTERN = ENTRIES
PUBLICATIONS = count_collections("publication", {"The Harbour Post": 1, "Evening Ledger": 2})
TOPICS = count_collections("topic", {"Kites": 2, "Light & shade": 1})
CHANGES = tuple(compose_change(EDITION, change) for change in COLUMN["CHANGES"])
CHART = compose_chart({"2021-03": 4, "2021-01": 1})
BASE_URL = "https://eyes.example/column/"
BASE_PATH = "/column/"
cleaned = st.text().map(clean)


def revision_of(archived: CurrentEntry, number: int = 1, *, technical: bool = False, **changed: str) -> Revision:
    """Return a revision with the texts of an entry, except `changed` ones, as capture 7 first showed it."""
    texts = {part: getattr(archived, part) for part in ENTRY_PARTS}
    first_seen = archived.first_seen.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Revision(
        *(number, technical, first_seen, archived.seen_at_url, 1, 2, 7, "ab" * 32, "new", None, (), 1),
        texts={**texts, **changed},
        crawl=(first_seen, 3),
    )


def page_of(
    entry: FeedEntry,
    archived: CurrentEntry,
    revisions: Sequence[Revision] = (),
    events: Sequence[Event] = (),
    answers_for: tuple[int, ...] = (),
) -> EntryPage:
    """The page of an entry that was read once, or of one with a history."""
    told = tuple(revisions) or (revision_of(archived),)
    return compose_entry_page(EDITION, entry, History({}, 0, answers_for, told, tuple(events), ()))


def own_page(entry: FeedEntry) -> bytes:
    archived = next(one for one in ARCHIVED if one.entry_id == entry.entry_id)
    return entry_page(EDITION, page_of(entry, archived))


def front(entries: tuple[FeedEntry, ...] = ENTRIES, total: int = 4, chart: Chart = CHART) -> bytes:
    return front_page(EDITION, entries, total, PUBLICATIONS, TOPICS, chart)


GOLDEN = {
    "column.index.html": front,
    "column.entry.html": lambda: own_page(TEA),
    "column.withdrawn.html": lambda: own_page(LANTERN),
    "column.changes.html": lambda: changes_page(EDITION, CHANGES),
    "column.publication.html": lambda: collection_page(EDITION, PUBLICATIONS[1], ENTRIES[:1]),
}
PAGES = {
    "index.html": front,
    "entries/1/index.html": lambda: own_page(KITE),
    "pages/1.html": lambda: volume_page(EDITION, Volume(1, 1, 4, ENTRIES), 2),
    "publications/x/index.html": lambda: collection_page(EDITION, PUBLICATIONS[1], ENTRIES[:1]),
    "topics/x/index.html": lambda: collection_page(EDITION, TOPICS[0], ENTRIES[:1]),
    "publications/index.html": lambda: collections_page(EDITION, "publication", PUBLICATIONS),
    "topics/index.html": lambda: collections_page(EDITION, "topic", ()),
    "changes/index.html": lambda: changes_page(EDITION, CHANGES),
    "404.html": lambda: missing_page(EDITION),
}
EVERY_PAGE = pytest.mark.parametrize("name", PAGES)


def parsed(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page.decode())


def prose(page: bytes) -> str:
    return " ".join(parsed(page).text_content().split())


@pytest.mark.parametrize("name", GOLDEN)
def test_the_pages_of_the_invented_column_match_the_golden_files(name: str) -> None:
    rendered = GOLDEN[name]()
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        (DATA / name).write_bytes(rendered)

    assert rendered == (DATA / name).read_bytes()


# every page


@EVERY_PAGE
def test_every_page_has_language_landmarks_and_headings_in_order(name: str) -> None:
    page = parsed(PAGES[name]())

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
    landmarks = [element.get("aria-label") or element.get("aria-labelledby") for element in page.iter("nav", "section")]
    assert all(landmarks)
    assert len(landmarks) == len(set(landmarks))


@EVERY_PAGE
def test_every_page_links_to_publications_topics_changes_and_datasette_and_marks_its_section(name: str) -> None:
    root = BASE_PATH if name == "404.html" else "../" * name.count("/")
    ways = parsed(PAGES[name]()).findall(".//header//nav//a")

    assert [(way.text, way.get("href")) for way in ways] == [
        ("Publications", f"{root}publications/"),
        ("Topics", f"{root}topics/"),
        ("Changes", f"{root}changes/"),
        ("Query", f"{root}browse/"),
    ]
    folder, _, below = name.partition("/")
    here = {(way.text.lower(), way.get("aria-current")) for way in ways if way.get("aria-current")}
    expected = {(folder, "page" if below == "index.html" else "true")}
    assert here == (expected if folder in ("publications", "topics", "changes") else set())


@EVERY_PAGE
def test_no_page_has_blank_lines_or_links_that_begin_or_end_in_white_space(name: str) -> None:
    page = PAGES[name]()

    assert b"\n\n" not in page
    for link in parsed(page).iter("a", "summary", "h1", "h2", "h3"):
        assert link.text_content() == link.text_content().strip() != ""


@EVERY_PAGE
def test_no_page_runs_a_script_or_fetches_anything_from_elsewhere(name: str) -> None:
    page = parsed(PAGES[name]())
    root = BASE_PATH if name == "404.html" else "../" * name.count("/")

    assert not page.xpath("//script | //style | //img | //iframe | //*[@style] | //@*[starts-with(name(), 'on')]")
    fetched = [link.get("href") for link in page.xpath("//link[@rel='stylesheet' or @rel='icon']")]
    assert fetched == [f"{root}icon.svg", f"{root}icon.png", f"{root}style.css"]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


@EVERY_PAGE
def test_every_page_offers_the_columns_feeds_to_browsers_and_its_own_first(name: str) -> None:
    page = parsed(PAGES[name]())
    offered = [(link.get("type"), link.get("href")) for link in page.iterfind("head/link[@rel='alternate']")]
    root = BASE_PATH if name == "404.html" else "../" * name.count("/")
    column = [(feed_format.media_type, root + feed_format.file) for feed_format in FEED_FORMATS]

    assert offered[-len(column) :] == column
    if name in ("publications/x/index.html", "topics/x/index.html", "changes/index.html"):
        assert len(offered) == 2 * len(column)
        assert len({link.get("title") for link in page.iterfind("head/link[@rel='alternate']")}) == 2 * len(column)


@EVERY_PAGE
def test_links_between_pages_are_relative_except_on_the_404_page(name: str) -> None:
    links = [link.get("href") for link in parsed(PAGES[name]()).xpath("//a[@href]")]
    inside = [link for link in links if link.startswith((BASE_URL, "/"))]

    assert bool(inside) == (name == "404.html")


@EVERY_PAGE
def test_every_class_of_the_pages_has_a_style(name: str) -> None:
    used = {name for names in parsed(PAGES[name]()).xpath("//@class") for name in names.split()}
    unstyled = {"entries"}

    assert used <= STYLED | unstyled


def test_every_styled_class_is_used_by_a_page() -> None:
    told = page_of(LANTERN, ARCHIVED[3], [revision_of(ARCHIVED[3]), revision_of(ARCHIVED[3], technical=True)])
    others = [
        own_page(LANTERN),
        entry_page(EDITION, told),
        redirect_page(EDITION, "entries/1/", MERGED),
        changes_page(EDITION, ()),
    ]
    pages = [render() for render in PAGES.values()] + others
    withdrawal = Event(8, "2021-05-01T06:00:03.000000Z", "withdrawn", True, 100000001, None, ("2021-05-01", 9))
    pages.append(entry_page(EDITION, page_of(LANTERN, ARCHIVED[3], events=[withdrawal])))
    used = {name for page in pages for names in parsed(page).xpath("//@class") for name in names.split()}

    assert used >= STYLED


# the front page


def test_the_front_page_shows_every_entry_in_its_order() -> None:
    page = parsed(front())

    assert [link.text for link in page.iterfind(".//article/h3/a")] == [entry.title for entry in ENTRIES]
    assert [link.get("href") for link in page.iterfind(".//article/h3/a")] == [entry.path for entry in ENTRIES]
    assert [quote.get("cite") for quote in page.iterfind(".//blockquote")] == [entry.via for entry in ENTRIES]
    for shown in ENTRIES:
        for line in (shown.texts.excerpt + "\n" + shown.texts.commentary).split("\n"):
            assert line in page.text_content()


def test_the_front_page_shows_the_urls_of_the_feeds() -> None:
    page = parsed(front())
    links = page.findall(".//section[@class='subscribe']//dd/a")

    assert [link.get("href") for link in links] == [feed_format.file for feed_format in FEED_FORMATS]
    assert [link.text_content() for link in links] == [BASE_URL + link.get("href") for link in links]
    others = [link.get("href") for link in page.iterfind(".//section[@class='subscribe']/p/a")]
    assert others == ["publications/", "topics/", "changes/", "subscriptions.opml"]


def test_entries_are_grouped_by_the_day_they_were_first_seen() -> None:
    headings = [" ".join(one.text_content().split()) for one in parsed(front()).iterfind(".//section[@class='day']/h2")]

    assert headings == ["First seen 2 March 2021", "First seen 1 March 2021 perhaps there long before"]


@pytest.mark.parametrize(("name", "root"), [("index.html", ""), ("404.html", BASE_PATH)])
def test_the_search_box_queries_datasette(name: str, root: str) -> None:
    form = parsed(PAGES[name]()).find(".//form")

    assert (form.get("action"), form.get("method")) == (f"{root}browse/archive/search", "get")
    assert [field.get("name") for field in form.iterfind(".//input")] == ["q"]
    assert form.find("label").get("for") == form.find("input").get("id")


@pytest.mark.parametrize(("browse", "starts"), [("https://data.example/", "https://data.example/"), (None, None)])
def test_pages_link_to_datasette_only_if_there_is_one(browse: str | None, starts: str | None) -> None:
    edition = replace(EDITION, browse=browse)
    for page in (
        front_page(edition, ENTRIES, 4, (), (), CHART),
        entry_page(edition, page_of(KITE, ARCHIVED[0])),
        collection_page(edition, PUBLICATIONS[0], ENTRIES),
        changes_page(edition, CHANGES),
        missing_page(edition),
    ):
        assert bool(parsed(page).xpath("//header//nav//a[text() = 'Query']")) == bool(starts)
        led = [link for link in parsed(page).xpath("//a/@href | //form/@action") if "archive/" in link]
        assert bool(led) == bool(starts)
        assert all(link.startswith(str(starts)) for link in led)


def test_the_front_page_counts_publications_and_topics_and_links_to_them() -> None:
    page = parsed(front())
    told = [" ".join(one.text_content().split()) for one in page.xpath("//div[@class='ways']//ul[@class='counts']/li")]

    assert told == ["Evening Ledger 2", "The Harbour Post 1", "Kites 2", "Light & shade 1"]
    assert page.xpath("//div[@class='ways']//a/@href")[0] == "publications/evening-ledger/"


def test_the_front_page_names_the_largest_and_links_to_the_list_of_all() -> None:
    many = count_collections("topic", {f"Topic {number}": number for number in range(1, 40)})
    ways = parsed(front_page(EDITION, ENTRIES, 4, PUBLICATIONS, many, CHART)).find(".//div[@class='ways']")

    assert len(ways.findall("section[2]/ul/li")) == FOREMOST
    assert [link.text for link in ways.iterfind("section/p/a")] == ["All topics"]


def test_the_front_page_of_entries_without_publication_and_topic_has_no_empty_lists() -> None:
    page = parsed(front_page(EDITION, ENTRIES, 4, (), (), CHART))

    assert not page.xpath("//ul[not(li)] | //div[@class='ways']")


def test_an_entry_that_was_edited_says_so_in_lists_and_leads_to_its_history() -> None:
    (link,) = parsed(front()).xpath("//article/p/a[@class='revised']")

    assert (link.text, link.get("href")) == ("revision 2", f"{TEA.path}#history")
    assert link.xpath("ancestor::article/h3/a/text()") == [TEA.title]
    assert parsed(own_page(TEA)).xpath("//*[@id='history']")


def test_the_chart_has_a_bar_for_each_month_and_says_the_same_in_words() -> None:
    page = parsed(front())
    bars = page.xpath("//*[local-name()='rect']")

    assert [bar.xpath("string(*[local-name()='title'])") for bar in bars] == [
        "January 2021: 1",
        "February 2021: 0",
        "March 2021: 4",
    ]
    heights = [float(bar.get("height")) for bar in bars]
    assert heights[1] == 0 < heights[0] < heights[2]
    assert "By month, January 2021 to March 2021; 4 in the tallest." in prose(front())
    assert [" ".join(one.text_content().split()) for one in page.xpath("//figure//li")] == [
        "January 2021 1",
        "March 2021 4",
    ]


def test_a_chart_of_many_years_has_a_bar_for_each_year_and_all_bars_in_view() -> None:
    page = parsed(front(chart=compose_chart({f"{year}-05": year - 1990 for year in range(2000, 2030)})))
    bars = page.xpath("//*[local-name()='rect']")
    *_, width, height = map(int, page.xpath("string(//*[local-name()='svg']/@*[local-name()='viewbox'])").split())

    assert len(bars) == 30
    assert bars[-1].xpath("string(*[local-name()='title'])") == "2029: 39"
    for bar in bars:
        assert 0 <= float(bar.get("x")) <= width - float(bar.get("width"))
        assert float(bar.get("y")) >= 0
        assert float(bar.get("y")) + float(bar.get("height")) == pytest.approx(height)


def test_entries_of_one_month_give_a_sentence_instead_of_a_chart() -> None:
    single = front(chart=compose_chart({"2021-03": 4}))
    assert "When entries were first seen All in March 2021, so far." in prose(single)
    for page in (single, front(chart=compose_chart({}))):
        assert not parsed(page).xpath("//*[local-name()='svg']")
    assert "When entries were first seen" not in prose(front(chart=compose_chart({})))


def test_the_link_to_older_entries_continues_after_the_front_page() -> None:
    assert parsed(front(total=50)).find(".//a[@rel='next']") is None
    for total, volume in ((51, 1), (100, 1), (101, 2), (151, 3)):
        assert parsed(front(total=total)).find(".//a[@rel='next']").get("href") == f"pages/{volume}.html"


# volumes, publications, topics, changes


def test_a_volume_links_to_its_neighbours() -> None:
    volume = Volume(2, 51, 54, ENTRIES)
    links = {
        link.get("rel"): link.get("href") for link in parsed(volume_page(EDITION, volume, 3)).iterfind(".//nav//a")
    }
    assert (links["prev"], links["next"]) == ("3.html", "1.html")
    last = {link.get("rel") for link in parsed(volume_page(EDITION, volume, 2)).iterfind(".//nav//a")}
    assert "prev" not in last


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "One entry from this publication."), (90, "90 entries from this publication, of which these are the newest.")],
)
def test_a_publications_page_says_how_many_entries_it_has(count: int, said: str) -> None:
    counted = CollectionCount(collection("publication", "The Harbour Post"), count)
    assert said in prose(collection_page(EDITION, counted, ENTRIES[:1]))


def test_empty_lists_say_so() -> None:
    assert "There are none yet. No entry so far has the words of a topic" in prose(
        collections_page(EDITION, "topic", ())
    )
    assert "There are none yet. No entry so far names" in prose(collections_page(EDITION, "publication", ()))
    assert "No change has been seen since this archive began." in prose(changes_page(EDITION, ()))


@pytest.mark.parametrize(
    ("kind", "counted", "said"),
    [("publication", PUBLICATIONS, "Whom the column quotes"), ("topic", TOPICS, "What entries are about")],
)
def test_a_list_has_the_largest_first_and_links_to_each(
    kind: str, counted: tuple[CollectionCount, ...], said: str
) -> None:
    page = collections_page(EDITION, kind, counted)
    told = [
        (*one.text_content().rsplit(" ", 1), one.find("a").get("href"))
        for one in parsed(page).iter("li")
        if one.find("span") is not None
    ]

    assert told == [(one.of.name, str(one.entries), f"../{one.of.path}") for one in counted]
    assert said in prose(page)


def test_a_change_is_shown_with_event_time_and_both_texts() -> None:
    page = parsed(changes_page(EDITION, CHANGES))
    told = [" ".join(one.text_content().split()) for one in page.xpath("//article/p[@class='when']")]

    assert told == [
        "Link changed 4 May 2021, 06:00 UTC",
        "Link changed 3 May 2021, 06:00 UTC",
        "Returned 2 May 2021, 06:00 UTC",
        "Withdrawn 1 May 2021, 06:00 UTC",
        "Edited 9 April 2021, 06:00 UTC",
        "Link changed 8 March 2021, 06:00 UTC",
    ]
    edit = page.get_element_by_id("change-5")
    assert edit.xpath(".//h2/a/@href") == [f"../{TEA.path}"]
    assert [one.text for one in edit.iter("dt")] == ["Excerpt", "Commentary"]
    assert [one.text for one in edit.iter("del")] == ["chest <it> is on"]
    assert [one.text.strip() for one in edit.iter("ins")] == ["now", "mark on the chest"]
    withdrawn = page.get_element_by_id("change-6")
    assert "no longer found this entry" in withdrawn.text_content()
    assert withdrawn.findtext(".//blockquote/p") == LANTERN.texts.excerpt


def test_a_changed_link_is_shown_as_text_without_a_link() -> None:
    page = parsed(changes_page(EDITION, CHANGES))
    told = [
        [" ".join(one.text_content().split()) for one in page.get_element_by_id(f"change-{number}").iter("dt", "dd")]
        for number in (4, 8, 9)
    ]

    search, hostile = "Patent Search (https://search.example/?a=1&b=2)", "Patent <Search> (javascript:alert('search'))"
    assert told == [["Added", search], ["Before", search, "After", hostile], ["Removed", hostile]]
    assert not page.xpath("//a[starts-with(@href, 'javascript:')]")


def test_the_page_of_a_merged_id_redirects_without_a_script() -> None:
    page = parsed(redirect_page(EDITION, "entries/123456789/", MERGED))

    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=../../entries/123456789/"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE_URL}entries/123456789/"]
    assert page.xpath("//a/@href") == ["../../entries/123456789/"]


# an entry's own page


def test_an_entrys_page_shows_the_interval_in_which_it_appeared() -> None:
    page = own_page(KITE)

    assert "First seen 2 March 2021 not before 1 March 2021" in prose(page)
    assert "Not before 1 March 2021, 06:00 UTC when the last complete reading of the column without it began" in prose(
        page
    )
    assert "First seen 2 March 2021, 06:00 UTC It appeared at some time between the two" in prose(page)
    moments = parsed(page).xpath("//section[@class='provenance']//time/@datetime")
    in_feeds = "2021-03-02T06:00:01+00:00"
    assert moments == ["2021-03-01T06:00:00+00:00", "2021-03-02T06:00:01+00:00", in_feeds]


def test_without_a_crawl_that_lacked_the_entry_its_page_shows_no_begin_of_the_interval() -> None:
    text = prose(own_page(MELODY))

    assert "First seen 1 March 2021 perhaps there long before" in text
    assert "Not before Not known the first complete crawl already had it" in text
    assert "between the two" not in text


def test_an_entrys_page_names_the_capture_that_showed_it() -> None:
    text = prose(own_page(KITE))

    assert "page 1, place 2" in text
    assert "7 of https://office.example/column/index.htm" in text
    assert "ab" * 32 in text
    assert parsed(own_page(KITE)).xpath("//dl[@class='capture']//a/@href") == [
        f"../../browse/captures/{'ab' * 32}/about",
        KITE.listed_at,
    ]


def test_a_withdrawn_entry_is_marked_on_every_page() -> None:
    assert "Withdrawn." in prose(own_page(LANTERN))
    assert "recorded on 1 May 2021, 06:00 UTC" in prose(own_page(LANTERN))
    assert "Withdrawn" not in prose(own_page(KITE))
    marked = parsed(front()).xpath("//article[.//*[@class='withdrawn']]/h3/a/text()")
    assert marked == ["The Paper Lantern Question"]


def test_an_entrys_page_shows_source_topics_and_citations() -> None:
    page = own_page(KITE)

    assert parsed(page).xpath("//section[@class='provenance']//a/@href") == [
        KITE.via,
        f"../../browse/archive/entries/{KITE.entry_id}",
        f"../../browse/archive/entry_history?entry_id={KITE.entry_id}",
    ]
    assert parsed(page).xpath("//ul[@class='topics']//a/@href") == ["../../topics/kites/"]
    assert parsed(page).xpath("//p[starts-with(@class, 'from')]/a/@href") == ["../../publications/the-harbour-post/"]
    cited = page_of(KITE, ARCHIVED[0]).citations
    for told in (KITE.tag_uri, KITE.texts.attribution, cited.plain):
        assert told in prose(page)
    assert [one.text for one in parsed(page).iterfind(".//pre")] == [cited.bibtex, cited.csl_json]
    assert parsed(page).xpath("//details[pre]/summary/text()") == ["BibTeX", "CSL-JSON"]


@settings(deadline=None)
@given(title=cleaned, publication=cleaned)
def test_citations_can_be_copied_from_the_page(title: str, publication: str) -> None:
    archived = replace(ARCHIVED[0], title=title, publication=publication)
    composed = compose_entry(EDITION, archived)
    page = parsed(entry_page(EDITION, page_of(composed, archived)))
    bibtex, csl_json = (one.text for one in page.iterfind(".//pre"))

    assert bibtex.count("{") == bibtex.count("}")
    assert json.loads(csl_json)[0]["title"] == composed.title
    assert page.find(".//p[@class='copy']").text_content().endswith(f"Archived at {composed.alternate}")


def test_a_page_without_topics_has_no_empty_list_and_one_of_a_merged_entry_names_the_other_ids() -> None:
    plain = own_page(TEA)
    assert not parsed(plain).xpath("//ul[@class='topics'] | //ul[not(li)]")
    assert "also answers for" not in prose(plain)

    merged = entry_page(EDITION, page_of(TEA, ARCHIVED[1], answers_for=(500000005, 600000006)))
    assert "It also answers for 500000005, 600000006, which turned out to be the same entry." in prose(merged)


def test_an_entry_without_a_url_or_an_attribution_has_a_page() -> None:
    archived = replace(ARCHIVED[0], seen_at_url="", excerpt="", commentary="", attribution="")
    page = entry_page(EDITION, page_of(compose_entry(EDITION, archived), archived))

    assert "has no address on the web" in prose(page)
    assert "Attributed as" not in prose(page)
    assert not parsed(page).findall(".//blockquote")


def test_a_single_revision_is_not_repeated_in_the_history() -> None:
    history = parsed(own_page(KITE)).find(".//section[@class='history']")

    assert "The text is above." in history.text_content()
    assert "Struck through" not in history.text_content()
    assert not history.findall(".//dl[@class='parts']")


def test_a_revision_by_a_newer_parser_is_marked_as_technical() -> None:
    revisions = [
        revision_of(ARCHIVED[0], commentary="Kites <flew> first."),
        revision_of(ARCHIVED[0], technical=True, commentary="Kites <flew>."),
        revision_of(ARCHIVED[0], 2),
    ]
    history = parsed(entry_page(EDITION, page_of(KITE, ARCHIVED[0], revisions))).find(".//section[@class='history']")

    assert [one.text for one in history.iter("h3")] == ["Revision 1", "Revision 1, read anew", "Revision 2"]
    anew = history.find(".//li[@class='revision technical']").text_content()
    assert "The page said the same; a newer version of this archive reads it otherwise." in anew
    assert "Removed words are struck through" in history.text_content()


@pytest.fixture
def revised(tmp_path: Path) -> Iterator[tuple[Column, Path]]:
    """A published column with an entry of three revisions that was gone for a while."""
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        other = entry("Bears")
        column.crawl(listing(entry("Apples", commentary="They <serve> one."), other))
        column.crawl(listing(entry("Apples", commentary="They <serve> all."), other))
        for _ in range(2):
            column.crawl(listing(other))
        column.crawl(listing(entry("Apples", commentary="They <serve> all, it says."), other))
        publish(db, column.source, Target(tmp_path / "public", BASE_URL))
        yield column, tmp_path / "public"


def test_the_history_shows_each_revision_with_its_diff_and_the_events_between(
    revised: tuple[Column, Path],
) -> None:
    column, public = revised
    page = parsed((public / f"entries/{column.ids()['Apples']}/index.html").read_bytes())
    history = page.find(".//section[@class='history']")

    assert [" ".join(one.text_content().split()) for one in history.iterfind(".//h3")] == [
        *("Revision 1", "Revision 2", "Withdrawn", "Returned", "Revision 3")
    ]
    assert [one.text for one in history.iter("del")] == ["one"]
    assert [one.text for one in history.iter("ins")] == ["all", ", it says"]
    assert "They <serve> one." in history.text_content(), "nobody could read the first wording elsewhere"
    assert len(set(history.xpath(".//dt[. = 'SHA-256']/following-sibling::dd/code/text()"))) == 3


def test_the_feed_of_changes_links_to_existing_anchors(revised: tuple[Column, Path]) -> None:
    _, public = revised
    for change in feed_walk.walk_atom(public, BASE_URL, "changes.xml"):
        assert change["title"].startswith(("Edited", "Withdrawn", "Returned"))
    links = re.findall(
        rf'rel="alternate" type="text/html" href="{BASE_URL}([^"]+#[^"]+)"', (public / "changes.xml").read_text()
    )
    assert len(links) == 4
    for link in links:
        path, _, anchor = link.partition("#")
        assert parsed((public / path / "index.html").read_bytes()).xpath(f"//*[@id='{anchor}']")


def test_the_page_of_a_merged_id_links_to_the_surviving_entry(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(entry("Apples"), entry("Bears")))
        ids = column.ids()
        at = column.today + timedelta(hours=1)
        rebuild(
            db,
            LineParser(),
            at=at,
            authority="example.org,2026",
            prepare=lambda copy: merge(copy, ids["Apples"], ids["Bears"], at),
        )
        publish(db, column.source, Target(tmp_path / "public", BASE_URL))
    entries = tmp_path / "public/entries"
    merged = parsed((entries / f"{ids['Bears']}/index.html").read_bytes())

    assert merged.xpath("//a/@href") == [f"../../entries/{ids['Apples']}/"]
    assert f"It also answers for {ids['Bears']}" in prose((entries / f"{ids['Apples']}/index.html").read_bytes())


# whatever the source writes


@settings(deadline=None)
@given(title=cleaned, excerpt=cleaned, commentary=cleaned, publication=cleaned)
def test_nothing_that_the_source_writes_becomes_markup(
    title: str, excerpt: str, commentary: str, publication: str
) -> None:
    archived = replace(
        ARCHIVED[0],
        title=title,
        excerpt=excerpt,
        commentary=commentary,
        publication=publication,
        attribution=title,
    )
    composed = compose_entry(EDITION, archived)
    page = parsed(entry_page(EDITION, page_of(composed, archived)))

    assert page.find(".//h1").text == composed.title
    assert page.xpath("//article//p[starts-with(@class, 'from')]")[0].text_content() == composed.author
    quoted = [paragraph.text for paragraph in page.findall(".//blockquote/p")]
    assert quoted == [line for line in excerpt.split("\n") if line.strip()]
    assert not page.xpath("//script | //img | //iframe")


def test_a_hostile_column_title_is_text_on_every_page() -> None:
    source = replace(EDITION.source, title='</title><script>alert(1)</script>"', language='"><b>')
    hostile = replace(EDITION, source=source)
    for page in (
        front_page(hostile, ENTRIES, 4, PUBLICATIONS, TOPICS, CHART),
        entry_page(hostile, page_of(KITE, ARCHIVED[0])),
        collection_page(hostile, PUBLICATIONS[0], ENTRIES),
        redirect_page(hostile, "entries/1/", MERGED),
    ):
        assert not parsed(page).xpath("//script | //b")


def test_a_hostile_name_of_a_publication_is_text_and_changes_no_link() -> None:
    hostile = CollectionCount(collection("publication", '"><script>alert(1)</script>/../..'), 1)
    for page in (
        collection_page(EDITION, hostile, ENTRIES),
        collections_page(EDITION, "publication", [hostile]),
        front_page(EDITION, ENTRIES, 4, [hostile], (), CHART),
    ):
        assert not parsed(page).xpath("//script")
    assert re.fullmatch(r"publications/[a-z0-9-]+/", hostile.of.path)


# looks


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_background_have_the_contrast_of_wcag(scheme: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
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


@pytest.mark.parametrize("count", [1, 50, 51, 120])
def test_every_entry_can_be_reached_from_the_front_page_and_no_link_dangles(tmp_path: Path, count: int) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(*(entry(f"Title {number}") for number in range(count))))
        publish(db, column.source, Target(tmp_path / "public", BASE_URL))
    public = tmp_path / "public"
    reached = feed_walk.reached(public, BASE_URL, ["index.html"])

    assert feed_walk.dangling_links(public, BASE_URL) == []
    pages = {path.relative_to(public).as_posix() for path in public.rglob("*.html")} - {"404.html"}
    assert pages <= reached


@pytest.mark.parametrize("learnt", [timedelta(0), timedelta(days=300)], ids=["as minted", "after an import"])
def test_an_entrys_page_shows_the_date_in_feeds_beside_the_interval(learnt: timedelta) -> None:
    told = replace(TEA, first_seen=TEA.published - learnt, not_before=None)
    page = " ".join(lxml.html.fromstring(own_page(told)).text_content().split())
    assert "Date in feeds" in page
    assert ("Captures that were imported later show the entry earlier" in page) == bool(learnt)
