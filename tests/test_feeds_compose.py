"""Composing: what readers are told of an entry, decided once and without a clock."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.query import CurrentEntry
from archive.text import clean
from archive.values import Source
from feeds.addresses import normal_base_url, quoting, web_address
from feeds.compose import NEWEST, compose_entry, compose_feed, compose_volumes, day, opening

COLUMN = runpy.run_path(str(Path(__file__).parent / "data/feeds/column.py"))
SOURCE: Source = COLUMN["SOURCE"]
BASE_URL: str = COLUMN["BASE_URL"]
AUTHORITY: str = COLUMN["AUTHORITY"]
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


def composed(entries: list[CurrentEntry]) -> list:
    return [compose_entry(SOURCE, entry, BASE_URL) for entry in entries]


def test_an_entry_says_what_the_archive_knows() -> None:
    entry = compose_entry(SOURCE, KITE, BASE_URL)

    assert entry.tag_uri == KITE.tag_uri
    assert entry.title == "A kite that <steers> itself & lands"
    assert entry.author == "The Harbour Post"
    assert entry.categories == ("The Harbour Post",)
    assert (entry.excerpt, entry.commentary) == (KITE.excerpt, KITE.commentary)
    assert entry.alternate == "https://eyes.example/column/entries/400000004/"
    assert (entry.published, entry.updated) == (KITE.feed_date, KITE.updated)
    assert entry.provenance.suggested == (
        "“A kite that <steers> itself & lands”, The Harbour Post. Excerpt in “A Made-up Column”, first seen there on"
        " 2 March 2021. Archived at https://eyes.example/column/entries/400000004/"
    )


def test_the_way_to_the_source_quotes_the_first_words() -> None:
    entry = compose_entry(SOURCE, KITE, BASE_URL)

    assert entry.via == (
        "https://office.example/column/index.htm#:~:text=A%20kite%20with%20a%20mind%20of%20its%20own%2C"
    )
    assert entry.provenance.listed_at == "https://office.example/column/index.htm"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "", "http://", "http://[", "index.htm"]
)
def test_an_address_that_is_not_of_the_web_is_never_linked(address: str) -> None:
    entry = compose_entry(SOURCE, replace(KITE, seen_at_url=address), BASE_URL)

    assert entry.via is None
    assert entry.provenance.listed_at is None


def test_a_link_to_the_source_carries_nothing_that_ends_an_attribute() -> None:
    assert web_address('http://a.example/"><script>\u4e2d %20\ud800') == (
        "http://a.example/%22%3E%3Cscript%3E%E4%B8%AD%20%20?"
    )


def test_a_text_fragment_quotes_its_own_syntax_and_joins_a_fragment_that_is_there() -> None:
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
def test_an_untitled_entry_is_named_after_what_is_known(
    attribution: str, publication: str | None, excerpt: str, title: str
) -> None:
    untitled = replace(KITE, title=None, attribution=attribution, publication=publication, excerpt=excerpt)
    entry = compose_entry(SOURCE, untitled, BASE_URL)

    assert entry.title == title
    assert entry.citation.publication is None


@pytest.mark.parametrize("title", ["", " \n", "\u200b", BIDI])
def test_a_title_that_nobody_could_see_counts_as_none(title: str) -> None:
    assert compose_entry(SOURCE, replace(KITE, title=title, attribution="——A line"), BASE_URL).title == "A line"


def test_where_the_publication_is_unknown_no_name_is_made_up() -> None:
    entry = compose_entry(SOURCE, replace(KITE, publication=None), BASE_URL)

    assert entry.author == "Publication not identified"
    assert entry.categories == ()


@given(title=st.text(), publication=st.text())
def test_titles_and_authors_are_visible_single_lines_without_bidi_controls(title: str, publication: str) -> None:
    hostile = replace(KITE, title=clean(BIDI + title), publication=clean(publication + BIDI))
    entry = compose_entry(SOURCE, hostile, BASE_URL)

    for text in (entry.title, entry.author):
        assert text.strip() == text != ""
        assert not set(text) & set(BIDI)
        assert len(text.splitlines()) == 1


def test_a_feed_has_the_newest_fifty_newest_first_however_they_come() -> None:
    entries = composed(many(60))
    feed = compose_feed(SOURCE, entries[::-1], BASE_URL, AUTHORITY)

    assert len(feed.entries) == NEWEST == 50
    assert list(feed.entries) == entries[:50]


def test_a_feed_is_as_new_as_its_newest_change() -> None:
    revised_at = datetime(2021, 6, 1, tzinfo=UTC)
    archived = many(3)
    archived[2] = replace(archived[2], updated=revised_at, revision=2)

    assert compose_feed(SOURCE, composed(archived), BASE_URL, AUTHORITY).updated == revised_at


def test_no_id_changes_with_the_base_url() -> None:
    here = compose_feed(SOURCE, composed(many(2)), BASE_URL, AUTHORITY)
    elsewhere = [compose_entry(SOURCE, entry, "https://moved.example/") for entry in many(2)]
    there = compose_feed(SOURCE, elsewhere, "https://moved.example/", AUTHORITY)

    assert here.feed_id == there.feed_id == "tag:eyes.example,2026:made-up/feed"
    assert [entry.tag_uri for entry in here.entries] == [entry.tag_uri for entry in there.entries]


def test_a_withdrawal_changes_nothing_that_feeds_show() -> None:
    listed = compose_entry(SOURCE, KITE, BASE_URL)
    withdrawn = compose_entry(SOURCE, replace(KITE, withdrawn_at=datetime(2021, 6, 1, tzinfo=UTC)), BASE_URL)

    assert replace(withdrawn, provenance=listed.provenance) == listed


def test_a_source_without_a_title_goes_by_its_name() -> None:
    feed = compose_feed(replace(SOURCE, title="\x00 ", language=""), composed(many(1)), BASE_URL, AUTHORITY)

    assert feed.title == "made-up"
    assert feed.language == "en"


@pytest.mark.parametrize("count", [1, 50])
def test_what_the_front_page_shows_whole_needs_no_volumes(count: int) -> None:
    assert compose_volumes(composed(many(count))) == []


def test_volumes_hold_every_entry_once_counted_from_the_oldest() -> None:
    volumes = compose_volumes(composed(many(120)))

    assert [(volume.number, volume.first, volume.last) for volume in volumes] == [
        (1, 1, 50),
        (2, 51, 100),
        (3, 101, 120),
    ]
    shown = [int(entry.tag_uri.rpartition(":")[2]) for volume in volumes for entry in volume.entries[::-1]]
    assert shown == list(range(1, 121))


def test_a_full_volume_stays_as_it_is_when_entries_arrive() -> None:
    before, after = compose_volumes(composed(many(101))), compose_volumes(composed(many(149)))

    assert before[:2] == after[:2]


@pytest.mark.parametrize(
    ("given_url", "normal"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/feeds", "https://a.example/feeds/"),
        (" http://127.0.0.1:8001// ", "http://127.0.0.1:8001/"),
        ("HTTPS://a.example/a b/", "https://a.example/a%20b/"),
    ],
)
def test_a_base_url_ends_in_one_slash(given_url: str, normal: str) -> None:
    assert normal_base_url(given_url) == normal


@pytest.mark.parametrize(
    "url",
    ["", "a.example", "ftp://a.example/", "javascript:alert(1)", "https://", "https://a.example/?q", "https://a.example/#f",
     "https://me:secret@a.example/", "https://a.example:port/", "http://["],
)  # fmt: skip
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        normal_base_url(url)


def test_a_day_is_in_utc_and_in_english_whatever_the_locale() -> None:
    assert day(datetime(2021, 3, 1, 23, 30, tzinfo=UTC)) == "1 March 2021"
    assert day(datetime.fromisoformat("2026-12-31T23:30:00-05:00")) == "1 January 2027"
