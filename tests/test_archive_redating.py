"""Redating a crawl whose clock was wrong: which dates move, and that the decision survives a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from support.settling import DAY, SECOND, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.captures import find_validators
from foreign_eyes.archive.crawls import begin_crawl, find_crawl
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.feed_state.changes import newest_changes
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.settling.date_corrections import MovedDate
from foreign_eyes.archive.times import from_text, to_text

YEAR = 366
HOUR = timedelta(hours=1)
D, E = entry("Dolls"), entry("Eels")


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def decide(column: Column, crawl_id: int, began: datetime, *, on: int) -> tuple[MovedDate, ...]:
    """Redate a crawl to this day."""
    moved: list[MovedDate] = []

    def prepare(db: object) -> tuple[()]:
        moved.extend(redate(db, crawl_id, began, START + on * DAY))  # type: ignore[arg-type]
        return ()

    derived(column, on, prepare)
    return tuple(moved)


def derived(column: Column, on: int, prepare: object = lambda db: ()) -> Rebuilt:
    at = START + on * DAY
    return rebuild(column.db, LineParser(), at=at, authority="example.org,2026", prepare=prepare)  # type: ignore[arg-type]


def poisoned(column: Column, *, days: int = YEAR) -> None:
    """Three crawls a day apart; the clock of the second, which has three new entries, was ahead by so many days."""
    column.crawl(listing(A, B))
    column.day += days
    column.crawl(listing(C, D, E, A, B))
    column.day -= days
    column.crawl(listing(C, D, E, A, B), outcome="unchanged")


def dates(column: Column) -> dict[str, str]:
    return dict(column.rows("SELECT title, feed_date FROM entries"))


def observed(column: Column) -> list[list[tuple[object, ...]]]:
    """Return the stored rows that no decision may change."""
    tables = ("crawls", "captures", "bodies", "identities", "decisions")
    return [column.rows(f"SELECT * FROM {table}") for table in tables]


@pytest.mark.parametrize("days", [YEAR, 20 * YEAR, 73 * YEAR])
def test_only_feed_dates_later_than_the_corrected_time_move(column: Column, days: int) -> None:
    poisoned(column, days=days)
    before, rows = dates(column), observed(column)
    began = START + DAY + 2 * HOUR
    moved = decide(column, 2, began, on=3)
    after = dates(column)
    assert (after["Apples"], after["Bears"]) == (before["Apples"], before["Bears"])
    assert len(moved) == len(set(after.values()) - set(before.values())) == 3
    assert after["Cranes"] > after["Dolls"] > after["Eels"]
    assert observed(column) == rows
    outside = "SELECT title FROM entries WHERE feed_date NOT BETWEEN coalesce(not_before, feed_date) AND first_seen"
    assert column.rows(outside) == []
    assert {
        row[0] for row in column.rows("SELECT not_before FROM entries WHERE title IN ('Cranes', 'Dolls', 'Eels')")
    } == {to_text(START)}
    assert column.rows("SELECT first_seen FROM entries WHERE title = 'Cranes'") == [(to_text(began + SECOND),)]


def test_the_decision_is_kept_when_the_archive_is_derived_again(column: Column) -> None:
    poisoned(column)
    decide(column, 2, START + DAY, on=3)
    truth = column.truth()
    assert derived(column, 4).differences == ()
    assert column.truth() == truth


def test_one_correction_is_announced_and_later_changes_have_the_present_time(column: Column) -> None:
    poisoned(column)
    decide(column, 2, START + DAY, on=3)
    corrections = column.rows("SELECT at, announced, crawl_id FROM changes WHERE kind = 'corrected'")
    assert corrections == [(to_text(START + 3 * DAY), 1, 2)]
    column.day = 3
    column.crawl(listing(entry("Cranes", commentary="Otherwise."), D, E, A, B))
    ((kind, at),) = column.rows("SELECT kind, at FROM changes ORDER BY change_id DESC LIMIT 1")
    assert kind == "revised"
    assert START + 4 * DAY <= from_text(at) < START + 5 * DAY
    assert [change.kind for change in newest_changes(column.db, 1, 9)] == ["revised", "corrected"]
    ((updated,),) = column.rows(
        "SELECT max(change_id) FROM changes x JOIN entries e USING (entry_id) WHERE e.title = 'Cranes'"
    )
    assert updated


def test_each_moved_date_is_announced(column: Column) -> None:
    poisoned(column)
    before = dates(column)
    decide(column, 2, START + DAY, on=3)
    (change,) = newest_changes(column.db, 1, 9)
    assert change.correction is not None
    told = [(one.title, to_text(one.before), to_text(one.after)) for one in change.correction.moved]
    after = dates(column)
    assert told == [(title, before[title], after[title]) for title in ("Cranes", "Dolls", "Eels")]


def test_the_journal_is_read_past_changes_dated_in_the_future(column: Column) -> None:
    poisoned(column)
    with writing(column.db):
        events = update_feed_state(column.db, 1, {}, lambda *_: ())
    column.crawl(listing(entry("Fans"), C, D, E, A, B))
    with writing(column.db):
        assert update_feed_state(column.db, 1, {}, lambda *_: ()) == events + 1


def test_the_last_of_several_redatings_of_a_crawl_is_valid(column: Column) -> None:
    poisoned(column)
    decide(column, 2, START + DAY + 5 * HOUR, on=3)
    first = dates(column)
    assert len(decide(column, 2, START + DAY, on=4)) == 3
    assert dates(column)["Cranes"] < first["Cranes"]
    assert decide(column, 2, START + DAY + 2 * HOUR, on=5) == ()  # none is later than that
    assert derived(column, 6).differences == ()
    assert column.rows("SELECT started_at FROM crawl_log WHERE crawl_id = 2") == [(to_text(START + DAY + 2 * HOUR),)]


def test_later_crawls_get_their_place_in_time_back(column: Column) -> None:
    poisoned(column)
    assert column.rows("SELECT ordered_at FROM crawls WHERE crawl_id = 3") != [(to_text(START + 2 * DAY),)]
    decide(column, 2, START + DAY, on=3)
    placed = column.rows("SELECT ordered_at FROM timed_crawls ORDER BY crawl_id")
    assert placed == [(to_text(START + day * DAY),) for day in range(3)]
    column.day = 3
    fourth = begin_crawl(column.db, column.source, "full", START + 4 * DAY)
    assert find_crawl(column.db, fourth).not_before == to_text(START + 2 * DAY)


def test_last_seen_and_validators_are_from_the_present_again(column: Column) -> None:
    poisoned(column)
    decide(column, 2, START + DAY, on=3)
    seen = column.rows("SELECT last_seen FROM current_entries")
    assert {from_text(time) for (time,) in seen} == {START + 2 * DAY + SECOND}
    column.crawl(listing(C, D, E, A, B), outcome="unchanged")
    assert find_validators(column.db, f"{column.source.url}1", 4) is None  # the tests' server sends none; and no error


def test_redating_a_crawl_that_settled_nothing_announces_nothing(column: Column) -> None:
    column.crawl(A)
    column.day += YEAR
    column.crawl(listing(A, B), outcome="suspect")
    assert decide(column, 2, START + DAY, on=2) == ()
    assert column.rows("SELECT count(*) FROM changes WHERE kind = 'corrected'") == [(0,)]


@pytest.mark.parametrize(
    ("crawl_id", "began", "why"),
    [
        (9, START, "crawl 9 does not exist"),
        (2, START + 4 * DAY, "is in the future"),
        (1, START, "already begins at 2026-03-01T09:00:00.000000Z"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    column: Column, crawl_id: int, began: datetime, why: str
) -> None:
    poisoned(column)
    truth = column.truth()
    with pytest.raises(CannotDecide, match=why):
        decide(column, crawl_id, began, on=3)
    assert column.truth() == truth


@settings(max_examples=examples(15, in_ci=25))
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-400, 0)), min_size=1, max_size=4), st.integers(1, 30000))
def test_after_any_redatings_dates_are_distinct_and_inside_their_intervals(
    decisions: list[tuple[int, int]], ahead: int
) -> None:
    with open_archive(Path(":memory:")) as db:
        column = Column(db)
        column.crawl(listing(A))
        column.day += ahead
        column.crawl(listing(B, C, A))
        column.day -= ahead
        column.crawl(listing(D, B, C, A))
        column.crawl(listing(E, D, B, C, A))
        minted = column.rows("SELECT * FROM identities")
        for number, (crawl_id, hours) in enumerate(decisions):
            try:
                decide(column, crawl_id, START + 5 * DAY + hours * HOUR + number * SECOND, on=6 + number)
            except CannotDecide:
                continue
            found = [date for (date,) in column.rows("SELECT feed_date FROM entries")]
            assert len(set(found)) == 5
            assert column.rows("SELECT * FROM identities") == minted
            wrong = "SELECT title, feed_date, not_before, first_seen FROM entries WHERE not_before > first_seen"
            assert column.rows(wrong) == []
        assert derived(column, 30).differences == ()
