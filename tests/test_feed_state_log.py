"""The feed state: log, numbers, topics and counters, updated from the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.feed_state.changes import newest_changes, source_tag
from foreign_eyes.archive.feed_state.counters import read_counters
from foreign_eyes.archive.feed_state.feed_log import (
    awaits_freezing,
    count_full_documents,
    find_frozen,
    freeze,
    logged_entries,
    newest_of_log,
    note_frozen,
)
from foreign_eyes.archive.feed_state.journal_cursor import (
    JournalCursor,
    affected_since,
    current_cursor,
    update_feed_state,
)
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.schema import APPLICATION_ID, migrations

TOWN = 1
LATER = START + 400 * DAY
AUTHORITY = "example.org,2026"
BASE_URL = "https://eyes.example/"


def by_words(title: str, excerpt: str, commentary: str) -> Collection[str]:
    """A text with apples has the topic fruit, a text with news the topic news."""
    text = f"{title} {excerpt} {commentary}"
    return {name for name, word in (("fruit", "Apples"), ("news", "Anew")) if word in text}


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with (
        open_archive(tmp_path / "archive.db") as db,
        patch("foreign_eyes.archive.feed_state.feed_log.DOCUMENT_SIZE", 3),
    ):
        yield Column(db)


def followed(column: Column, topics: Mapping[str, Sequence[str]] | None = None) -> int:
    return update_feed_state(column.db, TOWN, {"fruit": ["Apples"]} if topics is None else topics, by_words)


def log(column: Column) -> list[tuple[object, ...]]:
    return column.rows(
        "SELECT l.position, e.title, l.announced FROM feed_log l LEFT JOIN entries e USING (entry_id) ORDER BY position"
    )


def rebuilt(column: Column, prepare: object = None) -> None:
    options = {"prepare": prepare} if prepare else {}
    rebuild(column.db, LineParser(), at=LATER, authority=AUTHORITY, **options)  # type: ignore[arg-type]


def freeze_all(column: Column, events: int) -> None:
    for number in range(1, count_full_documents(events) + 1):
        if find_frozen(column.db, TOWN, BASE_URL, number, "json") is None:
            note_frozen(column.db, TOWN, logged_entries(column.db, TOWN, number))
            freeze(column.db, TOWN, BASE_URL, number, "json", b"{}")


# the log


def test_the_log_has_new_and_edited_entries_in_the_journals_order_and_no_withdrawal(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(C, entry("Apples", commentary="Anew.")))
    column.crawl(listing(C, entry("Apples", commentary="Anew.")), outcome="unchanged")

    assert followed(column) == 4
    assert log(column) == [(1, "Bears", 1), (2, "Apples", 1), (3, "Apples", 1), (4, "Cranes", 1)]


def test_a_position_in_the_log_never_changes(column: Column) -> None:
    column.crawl(listing(A, B))
    followed(column)
    before = log(column)
    column.crawl(listing(C, A, B))
    followed(column)

    assert log(column)[:2] == before
    assert followed(column) == 3


def test_the_feed_has_the_newest_announced_entries_and_those_in_no_document(column: Column) -> None:
    column.crawl(listing(*(entry(f"Title {number}") for number in range(7))))
    events = followed(column)
    titles = dict(column.rows("SELECT entry_id, title FROM entries"))

    assert {titles[one] for one in newest_of_log(column.db, TOWN, events, 2)} == {"Title 0", "Title 1"}
    assert {titles[one] for one in newest_of_log(column.db, TOWN, events, 0)} == {"Title 0"}, "the seventh event"
    assert len(newest_of_log(column.db, TOWN, events, 50)) == 7


def test_a_document_has_each_entry_with_the_text_and_time_of_its_event(column: Column) -> None:
    column.crawl(listing(A))
    column.crawl(listing(entry("Apples", commentary="Anew.")))
    column.crawl(listing(entry("Apples", commentary="Anew.")))
    column.crawl(listing(B, entry("Apples", commentary="Anew once more.")))
    assert followed(column) == 4

    told = logged_entries(column.db, TOWN, 1)
    assert [(one.entry.title, one.entry.commentary) for one in told] == [("Apples", "Anew once more.")]
    [revised_at] = column.rows("SELECT max(at) FROM changes WHERE kind = 'revised'")[0]
    assert told[0].at.isoformat()[:19] == str(revised_at)[:19]


def test_a_merged_id_is_logged_as_the_entry_it_was_merged_into(column: Column) -> None:
    column.crawl(listing(A, B, C))
    ids = column.ids()
    rebuilt(column, lambda db: merge(db, ids["Apples"], ids["Bears"], LATER))
    events = followed(column)

    assert set(newest_of_log(column.db, TOWN, events, 50)) == {ids["Apples"], ids["Cranes"]}
    assert {one.entry.entry_id for one in logged_entries(column.db, TOWN, 1)} == {ids["Apples"], ids["Cranes"]}


def test_an_entry_that_gets_an_earlier_text_back_by_a_split_is_logged_again(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="Anew."), B))
    events = followed(column)
    freeze_all(column, events)
    ids = column.ids()
    rebuilt(column, lambda db: [split(db, ids["Apples"], 2, LATER, AUTHORITY)][:0])

    assert followed(column) == events + 2
    assert [row for row in log(column) if row[0] > events] == [(4, "Apples", 1), (5, "Apples", 1)]  # type: ignore[operator]
    again = followed(column)
    assert again == events + 2, "told once"


def test_a_text_that_only_a_newer_parser_reads_differently_is_not_an_event(column: Column) -> None:
    column.crawl(listing(A, B, C))
    events = followed(column)
    freeze_all(column, events)

    class Shouting(LineParser):
        PARSER_VERSION = 2

        def parse_listing(self, body: bytes, url: str, content_type: str | None = None):  # type: ignore[no-untyped-def]
            return super().parse_listing(body.replace(b"About", b"ABOUT"), url, content_type)

    rebuild(column.db, Shouting(), at=LATER, authority=AUTHORITY)
    assert column.rows("SELECT count(*) FROM revisions WHERE technical = 1") == [(3,)]
    assert followed(column) == events


def test_a_full_document_awaits_freezing_for_each_base_url(column: Column) -> None:
    column.crawl(listing(A, B))
    assert not awaits_freezing(column.db, "town", BASE_URL)
    column.crawl(listing(A, B, C))
    assert awaits_freezing(column.db, "town", BASE_URL), "though the log does not know yet"
    freeze_all(column, followed(column))
    assert not awaits_freezing(column.db, "town", BASE_URL)
    assert awaits_freezing(column.db, "town", "https://moved.example/")


def test_a_frozen_document_is_read_as_it_was_stored(column: Column) -> None:
    column.crawl(listing(A))
    followed(column)
    freeze(column.db, TOWN, BASE_URL, 1, "atom", b"<feed/>")

    assert find_frozen(column.db, TOWN, BASE_URL, 1, "atom") == b"<feed/>"
    assert find_frozen(column.db, TOWN, BASE_URL, 1, "json") is None
    assert find_frozen(column.db, TOWN, "https://moved.example/", 1, "atom") is None


# numbers, topics, tallies


def test_entries_are_numbered_from_the_oldest_and_keep_their_number(column: Column) -> None:
    numbers = "SELECT n.number, e.title FROM entry_numbers n JOIN entries e USING (entry_id) ORDER BY 1"
    column.crawl(listing(A, B))
    followed(column)
    assert column.rows(numbers) == [(1, "Bears"), (2, "Apples")]
    column.crawl(listing(C, A, B))
    followed(column)
    assert column.rows(numbers) == [(1, "Bears"), (2, "Apples"), (3, "Cranes")]


def test_tallies_count_publications_topics_and_months(column: Column) -> None:
    column.crawl(listing(A, B, entry("Dogs", publication="CNN")))
    column.day += 40
    column.crawl(listing(C, A, B, entry("Dogs", publication="CNN")))
    followed(column)

    assert read_counters(column.db, TOWN, "publication") == {"CNN": 1, "Le Monde": 3}
    assert read_counters(column.db, TOWN, "topic") == {"fruit": 1}
    assert read_counters(column.db, TOWN, "month") == {"2026-03": 3, "2026-04": 1}


def test_updating_counters_from_the_journal_gives_the_same_counts_as_counting_all(column: Column) -> None:
    passage = "A passage that is long enough to be known again, whatever else is written around it."
    column.crawl(listing(A, B, entry("Dogs", publication="CNN", excerpt=passage)))
    followed(column)
    column.crawl(listing(C, A, B, entry("Dogs", publication="Nature", excerpt=passage, commentary="Apples.")))
    followed(column)
    tables = ("tallies", "entry_topics", "entry_numbers", "feed_log")
    kept = {table: column.rows(f"SELECT * FROM {table}") for table in tables}
    assert ("publication", "CNN") not in {row[1:3] for row in kept["tallies"]}
    column.db.execute("DELETE FROM followed")
    followed(column)

    assert {table: column.rows(f"SELECT * FROM {table}") for table in tables} == kept


def test_a_new_topic_is_applied_to_all_entries_and_a_removed_one_is_deleted(column: Column) -> None:
    column.crawl(listing(A, entry("Bears", commentary="Anew.")))
    followed(column)
    followed(column, {"news": ["Anew"]})

    assert read_counters(column.db, TOWN, "topic") == {"news": 1}
    assert column.rows("SELECT name FROM topics") == [("news",)]


def test_affected_parts_include_former_publications_and_topics(column: Column) -> None:
    passage = (
        "The orchard planted its first trees beside the river, pruned them every winter and sold the harvest "
        "to a cider mill, which asked the court to protect the name of its oldest variety."
    )
    column.crawl(listing(B, entry("Apples", publication="CNN", excerpt=passage)))
    followed(column)
    until = current_cursor(column.db, TOWN)
    column.crawl(listing(B, entry("Pears", publication="Nature", excerpt=passage)))
    followed(column)

    touched = affected_since(column.db, TOWN, until, by_words)
    assert touched.entry_ids == (column.ids()["Pears"],)
    assert touched.publications == {"CNN", "Nature"}
    assert touched.topics == {"fruit"}
    assert (touched.months, touched.numbers) == ({"2026-03"}, (1,))


def test_the_cursor_moves_only_with_changes_and_derivations(column: Column) -> None:
    column.crawl(listing(A))
    before = current_cursor(column.db, TOWN)
    column.crawl(listing(A), outcome="unchanged")
    rebuilt(column)
    assert current_cursor(column.db, TOWN) == before
    column.crawl(listing(A, B))
    moved = current_cursor(column.db, TOWN)
    assert moved.changes_until > before.changes_until
    ids = column.ids()
    rebuilt(column, lambda db: merge(db, ids["Apples"], ids["Bears"], LATER))
    assert current_cursor(column.db, TOWN) == JournalCursor(
        moved.derivation + 1, current_cursor(column.db, TOWN).changes_until
    )


# what readers are told of changes


def test_announced_changes_have_the_texts_before_them(column: Column) -> None:
    column.answers = {"http://search.example/": 200, "http://other.example/": 200}
    search, other = "link|Patent Search|http://search.example/", "link|Patent Search|http://other.example/"
    column.crawl(listing(A, B, search))
    column.crawl(listing(entry("Apples", commentary="Anew."), B, search))
    column.crawl(listing(entry("Apples", commentary="Anew."), other))
    column.crawl(listing(entry("Apples", commentary="Anew."), other))
    column.crawl(listing(entry("Apples", commentary="Anew."), B, other))

    returned, withdrawn, link, revised = newest_changes(column.db, TOWN, 50)
    assert [one.kind for one in (revised, link, withdrawn, returned)] == [
        "revised",
        "link changed",
        "withdrawn",
        "returned",
    ]
    assert revised.before is not None
    assert revised.after is not None
    assert (revised.before.commentary, revised.after.commentary) == ("As before.", "Anew.")
    assert (link.former_link, link.link) != (None, None)
    assert link.former_link is not None
    assert link.link is not None
    assert (link.former_link.url, link.link.url) == ("http://search.example/", "http://other.example/")
    assert withdrawn.after is not None
    assert withdrawn.after.title == "Bears"
    assert len({one.change_id for one in (revised, link, withdrawn, returned)}) == 4


def test_a_removed_link_has_no_successor_even_after_it_returns(column: Column) -> None:
    column.answers = {"http://search.example/": 200}
    search = "link|Patent Search|http://search.example/"
    column.crawl(listing(A, search))
    column.crawl(listing(A))
    (gone,) = newest_changes(column.db, TOWN, 50)
    assert gone.link is None
    assert gone.former_link is not None
    column.crawl(listing(A, search))

    back, still_gone = newest_changes(column.db, TOWN, 50)
    assert still_gone == gone
    assert (back.former_link, back.link) == (None, gone.former_link)
    rebuilt(column)
    assert newest_changes(column.db, TOWN, 50) == [back, gone]


def test_the_tag_of_a_source_is_always_that_of_its_first_entry(column: Column) -> None:
    column.crawl(listing(A))
    assert source_tag(column.db, TOWN) == f"tag:{AUTHORITY}:town"
    column.db.execute("UPDATE identities SET tag_uri = 'tag:elsewhere.example,2030:town/1' WHERE crawl_id > 1")
    column.crawl(listing(A, B))
    assert source_tag(column.db, TOWN) == f"tag:{AUTHORITY}:town"
    assert source_tag(column.db, 99) is None


def test_the_migration_of_an_older_archive_finds_the_replaced_link(tmp_path: Path) -> None:
    """The migration derives it from the links."""
    path, first, second = tmp_path / "archive.db", "2026-03-01T09:00:00.000000Z", "2026-03-02T09:00:00.000000Z"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        db = Database(connection)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        migrations.apply(db, stop_before="m007_publishing")
        db.execute("INSERT INTO sources VALUES (1, 'town', 'http://town.example/', 'The column', 'en')")
        db.conn.executemany(
            "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome) VALUES (1, 'full', ?1, ?1, ?1,"
            " 'failed')",
            [(first,), (second,)],
        )
        db.conn.executemany(
            "INSERT INTO links (source_id, label, url, first_seen, outcome, gone_at) VALUES (1, 'Search', ?, ?, 'ok', ?)",
            [("http://search.example/", first, second), ("http://other.example/", second, None)],
        )
        db.execute(
            "INSERT INTO changes (source_id, crawl_id, at, kind, link_id) VALUES (1, 2, ?, 'link changed', 2)", [second]
        )
    with open_archive(path) as db:
        assert db.execute("SELECT link_id, former_link_id FROM changes").fetchall() == [(2, 1)]
