"""The operator's names of publications: shown in views, feeds and pages, and never part of matching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
from conftest import CommandLine
from sqlite_utils import Database
from support import feed_walk
from support.settling import Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.shown_names import aliases_of, check_names
from foreign_eyes.archive.feed_state.state_check import verify_publishing
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.feeds.publish import Published, Target, publish

SHORT, LONG = "SCMP", "South China Morning Post"
NAMES = {LONG: [SHORT]}
PAGES = listing(entry("Cats", publication=SHORT), entry("Dogs", publication=LONG), entry("Eels", publication="Nikkei"))


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        made = Column(db)
        made.crawl(PAGES)
        yield made


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path / "public", "https://eyes.example/column", topics={})


def published(column: Column, target: Target, names: Mapping[str, Sequence[str]] = NAMES) -> Published:
    return publish(column.db, column.source, replace(target, publications=names))


def shown(db: Database) -> dict[str, str]:
    return dict(db.execute("SELECT title, publication FROM current_entries").fetchall())


def feed_titles(target: Target, slug: str) -> set[str]:
    feed = feedparser.parse((target.output / f"publications/{slug}/atom.xml").read_bytes())
    return {item.title for item in feed.entries}


def test_views_show_the_operators_name_after_the_next_publish(column: Column, target: Target) -> None:
    published(column, target)

    assert shown(column.db) == {"Cats": LONG, "Dogs": LONG, "Eels": "Nikkei"}
    assert set(column.rows("SELECT publication FROM entry_history")) == {(LONG,), ("Nikkei",)}


def test_one_feed_has_the_entries_of_all_spellings(column: Column, target: Target) -> None:
    published(column, target)

    assert feed_titles(target, "south-china-morning-post") == {"Cats", "Dogs"}
    authors = {item.author for item in feedparser.parse((target.output / "atom.xml").read_bytes()).entries}
    assert authors == {LONG, "Nikkei"}


def test_a_name_makes_no_revision_and_no_difference_when_deriving_again(column: Column, target: Target) -> None:
    columns = {"entries": "entry_id, wording, publication, revision_id", "revisions": "*", "changes": "*"}
    before = {table: column.rows(f"SELECT {names} FROM {table}") for table, names in columns.items()}
    published(column, target)

    assert {table: column.rows(f"SELECT {names} FROM {table}") for table, names in columns.items()} == before
    column.crawl(PAGES, outcome="unchanged")
    assert column.kinds() == ["new"] * 3
    assert rebuild(column.db, LineParser(), at=column.today, authority="example.org,2026").differences == ()


def test_a_publication_that_comes_later_has_the_operators_name_at_once(column: Column, target: Target) -> None:
    published(column, target, {"The Nikkei Daily": ["Nikkei Shimbun"]})
    column.crawl(listing(entry("Foxes", publication="Nikkei Shimbun")))

    assert shown(column.db)["Foxes"] == "The Nikkei Daily"


def test_the_address_of_a_former_name_leads_to_the_new_one_and_its_feeds_go_on(column: Column, target: Target) -> None:
    published(column, target, {})
    assert feed_titles(target, "scmp") == {"Cats"}
    published(column, target)

    page = (target.output / "publications/scmp/index.html").read_text()
    assert 'url=../../publications/south-china-morning-post/"' in page
    for file in ("atom.xml", "rss.xml", "feed.json"):
        former = (target.output / "publications/scmp" / file).read_bytes()
        assert former == (target.output / "publications/south-china-morning-post" / file).read_bytes()
    assert feed_walk.dangling_links(target.output, f"{target.base_url}/") == []
    assert "scmp" not in (target.output / "subscriptions.opml").read_text()


def test_a_name_that_the_operator_takes_back_leads_to_the_name_as_listed(column: Column, target: Target) -> None:
    published(column, target, {"Asian Economy Daily": ["Nikkei"]})
    published(column, target, {})

    page = (target.output / "publications/asian-economy-daily/index.html").read_text()
    assert 'url=../../publications/nikkei/"' in page
    assert feed_titles(target, "nikkei") == {"Eels"}


def test_the_page_of_a_publication_is_not_replaced_by_a_former_name_in_other_letter_case(
    column: Column, target: Target
) -> None:
    published(column, target, {"Asian news": ["Nikkei"]})
    published(column, target, {"ASIAN NEWS": [SHORT]})

    assert feed_titles(target, "asian-news") == {"Cats"}
    assert "http-equiv" not in (target.output / "publications/asian-news/index.html").read_text()
    assert published(column, target, {"ASIAN NEWS": [SHORT]}).written == 0


def test_the_publication_listed_under_a_former_name_gets_its_address(column: Column, target: Target) -> None:
    published(column, target, {SHORT: ["Nikkei"]})
    published(column, target, {})
    published(column, target, {"Morning Post": [SHORT]})

    assert feed_titles(target, "scmp") == {"Cats"}
    page = (target.output / "publications/scmp/index.html").read_text()
    assert 'url=../../publications/morning-post/"' in page


def test_two_names_can_be_swapped(column: Column, target: Target) -> None:
    published(column, target, {})
    published(column, target, {"Nikkei Daily": [SHORT], "Daily SCMP": ["Nikkei"]})
    published(column, target, {"Nikkei Daily": ["Nikkei"], "Daily SCMP": [SHORT]})

    assert feed_titles(target, "nikkei-daily") == {"Eels"}
    assert feed_titles(target, "daily-scmp") == {"Cats"}


def test_the_address_of_a_former_name_goes_with_the_last_entry(column: Column, target: Target) -> None:
    excerpt = (
        "The eel farms along the delta shared one hatchery, recorded the weight of every catch and sold the smoked fish "
        "to restaurants in the capital, which paid more for the oldest brand."
    )
    column.crawl(listing(entry("Ponds", publication="Ponds Daily", excerpt=excerpt)))
    published(column, target, {"Water News": ["Ponds Daily"]})
    assert (target.output / "publications/ponds-daily/index.html").exists()
    column.crawl(listing(entry("Ponds", publication=LONG, excerpt=excerpt)))
    published(column, target, {"Water News": ["Ponds Daily"]})

    assert not (target.output / "publications/water-news").exists()
    assert not (target.output / "publications/ponds-daily").exists()
    assert feed_walk.dangling_links(target.output, f"{target.base_url}/") == []


def test_names_that_change_with_new_entries_count_each_entry_once(column: Column, target: Target) -> None:
    published(column, target, {})
    column.crawl(listing(PAGES, entry("Foxes", publication="Nikkei"), entry("Geese", publication="Reuters")))
    published(column, target, {"Asian News": ["Nikkei"], "Agency": ["Reuters"]})

    assert list(verify_publishing(column.db)) == []
    assert feed_titles(target, "asian-news") == {"Eels", "Foxes"}


def test_the_same_names_write_no_file_a_second_time(column: Column, target: Target) -> None:
    published(column, target)

    assert published(column, target).written == 0


def test_check_finds_nothing_wrong_with_the_counts(column: Column, target: Target) -> None:
    published(column, target)
    column.crawl(listing(entry("Foxes", publication=SHORT), entry("Cats", publication=SHORT)))
    published(column, target)

    assert list(verify_publishing(column.db)) == []


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"A Post": ["Post"], "B Post": ["The post"]}, "'The post' is listed for 'A Post' and for 'B Post'"),
        ({"…": []}, "'…': a name has letters or digits"),
        ({"Two\nlines": []}, "'Two.nlines': a name"),
        ({"Post": [" Herald"]}, "' Herald': a name"),
        ({"P" * 201: []}, "a name has letters"),
    ],
)
def test_names_that_cannot_be_used_are_refused(names: Mapping[str, Sequence[str]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_names(names)


def test_letter_case_white_space_and_a_leading_article_need_no_alias() -> None:
    assert aliases_of({"The Daily Post": []}) == aliases_of({"The Daily Post": ["daily post", "DAILYPOST"]})


def test_a_wrong_name_in_the_settings_ends_with_78_and_names_the_key(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[publications]\n"Post" = "Herald"\n')
    done = command("status")

    assert done.returncode == 78
    assert "[publications] 'Post': must be a list of aliases" in done.stderr
