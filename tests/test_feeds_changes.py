"""The feed of changes: the texts before and after, without markup that feed readers may drop."""

from __future__ import annotations

import json
import os
import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.feed_rules import complaints, parse
from support.settling import DAY, A, B, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.changes import AnnouncedChange, AnnouncedKind, newest_changes
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.feeds.compose.change_items import ComposedChange, change_item, compose_change
from foreign_eyes.feeds.compose.feed_items import Item
from foreign_eyes.feeds.compose.feeds import Feed, compose_changes_feed
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.render.atom_rss import render_atom, render_rss
from foreign_eyes.feeds.render.json_feed import render_json
from foreign_eyes.listing.text import clean
from foreign_eyes.listing.values import Link

DATA = Path(__file__).parent / "data/feeds"
COLUMN = runpy.run_path(str(DATA / "column.py"))
EDITION: PublicationTarget = COLUMN["EDITION"]
FEED: Feed = COLUMN["CHANGES_FEED"]
GONE, MOVED_LINK, RETURN, WITHDRAWAL, EDIT, ADDED = COLUMN["CHANGES"]
RENDERED = {"changes.xml": render_atom, "changes.rss": render_rss, "changes.json": render_json}
SEARCH, MOVED = "link|Patent Search|https://search.example/", "link|Patent Search|https://moved.example/?a=1&b=2"


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.answers = {"https://search.example/": 200, "https://moved.example/?a=1&b=2": 200}
        yield column


def newest(db: Database) -> ComposedChange:
    return compose_change(EDITION, newest_changes(db, 1, 1)[0])


def item(db: Database) -> Item:
    return change_item(EDITION, newest(db))


def text(html: str) -> str:
    return lxml.html.fragment_fromstring(html, create_parent="div").text_content()


def test_an_edit_shows_each_part_before_and_after_the_change(column: Column) -> None:
    column.crawl(listing(entry("Apples", commentary="They serve only inventors.")))
    column.crawl(listing(entry("Apples", commentary="They serve all inventors.")))
    told = item(column.db)

    assert told.title == "Edited: Apples"
    assert told.summary == "Changed: commentary."
    assert "Before: They serve only inventors." in text(told.html)
    assert "After: They serve all inventors." in text(told.html)
    assert "<del>only</del>" in told.html
    assert "<ins>all</ins>" in told.html
    assert told.author == "Foreign Eyes"


def test_an_added_or_removed_part_is_shown_as_nothing_on_the_other_side(column: Column) -> None:
    column.crawl(listing(entry("Apples", commentary=" ")))
    column.crawl(listing(entry("Apples", commentary="Said.")))
    assert "Before: (nothing)" in text(item(column.db).html)
    assert "After: Said." in text(item(column.db).html)


def test_a_new_title_is_shown_without_the_attribution_line(column: Column) -> None:
    passage = "A passage that is long enough to be known again, whatever else is written around it."
    column.crawl(listing(entry("Apples", excerpt=passage)))
    column.crawl(listing(entry("Pears", excerpt=passage)))

    assert [part.label for part in newest(column.db).parts] == ["Title"]
    assert item(column.db).title == "Edited: Pears"


def test_every_change_has_its_own_id_below_the_tag_of_its_entry(column: Column) -> None:
    column.crawl(listing(A, B))
    for words in ("One.", "Two."):
        column.crawl(listing(entry("Apples", commentary=words), B))
    tags = [compose_change(EDITION, change).tag_uri for change in newest_changes(column.db, 1, 50)]

    [(minted,)] = column.rows("SELECT tag_uri FROM entries WHERE title = 'Apples'")
    assert len(set(tags)) == 2
    assert all(tag.startswith(f"{minted}/change/") for tag in tags)


def test_a_change_links_to_its_anchor_on_the_entrys_page(column: Column) -> None:
    column.crawl(listing(A))
    column.crawl(listing(entry("Apples", commentary="Anew.")))
    change = newest(column.db)

    assert change_item(EDITION, change).alternate == (
        f"{EDITION.base_url}entries/{column.ids()['Apples']}/#change-{change.change_id}"
    )


def test_a_withdrawal_and_a_return_show_the_texts_as_listed(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A))
    column.crawl(listing(A))
    gone = item(column.db)
    column.crawl(listing(A, B))
    back = item(column.db)

    assert (gone.title, back.title) == ("Withdrawn: Bears", "Returned: Bears")
    for told in (gone, back):
        assert "About Bears." in text(told.html)
        assert "As before." in text(told.html)
    assert "no longer found" in gone.summary


def test_a_replaced_link_is_shown_with_both_urls(column: Column) -> None:
    column.crawl(listing(A, SEARCH))
    column.crawl(listing(A, MOVED))
    told = item(column.db)

    assert told.title == "Link changed: Patent Search"
    assert text(told.html) == (
        "Before: Patent Search (https://search.example/)After: Patent Search (https://moved.example/?a=1&b=2)"
    )
    assert 'href="https://moved.example/?a=1&amp;b=2"' in told.html
    assert told.alternate.startswith(f"{EDITION.base_url}changes/#change-")


def test_a_removed_link_is_shown_as_removed(column: Column) -> None:
    column.crawl(listing(A, SEARCH))
    column.crawl(listing(A))

    assert text(item(column.db).html) == "Removed: Patent Search (https://search.example/)"


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "]]>", "&lt;b&gt;", "\u202egnorw"])
def test_no_text_of_the_source_becomes_markup(column: Column, hostile: str) -> None:
    column.crawl(listing(A))
    column.crawl(listing(entry("Apples", commentary=f"As before. {hostile}")))
    content = lxml.html.fragment_fromstring(item(column.db).html, create_parent="div")

    assert {one.tag for one in content.iter()} <= {"div", "p", "strong", "del", "ins", "br", "blockquote"}
    assert hostile in content.text_content()


# the feed


@pytest.mark.parametrize("name", RENDERED)
def test_the_changes_of_the_invented_column_match_the_golden_files(name: str) -> None:
    golden = DATA / f"column.{name}"
    rendered = RENDERED[name](FEED)
    if os.environ.get("FOREIGN_EYES_REGENERATE"):
        golden.write_bytes(rendered)

    assert rendered == golden.read_bytes()


@pytest.mark.parametrize("name", RENDERED)
@pytest.mark.parametrize("changes", [COLUMN["CHANGES"], ()], ids=["all kinds", "none"])
def test_the_feed_of_changes_is_valid_with_and_without_changes(name: str, changes: tuple[AnnouncedChange, ...]) -> None:
    feed = feed_of(changes)
    assert complaints(parse(name, EDITION.base_url, RENDERED[name](feed))) == []


def test_a_feed_of_changes_is_dated_by_its_newest_change_or_else_the_first_entry() -> None:
    assert feed_of(()).updated == SINCE
    assert feed_of((EDIT, ADDED)).updated == EDIT.at


def test_the_feed_of_changes_has_its_own_id_title_and_page_and_is_the_source_of_its_items() -> None:
    assert (FEED.feed_id, FEED.title, FEED.home) == (
        "tag:eyes.example,2026:made-up/changes",
        "Changes – A Made-up Column",
        f"{EDITION.base_url}changes/",
    )
    assert (FEED.column.feed_id, FEED.column.title, FEED.column.urls) == (FEED.feed_id, FEED.title, FEED.urls)
    assert (FEED.previous, FEED.current, FEED.tombstones) == (None, None, ())


def test_the_feed_of_changes_names_the_hub() -> None:
    hub = "https://hub.example/"
    feed = compose_changes_feed(replace(EDITION, hub=hub), [], SINCE)

    assert f'<link href="{hub}" rel="hub"/>' in render_atom(feed).decode()
    assert json.loads(render_json(feed))["hubs"] == [{"type": "WebSub", "url": hub}]


# what is told, kind by kind


SINCE = datetime(2021, 3, 1, 6, tzinfo=UTC)
EVERY_KIND = pytest.mark.parametrize(
    "change", COLUMN["CHANGES"], ids=lambda change: f"{change.kind} {change.change_id}"
)


def feed_of(changes: tuple[AnnouncedChange, ...]) -> Feed:
    return compose_changes_feed(EDITION, [compose_change(EDITION, change) for change in changes], SINCE)


def told(change: AnnouncedChange) -> Item:
    return change_item(EDITION, compose_change(EDITION, change))


@EVERY_KIND
def test_a_change_has_its_own_id_and_time_and_the_archive_as_author(change: AnnouncedChange) -> None:
    item = told(change)

    assert item.tag_uri == f"{change.tag_uri or EDITION.tag}/change/{change.change_id}"
    assert item.published == item.updated == change.at
    assert (item.author, item.collections, item.via) == ("Foreign Eyes", (), None)
    assert item.alternate.endswith(f"#change-{change.change_id}")


@pytest.mark.parametrize(
    ("change", "title"),
    [
        (EDIT, "Edited: Tea by Telegraph"),
        (WITHDRAWAL, "Withdrawn: The Paper Lantern Question"),
        (RETURN, "Returned: The Paper Lantern Question"),
        (ADDED, "Link changed: Patent Search"),
        (GONE, "Link changed: Patent <Search>"),
        (replace(GONE, former_link=Link("\u200b", "https://search.example/")), "Link changed: Patent Search"),
        (replace(RETURN, after=None), "Returned: entry 100000001"),
        (
            replace(RETURN, after=replace(RETURN.after, title=None)),
            "Returned: ——The Paper Lantern Question, by Le Soir d'Ailleurs",
        ),
        (
            replace(RETURN, after=replace(RETURN.after, title=None, attribution=" ")),
            "Returned: La lanterne a changé de main, dit-on.",
        ),
        (
            replace(RETURN, after=replace(RETURN.after, title="", attribution="", excerpt="")),
            "Returned: entry 100000001",
        ),
    ],
)
def test_the_title_of_a_change_names_the_event_and_the_entry_or_link(change: AnnouncedChange, title: str) -> None:
    assert told(change).title == title


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ADDED, "Added: Patent Search (https://search.example/?a=1&b=2)"),
        (GONE, "Removed: Patent <Search> (javascript:alert('search'))"),
        (
            MOVED_LINK,
            "Before: Patent Search (https://search.example/?a=1&b=2)After: Patent <Search> (javascript:alert('search'))",
        ),
    ],
)
def test_a_changed_link_is_shown_before_and_after_and_only_http_urls_are_linked(
    change: AnnouncedChange, words: str
) -> None:
    content = lxml.html.fragment_fromstring(told(change).html, create_parent="div")

    assert content.text_content() == words
    assert set(content.xpath("//a/@href")) <= {"https://search.example/?a=1&b=2"}
    assert ("https://search.example" in words) == bool(content.xpath("//a"))


@pytest.mark.parametrize("kind", ["withdrawn", "returned"])
def test_a_withdrawal_or_return_shows_the_texts_and_no_edit(kind: AnnouncedKind) -> None:
    item = told(replace(WITHDRAWAL, kind=kind))

    lantern = COLUMN["LANTERN"]
    for words in (lantern.attribution, lantern.excerpt, lantern.commentary):
        assert words in text(item.html)
    assert "Before" not in text(item.html)
    assert item.summary in text(item.html)


def test_an_edit_without_visible_difference_shows_the_whole_texts() -> None:
    item = told(replace(EDIT, before=EDIT.after))

    assert item.summary == "Its wording was changed."
    assert "Leaves are now graded by wire." in text(item.html)


def test_an_edit_of_an_attribution_that_was_not_split_shows_the_line() -> None:
    before = replace(EDIT.after, title=None, publication=None, attribution="——Tea by wire")
    item = told(replace(EDIT, before=before, after=replace(before, attribution="——Tea by telegraph")))

    assert item.summary == "Changed: attribution."


def test_a_change_of_a_merged_id_keeps_its_id_and_links_to_the_surviving_entry(
    column: Column,
) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="Anew."), B))
    before, ids = newest(column.db), column.ids()
    rebuild(
        column.db,
        LineParser(),
        at=column.today + DAY,
        authority="example.org,2026",
        prepare=lambda db: merge(db, ids["Bears"], ids["Apples"], column.today + DAY),
    )
    after = next(
        compose_change(EDITION, one) for one in newest_changes(column.db, 1, 50) if one.change_id == before.change_id
    )

    assert before.tag_uri == after.tag_uri
    assert (before.path, after.path) == (f"entries/{ids['Apples']}/", f"entries/{ids['Bears']}/")


# whatever the source writes


def sides(html: str) -> list[str]:
    """The text of each part before and after, with line ends where they are shown."""
    shown = re.findall(r'<p dir="auto">(?:Before|After): (.*?)</p>', html, re.DOTALL)
    assert not any("\n" in side for side in shown)
    return [unescape(re.sub(r"</?(?:del|ins)>", "", side.replace("<br>", "\n"))) for side in shown]


@settings(deadline=None)
@given(old=st.text(max_size=40).map(clean), new=st.text(max_size=40).map(clean))
def test_before_and_after_are_exactly_the_two_texts(old: str, new: str) -> None:
    change = replace(EDIT, before=replace(EDIT.after, commentary=old), after=replace(EDIT.after, commentary=new))
    found = sides(told(change).html)

    assert found == ([] if old == new else [side if side.strip() else "(nothing)" for side in (old, new)])


def test_a_long_part_is_abridged_around_the_change() -> None:
    long = " ".join(f"word{number}" for number in range(500))
    change = replace(
        EDIT,
        before=replace(EDIT.after, excerpt=f"{long} old {long}"),
        after=replace(EDIT.after, excerpt=f"{long} new {long}"),
    )
    (before, after) = sides(told(change).html)

    assert before.startswith("… ")
    assert before.endswith(" …")
    assert (before.replace(" old ", " new "), len(before) < 200) == (after, True)


@settings(deadline=None)
@given(words=st.text().map(clean), other=st.text().map(clean))
def test_any_text_gives_well_formed_feeds_with_the_same_content(words: str, other: str) -> None:
    wording, former = (
        replace(EDIT.after, title=one, publication=one, attribution=one, excerpt=one, commentary=one)
        for one in (words, other)
    )
    feed = feed_of(
        (
            replace(GONE, former_link=Link(words, other), link=Link(other, words)),
            replace(RETURN, after=wording),
            replace(EDIT, before=former, after=wording),
        )
    )
    atom, rss, json_feed = (parse(name, EDITION.base_url, render(feed)) for name, render in RENDERED.items())

    assert [complaints(one) for one in (atom, rss, json_feed)] == [[], [], []]
    contents = [item.html for item in feed.items]
    assert atom.texts("a:entry/a:content") == rss.texts("channel/item/content:encoded") == contents
    assert [item["content_html"] for item in json_feed.root["items"]] == contents
