"""Announced changes keep their texts after later decisions and rebuilds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive import database
from foreign_eyes.archive.announcement_check import verify_announced_texts
from foreign_eyes.archive.database import IN_MEMORY, open_archive, writing
from foreign_eyes.archive.dump import dump_rows
from foreign_eyes.archive.dump_checks import InvalidDump, check_rows
from foreign_eyes.archive.feed_state.changes import AnnouncedChange, newest_changes
from foreign_eyes.archive.feed_state.feed_log import logged_entries
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.schema import m014_announced_texts, migrations
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.settling.announced_words import announced_texts, fill_words, words_digest
from foreign_eyes.archive.source_extraction import keep_sources
from foreign_eyes.listing.values import EntryTexts, ListingPage

LATER = START + 400 * DAY
AUTHORITY = "example.org,2026"
EDITED = entry("Apples", commentary="Edited.")


@pytest.fixture
def column() -> Iterator[Column]:
    with open_archive(IN_MEMORY) as db:
        yield Column(db)


def told(column: Column) -> list[AnnouncedChange]:
    """Return the announced changes, oldest first."""
    return newest_changes(column.db, 1, 50)[::-1]


def derive(column: Column, prepare: Callable[[Database], Collection[int]] | None = None) -> None:
    rebuild(column.db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)


def merge_titles(column: Column, survivor: str, other: str) -> None:
    ids = column.ids()
    derive(column, lambda db: merge(db, ids[survivor], ids[other], LATER))


def split_at(column: Column, title: str, revision: int) -> None:
    def prepare(db: Database) -> tuple[()]:
        split(db, entry_id, revision, LATER, AUTHORITY)
        return ()

    entry_id = column.ids()[title]
    derive(column, prepare)


def problems(column: Column) -> list[Problem]:
    return list(verify_seals(column.db))


def stored_words(column: Column) -> list[tuple[object, ...]]:
    return column.rows("SELECT * FROM told_words ORDER BY 1")


def withdrawn_bears(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, C))


def edited_apples(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(EDITED, B))


def test_an_announced_withdrawal_keeps_its_text_when_its_entry_is_merged(column: Column) -> None:
    withdrawn_bears(column)
    [before] = told(column)
    merge_titles(column, "Apples", "Bears")

    after = told(column)[0]
    assert (after.change_id, after.at, after.tag_uri, after.after) == (
        *(before.change_id, before.at, before.tag_uri, before.after),
    )
    assert after.after is not None
    assert after.after.title == "Bears"


def test_an_announced_edit_keeps_both_texts_when_its_entry_is_split(column: Column) -> None:
    edited_apples(column)
    [before] = told(column)
    split_at(column, "Apples", 2)

    after = told(column)[0]
    assert (after.before, after.after) == (before.before, before.after)
    assert before.before is not None
    assert (before.before.commentary, before.after and before.after.commentary) == ("As before.", "Edited.")


def test_a_newer_parser_changes_no_announced_text(column: Column) -> None:
    class Shouting(LineParser):
        PARSER_VERSION = 2

        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            return super().parse_listing(body.upper(), url, content_type)

    edited_apples(column)
    before = told(column)
    rebuild(column.db, Shouting(), at=LATER, authority=AUTHORITY)
    assert column.rows("SELECT commentary FROM entries WHERE title = 'APPLES'") == [("EDITED.",)]
    assert told(column) == before


def test_an_archive_document_that_is_frozen_later_has_the_announced_texts(column: Column) -> None:
    edited_apples(column)
    split_at(column, "Apples", 2)
    update_feed_state(column.db, 1, {}, lambda *_: [])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("foreign_eyes.archive.feed_state.feed_log.DOCUMENT_SIZE", 3)
        [first, _] = logged_entries(column.db, 1, 1)
    assert (first.entry.revision, first.entry.commentary) == (2, "Edited.")
    [edit] = [one for one in told(column) if one.decision is None]
    assert first.at == edit.at


def test_only_announced_changes_have_texts(column: Column) -> None:
    edited_apples(column)
    split_at(column, "Apples", 2)
    assert column.rows("SELECT count(*) FROM changes WHERE announced = 0") == [(1,)]
    told_ids = column.rows("SELECT change_id FROM changes WHERE announced = 1 ORDER BY 1")
    assert [row[:1] for row in stored_words(column)] == told_ids


def test_a_text_of_several_changes_is_stored_once(column: Column) -> None:
    withdrawn_bears(column)
    column.crawl(listing(A, C, B))
    assert column.kinds() == ["new", "new", "new", "withdrawn", "returned"]
    assert column.rows("SELECT title FROM told_texts ORDER BY 1") == [("Apples",), ("Bears",), ("Cranes",)]


def test_announced_texts_are_sealed_and_found_by_their_digest(column: Column) -> None:
    edited_apples(column)
    assert problems(column) == []
    [words] = column.rows("SELECT words FROM told_words WHERE words_before IS NOT NULL")[0]
    texts = announced_texts(column.db, words)
    assert texts == EntryTexts("About Apples.", "——Apples, by Le Monde", "Apples", "Le Monde", "Edited.")
    assert texts is not None
    assert words_digest(texts) == words
    column.db.execute("UPDATE told_words SET revision = 7 WHERE words = ?", [words])
    assert [problem.where for problem in problems(column)] == ["table told_words"]


def test_deriving_again_stores_no_text_twice(column: Column) -> None:
    withdrawn_bears(column)
    merge_titles(column, "Apples", "Bears")
    before = stored_words(column), told(column)
    derive(column)
    assert (stored_words(column), told(column)) == before


def test_the_migration_of_an_older_archive_stores_the_texts_of_announced_changes() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        old = Database(connection)
        migrations.apply(old, stop_before="m014_telling")
        with open_archive(IN_MEMORY) as db:
            column = Column(db)
            edited_apples(column)
            expected = stored_words(column), column.rows("SELECT * FROM told_texts ORDER BY 1")
            _copy_without_words(db, old)
        migrations.apply(old)
        column = Column(old)
        assert (stored_words(column), column.rows("SELECT * FROM told_texts ORDER BY 1")) == expected


def _copy_without_words(db: Database, old: Database) -> None:
    old.execute("PRAGMA foreign_keys=OFF")
    for (table,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table.startswith(("sqlite_", "_sqlite", "entries_fts", "revisions_fts")):
            continue
        columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA table_info({table})"))
        rows = db.execute(f"SELECT {columns} FROM {table}").fetchall()
        old.execute(f"DELETE FROM {table}")
        for row in rows:
            old.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", row)


def test_adding_texts_to_a_sealed_archive_breaks_no_seal(column: Column, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("foreign_eyes.archive.settling.journal.store_words_of", lambda *_: None)
        edited_apples(column)
    assert stored_words(column) == []
    seals = column.rows("SELECT digest FROM seals ORDER BY seal_id")
    with writing(column.db):
        m014_announced_texts._store_words(column.db)
        database._seal_added(column.db)
    assert column.rows("SELECT digest FROM seals ORDER BY seal_id")[:-1] == seals
    assert column.rows("SELECT DISTINCT table_name FROM sealed_rows WHERE seal_id = 3") == [("told_words",)]
    assert problems(column) == []


def test_texts_that_an_older_export_lacks_are_stored_when_it_is_derived(column: Column) -> None:
    edited_apples(column)
    before = stored_words(column)
    column.db.execute("DELETE FROM told_words")
    with writing(column.db):
        fill_words(column.db)
    assert stored_words(column) == before


def test_removing_a_source_removes_its_announced_texts(column: Column) -> None:
    column.crawl(listing(A))
    other = Column(column.db, name="village", day=3)
    other.crawl(listing(B))
    keep_sources(column.db, ["village"], LATER)
    assert column.rows("SELECT title FROM told_texts") == [("Bears",)]
    assert problems(column) == []


FORGED = "UPDATE told_texts SET commentary = 'Forged.' WHERE title = 'Bears'"


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (FORGED, "does not match its digest"),
        ("DELETE FROM told_texts WHERE title = 'Bears'", "the announced text"),
        ("UPDATE changes SET announced = 0 WHERE change_id = 1", "change 1 has announced texts, but was not announced"),
        (
            "INSERT INTO told_texts (words, attribution, excerpt, commentary) VALUES ('aa', '', '', '')",
            "the text aa belongs to no announced change",
        ),
    ],
)
def test_changed_and_missing_announced_texts_are_reported(column: Column, damage: str, what: str) -> None:
    column.crawl(listing(A, B))
    assert list(verify_announced_texts(column.db)) == []
    column.db.execute(damage)
    assert any(what in problem.what for problem in verify_announced_texts(column.db))


def test_an_import_refuses_texts_that_do_not_match_their_digest(column: Column) -> None:
    column.crawl(listing(A, B))
    column.db.execute(FORGED)
    with pytest.raises(InvalidDump, match=r"table told_texts, row .*: `words` is not the digest of the texts"):
        check_rows({"told_texts": list(dump_rows(column.db, "told_texts"))})
