"""Composing: the content of feeds and pages, without a clock."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreign_eyes.archive.feed_state.current_entries import CurrentEntry
from foreign_eyes.archive.feed_state.feed_log import LoggedEntry
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.compose.collection_pages import (
    compose_chart,
    count_collections,
    count_volumes,
    older_volume,
    volume_of,
    volume_span,
)
from foreign_eyes.feeds.compose.feeds import (
    NEWEST,
    Feed,
    compose_archive_document,
    compose_beginning,
    compose_collection_feed,
    compose_column_feed,
)
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.sentences import day, month, one_line, opening
from foreign_eyes.feeds.compose.shown_entries import FeedEntry, collection, compose_entry
from foreign_eyes.feeds.published_urls import normal_base_url, quoting, web_address
from foreign_eyes.feeds.site_map import ATOM, FEED_FORMATS, RSS
from foreign_eyes.listing.text import clean

COLUMN = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))
SOURCE: Source = COLUMN["SOURCE"]
BASE_URL: str = COLUMN["BASE_URL"]
EDITION: PublicationTarget = COLUMN["EDITION"]
KITE: CurrentEntry = COLUMN["ARCHIVED"][0]
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def many(count: int) -> list[CurrentEntry]:
    """Entries a minute apart, newest first."""
    start = datetime(2021, 1, 1, tzinfo=UTC)
    dates = [start + timedelta(minutes=number) for number in range(count)]
    numbered = [
        replace(KITE, entry_id=number, tag_uri=f"tag:x,2026:{number}", feed_date=date, updated=date)
        for number, date in enumerate(dates, start=1)
    ]
    return numbered[::-1]


def composed(entries: list[CurrentEntry]) -> list[FeedEntry]:
    return [compose_entry(EDITION, entry) for entry in entries]


def column_feed(entries: list[CurrentEntry], edition: PublicationTarget = EDITION) -> Feed:
    return compose_column_feed(edition, [compose_entry(edition, entry) for entry in entries], 0)


def test_an_entry_has_the_values_of_the_archive() -> None:
    entry = compose_entry(EDITION, KITE)

    assert entry.tag_uri == KITE.tag_uri
    assert entry.title == "A kite that <steers> itself & lands"
    assert entry.author == "The Harbour Post"
    assert entry.publication == collection("publication", "The Harbour Post")
    assert (entry.texts.excerpt, entry.texts.commentary) == (KITE.excerpt, KITE.commentary)
    assert entry.alternate == "https://eyes.example/column/entries/400000004/"
    assert (entry.published, entry.updated) == (KITE.feed_date, KITE.updated)
    assert (entry.not_before, entry.first_seen, entry.withdrawn_at) == (KITE.not_before, KITE.first_seen, None)


def test_the_link_to_the_source_quotes_the_first_words() -> None:
    entry = compose_entry(EDITION, KITE)

    assert entry.via == (
        "https://office.example/column/index.htm#:~:text=A%20kite%20with%20a%20mind%20of%20its%20own%2C"
    )
    assert entry.listed_at == "https://office.example/column/index.htm"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "", "http://", "http://[", "index.htm"]
)
def test_a_url_that_is_not_http_is_never_linked(address: str) -> None:
    entry = compose_entry(EDITION, replace(KITE, seen_at_url=address))

    assert entry.via is None
    assert entry.listed_at is None


def test_a_link_to_the_source_has_no_character_that_ends_an_attribute() -> None:
    assert web_address('http://a.example/"><script>\u4e2d %20\ud800') == (
        "http://a.example/%22%3E%3Cscript%3E%E4%B8%AD%20%20?"
    )


def test_a_link_to_the_source_has_its_host_as_dns_has_it() -> None:
    assert web_address("http://bücher.example/ü") == "http://xn--bcher-kva.example/%C3%BC"


def test_a_text_fragment_quotes_its_syntax_and_is_appended_to_an_existing_fragment() -> None:
    assert quoting("http://a.example/#top", "a-b, c & d") == "http://a.example/#top:~:text=a%2Db%2C%20c%20%26%20d"
    assert quoting("http://a.example/", "") == "http://a.example/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two three four five six seven eight nine", "one two three four five six seven eight"),
        ("\n  \nfirst  line\nsecond", "first line"),
        ("no\u00a0break stays", "no\u00a0break stays"),
        ("中" * 200, "中" * 80),
        ("short " + "x" * 90, "short"),
        ("", ""),
    ],
)
def test_an_opening_is_a_few_whole_words_of_the_first_line(text: str, words: str) -> None:
    assert opening(text) == words


@pytest.mark.parametrize(
    ("attribution", "publication", "excerpt", "title"),
    [
        ("——Who Owns a Melody? The Quarterly", None, "x", "Who Owns a Melody? The Quarterly"),
        ("—— — Odd, CNN", "CNN", "x", "Odd, CNN"),
        ("——, by CNN", "CNN", "x", "Untitled, from CNN"),
        (
            "——",
            None,
            "Nobody knows\u202e who wrote this line of a song that",
            "Untitled: “Nobody knows who wrote this line of a …”",
        ),
        ("——by", None, "", "Untitled entry 400000004"),
        ("——\u200b", None, "", "Untitled entry 400000004"),
        ("", None, "", "Untitled entry 400000004"),
    ],
)
def test_an_untitled_entry_gets_a_title_from_its_other_texts(
    attribution: str, publication: str | None, excerpt: str, title: str
) -> None:
    untitled = replace(KITE, title=None, attribution=attribution, publication=publication, excerpt=excerpt)
    entry = compose_entry(EDITION, untitled)

    assert entry.title == title
    assert entry.citation.publication is None


@pytest.mark.parametrize("title", ["", " \n", "\u200b", BIDI])
def test_an_invisible_title_counts_as_missing(title: str) -> None:
    assert compose_entry(EDITION, replace(KITE, title=title, attribution="——A line")).title == "A line"


def test_an_unknown_publication_gets_no_invented_name() -> None:
    entry = compose_entry(EDITION, replace(KITE, publication=None))

    assert entry.author == "Publication not identified"
    assert entry.publication is None


@settings(deadline=None)
@given(title=st.text(), publication=st.text())
def test_titles_and_authors_are_visible_single_lines_without_bidi_controls(title: str, publication: str) -> None:
    hostile = replace(KITE, title=clean(BIDI + title), publication=clean(publication + BIDI))
    entry = compose_entry(EDITION, hostile)

    for text in (entry.title, entry.author):
        assert text.strip() == text != ""
        assert not set(text) & set(BIDI)
        assert len(text.splitlines()) == 1


def test_an_entry_names_its_topics_in_their_order() -> None:
    entry = compose_entry(EDITION, KITE, {"Wind", "Kites & toys"})

    assert [(topic.name, topic.path) for topic in entry.topics] == [
        ("Kites & toys", collection("topic", "Kites & toys").path),
        ("Wind", "topics/wind/"),
    ]


def test_a_feed_lists_the_newest_entries_first() -> None:
    entries = many(NEWEST)
    feed = column_feed(entries[::-1])

    assert [item.tag_uri for item in feed.items] == [entry.tag_uri for entry in entries]


def test_a_feed_is_dated_by_its_newest_change() -> None:
    revised_at = datetime(2021, 6, 1, tzinfo=UTC)
    archived = many(3)
    archived[2] = replace(archived[2], updated=revised_at, revision=2)

    assert column_feed(archived).updated == revised_at


def test_no_id_changes_with_the_base_url() -> None:
    here = column_feed(many(2))
    there = column_feed(many(2), replace(EDITION, base_url="https://moved.example/"))

    assert here.feed_id == there.feed_id == "tag:eyes.example,2026:made-up/feed"
    assert [item.tag_uri for item in here.items] == [item.tag_uri for item in there.items]


def test_a_withdrawal_changes_nothing_that_feeds_show() -> None:
    withdrawn = replace(KITE, withdrawn_at=datetime(2021, 6, 1, tzinfo=UTC))

    assert column_feed([withdrawn]) == column_feed([KITE])


def test_with_tombstones_a_tombstone_replaces_a_withdrawn_entry() -> None:
    withdrawn_at = datetime(2021, 6, 1, tzinfo=UTC)
    entries = many(2)
    feed = column_feed([entries[0], replace(entries[1], withdrawn_at=withdrawn_at)], replace(EDITION, tombstones=True))

    assert [item.tag_uri for item in feed.items] == [entries[0].tag_uri]
    assert [(one.tag_uri, one.at) for one in feed.tombstones] == [(entries[1].tag_uri, withdrawn_at)]
    assert feed.updated == withdrawn_at


def test_a_source_without_a_title_is_shown_by_its_name() -> None:
    feed = column_feed(many(1), replace(EDITION, source=replace(SOURCE, title="\x00 ", language="")))

    assert feed.title == "made-up"
    assert feed.language == "en"


def test_the_feed_links_to_the_newest_archive_document_and_each_to_the_one_before() -> None:
    feed = compose_column_feed(EDITION, composed(many(1)), documents=2)
    documents = [compose_archive_document(EDITION, number, [logged(KITE)]) for number in (1, 2)]

    assert feed.previous == documents[1].urls
    assert documents[1].previous == documents[0].urls
    beginning = compose_beginning(EDITION, KITE.feed_date)
    assert documents[0].previous == beginning.urls
    assert (beginning.previous, beginning.following) == (None, documents[0].urls)
    assert (beginning.items, list(beginning.urls)) == ((), [ATOM])
    assert documents[0].current == documents[1].current == beginning.current == feed.urls
    assert feed.current is None
    assert RSS not in documents[0].urls


def test_without_a_full_archive_document_the_feed_links_to_none() -> None:
    assert column_feed(many(49)).previous is None


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "index.htm"])
def test_a_column_without_an_http_url_has_no_link_to_the_source(url: str) -> None:
    assert column_feed(many(1), replace(EDITION, source=replace(SOURCE, url=url))).source_url is None


def test_a_feed_has_rights_an_icon_and_a_logo() -> None:
    feed = column_feed(many(1))

    assert (
        feed.rights == "Excerpts belong to the publications named with them, commentary to the publisher of the column."
    )
    assert (feed.icon, feed.logo) == (f"{BASE_URL}icon.png", f"{BASE_URL}logo.png")
    assert feed.source_url == SOURCE.url
    assert (feed.column.feed_id, feed.column.home) == (feed.feed_id, feed.home)


def test_every_feed_except_archive_documents_names_the_hub() -> None:
    edition = replace(EDITION, hub="https://hub.example/")
    entries = [compose_entry(edition, entry) for entry in many(1)]

    assert compose_column_feed(edition, entries, 1).hub == edition.hub
    assert compose_collection_feed(edition, collection("topic", "Wind"), entries).hub == edition.hub
    assert compose_beginning(edition, KITE.feed_date).hub is None


def logged(entry: CurrentEntry, at: datetime | None = None) -> LoggedEntry:
    return LoggedEntry(1, at or entry.feed_date, entry)


def test_an_archive_document_dates_each_event_and_has_no_topics_and_no_hub() -> None:
    at = datetime(2021, 3, 5, tzinfo=UTC)
    document = compose_archive_document(replace(EDITION, hub="https://hub.example/"), 1, [logged(KITE, at)])

    (item,) = document.items
    assert (item.updated, document.updated, item.published) == (at, at, KITE.feed_date)
    assert [one.kind for one in item.collections] == ["publication"]
    assert document.hub is None
    assert document.feed_id == column_feed(many(1)).feed_id


@pytest.mark.parametrize(
    ("kind", "path"), [("publication", "publications/the-harbour-post/"), ("topic", "topics/wind/")]
)
def test_a_publication_and_a_topic_have_feeds_of_their_own(kind: str, path: str) -> None:
    of = collection(kind, "The Harbour Post" if kind == "publication" else "Wind")  # type: ignore[arg-type]
    feed = compose_collection_feed(EDITION, of, composed(many(2)))

    assert feed.home == BASE_URL + path
    assert feed.feed_id == f"tag:eyes.example,2026:made-up/{path.rstrip('/')}"
    assert feed.title == f"{of.name} – A Made-up Column"
    assert feed.subtitle.startswith(
        f"{'From' if kind == 'publication' else 'On'} {of.name} only: what the foreign press"
    )
    assert feed.urls == {one: f"{BASE_URL}{path}{one.file}" for one in FEED_FORMATS}
    assert feed.column.feed_id == "tag:eyes.example,2026:made-up/feed"
    assert (feed.previous, feed.current) == (None, None)


@pytest.mark.parametrize(
    ("total", "volumes", "older"), [(1, 0, None), (50, 0, None), (51, 2, 1), (100, 2, 1), (101, 3, 2), (151, 4, 3)]
)
def test_volumes_exist_only_if_the_front_page_does_not_show_all_entries(
    total: int, volumes: int, older: int | None
) -> None:
    assert (count_volumes(total), older_volume(total)) == (volumes, older)


def test_volumes_hold_every_entry_once_counted_from_the_oldest() -> None:
    spans = [volume_span(number, 120) for number in range(1, count_volumes(120) + 1)]

    assert spans == [(1, 50), (51, 100), (101, 120)]
    assert all(volume_of(n) == number for number, (first, last) in enumerate(spans, 1) for n in (first, last))


def test_the_chart_has_a_bar_a_month_without_a_gap() -> None:
    chart = compose_chart({"2021-03": 4, "2020-12": 2})

    assert chart.unit == "month"
    assert [(bar.label, bar.entries, bar.height) for bar in chart.bars] == [
        ("December 2020", 2, 0.5),
        ("January 2021", 0, 0),
        ("February 2021", 0, 0),
        ("March 2021", 4, 1),
    ]


def test_the_chart_of_many_months_goes_by_years() -> None:
    chart = compose_chart({"2018-01": 1, "2018-02": 2, "2021-12": 6})

    assert chart.unit == "year"
    assert [(bar.label, bar.entries) for bar in chart.bars] == [("2018", 3), ("2019", 0), ("2020", 0), ("2021", 6)]
    assert compose_chart({}).bars == ()


def test_collections_are_listed_with_counts_the_largest_first() -> None:
    counted = count_collections("publication", {"b": 1, "A": 1, "c": 3})

    assert [(one.of.name, one.entries) for one in counted] == [("c", 3), ("A", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("given_url", "normal"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/feeds", "https://a.example/feeds/"),
        (" http://127.0.0.1:8001// ", "http://127.0.0.1:8001/"),
        ("HTTPS://a.example/a b/", "https://a.example/a%20b/"),
        ("https://例え.テスト:8080/道", "https://xn--r8jz45g.xn--zckzah:8080/%E9%81%93/"),
        ("https://b%C3%BCcher.example/", "https://xn--bcher-kva.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("http://[2001:db8::1]:8080/eyes", "http://[2001:db8::1]:8080/eyes/"),
    ],
)
def test_a_base_url_ends_in_one_slash_and_has_its_host_as_dns_has_it(given_url: str, normal: str) -> None:
    assert normal_base_url(given_url) == normal


@pytest.mark.parametrize(
    "url",
    ["", "a.example", "ftp://a.example/", "javascript:alert(1)", "https://", "https://a.example/?q", "https://a.example/#f",
     "https://me:secret@a.example/", "https://a.example:port/", "http://[", "http://tow\N{RIGHT-TO-LEFT OVERRIDE}n.example/"],
)  # fmt: skip
def test_an_invalid_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        normal_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@a.example/",
        "me:s3cret@a.example/",
        "ftp://me:s3cret@a.example",
        "https://me:s3cret@a.example/?u=http://b",
    ],
)
def test_a_password_in_a_base_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="user name or password") as refused:
        normal_base_url(url)
    assert "s3cret" not in str(refused.value)


def test_a_day_is_in_utc_and_in_english_whatever_the_locale() -> None:
    assert day(datetime(2021, 3, 1, 23, 30, tzinfo=UTC)) == "1 March 2021"
    assert day(datetime.fromisoformat("2026-12-31T23:30:00-05:00")) == "1 January 2027"


def test_a_month_is_in_english() -> None:
    assert month("2021-03") == "March 2021"


@settings(deadline=None)
@given(st.text())
def test_one_line_is_stable(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)
