"""Redactions in the archive: no derived row contains the text, also after later crawls and rebuilds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import IN_MEMORY, open_archive
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.rebuilding.redaction_decisions import redact, undo
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.search_indexes import SEARCH_INDEXES

LATER = START + 99 * DAY
AUTHORITY = "example.org,2026"
EXCERPT = (
    "The zephyrine lacquer of Quellmarsh was copied for thirty years before its maker thought of asking the court for help,"
    " and the court asked for the recipe."
)
SECRET = entry(
    "Quellmarsh varnishers sue", publication="The Quellmarsh Bugle", excerpt=EXCERPT, commentary="Lacquer matters."
)
EDITED = SECRET.replace("thirty years", "thirty-one years")
LATER_WORDING = SECRET.replace("varnishers sue", "varnishers sue again").replace("thought of asking", "dared to ask")
WORDS = ("zephyrine", "Quellmarsh", "Lacquer matters")


@pytest.fixture
def column() -> Any:
    with open_archive(IN_MEMORY) as db:
        yield Column(db)


def decide(column: Column, prepare: Callable[[Database], Collection[int]]) -> Rebuilt:
    return rebuild(column.db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)


def redacted(column: Column, reason: str | None = None) -> int:
    entry_id = column.ids()["Quellmarsh varnishers sue"]
    decide(column, lambda copy: redact(copy, entry_id, reason, LATER))
    return entry_id


def holding(db: Database, *words: str) -> set[str]:
    """Return the tables and views with a value that contains one of the words."""
    found = set()
    for name in [*db.table_names(), *db.view_names()]:
        for row in db.execute(f'SELECT * FROM "{name}"'):
            if any(word.casefold() in repr(row).casefold() for word in words):
                found.add(name)
    return found


def others(column: Column, entry_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return the derived rows of other entries."""
    return {
        table: column.rows(f"SELECT * FROM {table} WHERE entry_id != {entry_id} ORDER BY 1, 2, 3, 4")
        for table in ("entries", "revisions", "current_entries", "entry_history")
    }


def test_no_derived_row_contains_the_text_of_a_redacted_entry(column: Column) -> None:
    column.crawl(listing(A, SECRET, B))
    column.crawl(listing(A, EDITED, B))
    before, [(number,)] = (
        others(column, column.ids()["Quellmarsh varnishers sue"]),
        column.rows("SELECT count(*) FROM revisions"),
    )
    assert holding(column.db, *WORDS) > {
        "entries",
        "revisions",
        "current_entries",
        "told_texts",
        "entries_fts",
        "revisions_fts",
    }
    entry_id = redacted(column)
    assert holding(column.db, *WORDS) == set()
    for index in SEARCH_INDEXES:
        assert column.rows(f"SELECT rowid FROM {index} WHERE {index} MATCH 'quellmarsh'") == []
    assert others(column, entry_id) == before
    assert column.rows("SELECT count(*) FROM revisions") == [(number,)]
    assert column.kinds()[-1:] == ["redacted"]
    assert [*verify(column.db)] == []


def test_a_redacted_entry_that_is_still_listed_is_neither_new_nor_revised(column: Column) -> None:
    column.crawl(listing(A, SECRET, B))
    entry_id = redacted(column)
    for page in (listing(A, SECRET, B), listing(A, B, EDITED), listing(C, A, LATER_WORDING, B)):
        counts = column.crawl(page)
        assert (counts.revised, counts.withdrawn, counts.returned) == (0, 0, 0)
        assert holding(column.db, *WORDS) == set()
    assert column.rows("SELECT count(*) FROM entries") == [(4,)]
    [(revision, last_seen)] = column.rows(
        f"SELECT revision, last_seen FROM current_entries WHERE entry_id = {entry_id}"
    )
    assert revision == 1
    assert last_seen > column.today.isoformat()[:10]


def test_a_redacted_entry_is_withdrawn_and_returns_like_any_other(column: Column) -> None:
    column.crawl(listing(A, SECRET, B))
    entry_id = redacted(column)
    for _ in range(2):
        column.crawl(listing(A, B))
    column.crawl(listing(A, EDITED, B))
    kinds = column.rows(f"SELECT kind FROM changes WHERE entry_id = {entry_id} ORDER BY change_id")
    assert [kind for (kind,) in kinds] == ["new", "redacted", "withdrawn", "returned"]
    assert holding(column.db, *WORDS) == set()


def test_deriving_again_changes_nothing_after_a_redaction(column: Column) -> None:
    column.crawl(listing(A, SECRET, B))
    column.crawl(listing(A, EDITED, B))
    redacted(column)
    column.crawl(listing(A, LATER_WORDING, B))
    again = rebuild(column.db, LineParser(), at=LATER, authority=AUTHORITY)
    assert (again.differences, again.minted) == ((), 0)
    assert [*verify_seals(column.db)] == []


def test_undoing_a_redaction_restores_every_text(column: Column) -> None:
    column.crawl(listing(A, SECRET, B))
    column.crawl(listing(A, EDITED, B))
    before = {table: rows for table, rows in column.truth().items() if table != "changes"}
    told = column.rows("SELECT * FROM told_texts ORDER BY 1")
    entry_id = redacted(column)
    decide(column, lambda copy: undo(copy, entry_id, LATER))
    after = column.truth()
    assert {table: after[table] for table in before} == before
    assert column.rows("SELECT * FROM told_texts ORDER BY 1") == told
    assert column.kinds()[-2:] == ["redacted", "unredacted"]
    assert column.rows("SELECT count(*) FROM withheld_bodies UNION ALL SELECT count(*) FROM withheld_texts") == [
        (0,),
        (0,),
    ]
    assert [*verify(column.db)] == []


def test_only_bodies_that_show_the_text_are_withheld(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, SECRET, B))
    redacted(column)
    column.crawl(listing(A, B, LATER_WORDING))
    column.crawl(listing(EDITED), outcome="suspect")
    column.crawl(listing(C, A, B, SECRET))
    assert column.rows("SELECT count(*) FROM bodies") == [(5,)]
    assert column.rows("SELECT count(*) FROM withheld_bodies") == [(4,)]


@pytest.mark.parametrize("again", [redact, None])
def test_a_redaction_that_does_not_fit_the_archive_is_refused(column: Column, again: Any) -> None:
    column.crawl(listing(A, SECRET))
    if again is None:
        entry_id = column.ids()["Quellmarsh varnishers sue"]
        with pytest.raises(CannotDecide, match="is not redacted"):
            decide(column, lambda copy: undo(copy, entry_id, LATER))
        return
    entry_id = redacted(column)
    with pytest.raises(CannotDecide, match="--undo"):
        decide(column, lambda copy: redact(copy, entry_id, None, LATER))


@pytest.mark.parametrize(
    "decision",
    [
        lambda db, one, other: merge(db, one, other, LATER),
        lambda db, one, other: merge(db, other, one, LATER),
        lambda db, one, _: split(db, one, 2, LATER, AUTHORITY),
    ],
    ids=["another merged into it", "it merged into another", "split"],
)
def test_a_redacted_entry_is_neither_merged_nor_split(column: Column, decision: Any) -> None:
    column.crawl(listing(A, SECRET))
    column.crawl(listing(A, EDITED))
    other = column.ids()["Apples"]
    entry_id = redacted(column)
    with pytest.raises(CannotDecide, match=f"foreign-eyes redact {entry_id} --undo"):
        decide(column, lambda copy: decision(copy, entry_id, other))


def test_a_part_that_was_split_off_at_a_moved_space_is_redacted_after_a_merge_only(column: Column) -> None:
    column.crawl(listing(A, SECRET))
    column.crawl(listing(A, SECRET.replace("thirty years", "thirtyyears")))
    entry_id, parted = column.ids()["Quellmarsh varnishers sue"], []

    def part(copy: Database) -> tuple[()]:
        parted.append(split(copy, entry_id, 2, LATER, AUTHORITY).other_id)
        return ()

    decide(column, part)
    with pytest.raises(CannotDecide, match=f"foreign-eyes merge {parted[0]} {entry_id}"):
        decide(column, lambda copy: redact(copy, parted[0], None, LATER))
    decide(column, lambda copy: merge(copy, parted[0], entry_id, LATER))
    decide(column, lambda copy: redact(copy, parted[0], None, LATER))
    assert holding(column.db, *WORDS) == set()


def test_the_notice_has_the_reason(column: Column) -> None:
    column.crawl(listing(A, SECRET))
    redacted(column, "the Bugle asked us to.")
    [(excerpt,)] = column.rows("SELECT excerpt FROM entries WHERE title LIKE 'Redacted%'")
    assert "redacted: the Bugle asked us to." in excerpt


def test_entries_that_share_boilerplate_with_a_redacted_one_are_not_hidden(column: Column) -> None:
    boiler = (
        "It is the first such case before the court of the district, which wants every firm to keep records of goods."
    )
    one = entry("Firm A fined", excerpt=f"Alpha of Riverton was fined for selling kites. {boiler}")
    two = entry("Firm B fined", excerpt=f"Beta of Hilltown was fined for selling pumps. {boiler}")
    column.crawl(listing(one, two))
    ids = column.ids()
    decide(column, lambda copy: redact(copy, ids["Firm A fined"], None, LATER))
    column.crawl(
        listing(one, two, entry("Firm C fined", excerpt=f"Gamma of Laketon was fined for selling ropes. {boiler}"))
    )
    assert {"Firm B fined", "Firm C fined"} < set(column.ids())
    assert json.loads(column.rows("SELECT flags FROM revisions WHERE title LIKE 'Redacted%'")[0][0]) == [
        f"redacted {ids['Firm A fined']}"
    ]
