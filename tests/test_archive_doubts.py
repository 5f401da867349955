"""Doubtful matches: when a doubt is stored, what settles it, and that deriving again changes neither."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, Column, LineParser, entry, listing

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.matching.doubt_reasons import NEAR_ANOTHER, RETURNED
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.seals import seal
from foreign_eyes.archive.settling.entry_rows import rename_entry
from foreign_eyes.archive.settling.identity_rows import load_identity
from foreign_eyes.archive.settling.match_doubts import apply_confirmations, confirm, drop_merged
from foreign_eyes.archive.settling.operator_decisions import Decision, record_decision

AUTHORITY = "example.org,2026"
LATER = START + 99 * DAY
LABS = (
    "Engineers in the labs of Hefei file more patents than those of any other city, and the office has hired examiners."
)
RIVERS = (
    "Barges on the river carry looms and pianos, which nobody had thought of before the canal was opened to them again."
)
FIRST = entry("The Labs", excerpt=LABS)
EDITED = entry("The Labs", excerpt=LABS, commentary="The office serves all.")
NAMESAKE = entry("The Labs", excerpt=RIVERS, commentary="Trade goes on.")


class NewerParser(LineParser):
    """A parser that reads another text from the same bytes."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read what the older one read, more carefully."""
        return super().parse_listing(body.replace(b"serves all", b"serves everybody"), url, content_type)


@pytest.fixture
def column() -> Iterator[Column]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db)
        yield Column(db)


@pytest.fixture
def returned(column: Column) -> Column:
    """An entry that was withdrawn and returned with another commentary."""
    column.crawl(listing(FIRST, A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(A, B, EDITED))
    return column


@pytest.fixture
def namesake(column: Column) -> Column:
    """An entry that was withdrawn, and a new one with its title and publication but another text."""
    column.crawl(listing(FIRST, A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(NAMESAKE, A, B))
    return column


def doubts(column: Column, columns: str = "entry_id, revision, reason") -> list[tuple[Any, ...]]:
    return column.rows(f"SELECT {columns} FROM doubts ORDER BY at")


def labs(column: Column) -> list[int]:
    """The ids of the entries called The Labs, oldest first."""
    rows = column.rows("SELECT entry_id FROM current_entries WHERE title = 'The Labs' ORDER BY first_seen")
    return [entry_id for (entry_id,) in rows]


def say_right(column: Column, entry_id: int, number: int) -> bool:
    with writing(column.db):
        done = confirm(column.db, entry_id, number, LATER)
        seal(column.db, LATER)
    return done


def derive_again(
    column: Column,
    prepare: Callable[[Database], Collection[int]] | None = None,
    parser: LineParser | None = None,
) -> Rebuilt:
    return rebuild(column.db, parser or LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)


def test_an_entry_that_returns_and_is_edited_at_once_is_doubtful(returned: Column) -> None:
    [entry_id] = labs(returned)
    [row] = doubts(returned, "*")
    assert row[:4] == (entry_id, 2, "2026-03-04T09:00:01.000000Z", RETURNED)
    assert row[4:] == returned.rows("SELECT match_method, match_score, NULL FROM entry_history WHERE revision = 2")[0]


@pytest.mark.parametrize("days", [[[FIRST]], [[EDITED], [FIRST]]], ids=["as it was", "as it was long before"])
def test_an_entry_that_returns_with_an_earlier_text_is_not_doubtful(column: Column, days: list[list[str]]) -> None:
    column.crawl(listing(FIRST, A, B))
    for day in days[:-1]:
        column.crawl(listing(*day, A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(A, B))
    column.crawl(listing(*days[-1], A, B))
    assert doubts(column) == []


def test_an_edit_of_an_entry_that_was_missed_once_is_not_doubtful(column: Column) -> None:
    for lines in ([FIRST, A, B], [A, B], [EDITED, A, B]):
        column.crawl(listing(*lines))
    assert doubts(column) == []


def test_a_new_entry_that_is_similar_to_another_has_a_doubt_that_names_it(namesake: Column) -> None:
    first, second = labs(namesake)
    assert doubts(namesake, "entry_id, revision, match_method, match_score, other_entry_id") == [
        (second, 1, "new", None, first)
    ]
    assert namesake.rows("SELECT DISTINCT flags FROM revisions") == [("[]",)]


def test_a_confirmation_settles_a_doubt_once_and_is_sealed(returned: Column) -> None:
    [entry_id] = labs(returned)
    assert say_right(returned, entry_id, 2)
    assert doubts(returned) == []
    assert not say_right(returned, entry_id, 2)
    assert returned.rows("SELECT entry_id, revision, capture_id FROM confirmations") == [(entry_id, 2, 4)]
    assert list(verify_seals(returned.db)) == []
    assert returned.rows("SELECT count(*) FROM sealed_rows WHERE table_name = 'confirmations'") == [(1,)]


@pytest.mark.parametrize(
    ("number", "why"), [(3, "has no revision 3; see: foreign-eyes history"), (1, "has no doubt to confirm")]
)
def test_a_confirmation_without_a_doubt_is_refused(returned: Column, number: int, why: str) -> None:
    with pytest.raises(CannotDecide, match=why):
        confirm(returned.db, labs(returned)[0], number, LATER)
    assert returned.rows("SELECT * FROM confirmations") == []


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("story", ["returned", "namesake"])
def test_doubts_and_confirmations_are_derived_again_as_they_were(
    story: str, confirmed: bool, request: pytest.FixtureRequest
) -> None:
    column: Column = request.getfixturevalue(story)
    before = doubts(column)
    if confirmed:
        say_right(column, before[0][0], before[0][1])
        before = []
    assert derive_again(column).differences == ()
    assert doubts(column) == before


def imported(line: str, days: float) -> Callable[[Database], Collection[int]]:
    """Return a function that imports a crawl of so many days after the first one, with a line that was not known then."""

    def prepare(db: Database) -> Collection[int]:
        earlier = Column(db)
        crawl_id = earlier.capture([[listing(line, A, B)]])
        at = (START + days * DAY).isoformat().replace("+00:00", ".000000Z")
        db.execute(
            "UPDATE crawls SET outcome = 'partial', settled = 1, imported = 1, started_at = :at, ordered_at = :at,"
            " finished_at = :at, parser_version = 1 WHERE crawl_id = :crawl_id",
            {"at": at, "crawl_id": crawl_id},
        )
        db.execute("UPDATE captures SET fetched_at = ? WHERE crawl_id = ?", (at, crawl_id))
        return (crawl_id,)

    return prepare


def test_a_confirmation_remains_valid_if_an_import_moves_the_revision(returned: Column) -> None:
    [entry_id] = labs(returned)
    say_right(returned, entry_id, 2)
    derive_again(returned, imported(entry("The Labs", excerpt=LABS, commentary="Another."), 0.5))
    rows = "SELECT r.number FROM match_doubts d JOIN revisions r USING (revision_id) WHERE confirmation_id = 1"
    assert returned.rows(rows) == [(3,)]
    assert doubts(returned) == []


def test_a_confirmation_remains_valid_if_an_import_shows_the_text_earlier(returned: Column) -> None:
    [entry_id] = labs(returned)
    say_right(returned, entry_id, 2)
    derive_again(returned, imported(EDITED, 2.5))
    assert returned.rows("SELECT confirmation_id FROM match_doubts") == [(1,)]


def test_a_confirmation_remains_valid_if_a_newer_parser_reads_the_text_differently(returned: Column) -> None:
    [entry_id] = labs(returned)
    say_right(returned, entry_id, 2)
    derive_again(returned, parser=NewerParser())
    assert doubts(returned) == []
    assert returned.rows("SELECT DISTINCT confirmation_id FROM match_doubts") == [(1,)]


def test_a_confirmation_of_another_text_does_not_settle_a_doubt(returned: Column) -> None:
    [entry_id] = labs(returned)
    say_right(returned, entry_id, 2)
    returned.crawl(listing(A, B))
    returned.crawl(listing(A, B))
    returned.crawl(listing(A, B, entry("The Labs", excerpt=LABS, commentary="The office serves nobody.")))
    assert doubts(returned) == [(entry_id, 3, RETURNED)]


@pytest.mark.parametrize("survivor", [0, 1], ids=["into the old one", "into the new one"])
def test_a_merge_settles_a_doubt(namesake: Column, survivor: int) -> None:
    ids = labs(namesake)
    derive_again(namesake, lambda db: merge(db, ids[survivor], ids[1 - survivor], LATER))
    assert labs(namesake) == [ids[survivor]]
    assert doubts(namesake) == []


def test_a_split_settles_a_doubt(returned: Column) -> None:
    [entry_id] = labs(returned)

    def prepare(db: Database) -> tuple[()]:
        split(db, entry_id, 2, LATER, AUTHORITY)
        return ()

    derive_again(returned, prepare)
    assert len(labs(returned)) == 2
    assert doubts(returned) == []


def test_a_confirmation_moves_with_an_entry_that_is_merged_into_another(returned: Column) -> None:
    [entry_id] = labs(returned)
    say_right(returned, entry_id, 2)
    (other,) = returned.rows("SELECT entry_id FROM current_entries WHERE title = 'Apples'")[0]
    derive_again(returned, lambda db: merge(db, other, entry_id, LATER))
    assert doubts(returned) == []


def test_a_confirmation_under_a_merged_id_belongs_to_the_surviving_entry(returned: Column) -> None:
    ids = returned.ids()
    say_right(returned, ids["The Labs"], 2)
    record_decision(returned.db, Decision("merge", ids["Bears"], ids["The Labs"]), LATER)
    returned.db.execute("UPDATE revisions SET entry_id = ? WHERE number = 2", (ids["Bears"],))
    returned.db.execute("UPDATE match_doubts SET confirmation_id = NULL")
    apply_confirmations(returned.db)
    assert doubts(returned) == []


@pytest.fixture
def near_apples(returned: Column) -> Column:
    """The doubt of the returned entry is settled, but its revision 2 is similar to another entry too."""
    ids = returned.ids()
    returned.db.execute(
        "INSERT INTO match_doubts (revision_id, reason, at, capture_id, match_method, other_entry_id, wording)"
        " SELECT revision_id, ?, at, capture_id, match_method, ?, wording FROM match_doubts",
        (NEAR_ANOTHER, ids["Apples"]),
    )
    say_right(returned, ids["The Labs"], 2)
    returned.db.execute("UPDATE match_doubts SET confirmation_id = NULL WHERE reason = ?", (NEAR_ANOTHER,))
    return returned


@pytest.mark.parametrize(("survivor", "left"), [("The Labs", None), ("Bears", "Bears")])
def test_a_merge_of_the_other_entry_settles_a_doubt_or_moves_it(
    near_apples: Column, survivor: str, left: str | None
) -> None:
    ids = near_apples.ids()
    record_decision(near_apples.db, Decision("merge", ids[survivor], ids["Apples"]), LATER)
    drop_merged(near_apples.db)
    assert doubts(near_apples, "reason, other_entry_id") == ([(NEAR_ANOTHER, ids[left])] if left else [])


def test_a_doubt_names_the_other_entry_by_its_final_id(near_apples: Column) -> None:
    apples = load_identity(near_apples.db, near_apples.ids()["Apples"])
    near_apples.db.execute("PRAGMA foreign_keys=OFF")
    rename_entry(near_apples.db, apples.entry_id, replace(apples, entry_id=123456789))
    assert doubts(near_apples, "other_entry_id") == [(123456789,)]


def test_the_time_of_a_doubt_is_that_of_its_capture(returned: Column) -> None:
    [(at,)] = doubts(returned, "at")
    assert datetime.fromisoformat(at).date() == returned.today.date()
