"""Counts of entries by month, publication and topic, which triggers keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import START, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.entry_counts import verify_counts
from foreign_eyes.archive.feed_state.journal_cursor import update_feed_state
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild

FRUIT = {"fruit": ["Apples"], "news": ["Anew"], "animals": ["Bears"]}


def by_words(title: str, excerpt: str, commentary: str) -> set[str]:
    """Match a topic by any of its patterns."""
    text = f"{title} {excerpt} {commentary}"
    return {name for name, words in FRUIT.items() if any(word in text for word in words)}


@pytest.fixture(scope="module")
def column(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Column]:
    with open_archive(tmp_path_factory.mktemp("archive") / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(entry("Apples"), entry("Bears and Apples", publication="BBC"), entry("")))
        update_feed_state(db, 1, FRUIT, by_words)
        yield column


def test_counts_are_those_of_the_entries(column: Column) -> None:
    assert column.rows("SELECT publication, month, entries FROM monthly_entries ORDER BY 1") == [
        ("BBC", "2026-03", 1),
        ("Le Monde", "2026-03", 2),
    ]
    assert column.rows("SELECT topic, publication, entries FROM topic_publications ORDER BY 1, 2") == [
        ("animals", "BBC", 1),
        ("fruit", "BBC", 1),
        ("fruit", "Le Monde", 1),
    ]
    assert column.rows("SELECT topic, month, entries FROM monthly_topics ORDER BY 1") == [
        ("animals", "2026-03", 1),
        ("fruit", "2026-03", 2),
    ]
    assert column.rows("SELECT topic, other_topic, entries FROM topic_pairs") in (
        [("fruit", "animals", 1)],
        [("animals", "fruit", 1)],
    )


NUMBERS = st.integers(0, 2)
ADD = (
    "INSERT INTO entry_topics SELECT ?1, '2026-03-02T', ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM entry_topics WHERE topic_id = ?1 AND entry_id = ?2)"
)
ACTIONS = st.one_of(
    st.tuples(st.just(ADD), st.integers(1, 3), NUMBERS),
    st.tuples(st.just("DELETE FROM entry_topics WHERE topic_id = ? AND entry_id = ?"), st.integers(1, 3), NUMBERS),
    st.tuples(st.just("DELETE FROM topics WHERE topic_id = ? AND ? >= 0"), st.integers(1, 3), NUMBERS),
    st.tuples(
        st.just("UPDATE entries SET publication_id = ? WHERE entry_id = ?"), st.sampled_from([1, 2, None]), NUMBERS
    ),
    st.tuples(
        st.just("UPDATE entries SET feed_date = ? WHERE entry_id = ?"), st.sampled_from(["2026-03-", "2027-"]), NUMBERS
    ),
    st.tuples(
        st.just("UPDATE entries SET withdrawn_at = ? WHERE entry_id = ?"), st.sampled_from(["2026-04-", None]), NUMBERS
    ),
    st.tuples(st.just("UPDATE entries SET entry_id = ? WHERE entry_id = ?"), st.just("5"), NUMBERS),
    st.tuples(st.just("write again"), st.none(), NUMBERS),
)


@given(st.lists(ACTIONS, max_size=12))
@settings(max_examples=30)
def test_counts_stay_right_whatever_is_written(column: Column, actions: list[tuple[str, Any, int]]) -> None:
    ids = [row[0] for row in column.rows("SELECT entry_id FROM entries ORDER BY feed_date")]
    with suppress(Undone), column.db.atomic():
        column.db.execute("PRAGMA defer_foreign_keys=ON")
        for statement, value, number in actions:
            if statement == "write again":
                delete_and_write_again(column.db, ids[number])
            else:
                chosen = f"{value}{number}" if isinstance(value, str) else value
                column.db.execute(statement, (chosen, ids[number]))
            assert list(verify_counts(column.db)) == [], statement
        raise Undone


class Undone(Exception):
    """Rolls back what an example did."""


def delete_and_write_again(db: Database, entry_id: int) -> None:
    """Write an entry as a rebuild does."""
    row = db.execute("SELECT * FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
    if row is not None:
        db.execute("DELETE FROM entries WHERE entry_id = ?", (entry_id,))
        assert list(verify_counts(db)) == []
        db.execute(f"INSERT INTO entries VALUES ({', '.join('?' * len(row))})", row)


def test_wrong_counts_are_found_and_deriving_again_repairs_them(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        column = Column(db)
        column.crawl(listing(entry("Apples"), entry("Bears", publication="BBC"), entry("Cranes")))
        update_feed_state(db, 1, FRUIT, by_words)
        db.execute("UPDATE entry_counts SET entries = 7")
        db.execute("DELETE FROM topic_publication_counts")
        assert [problem.where for problem in verify(db)] == ["table entry_counts", "table topic_publication_counts"]
        ids = column.ids()
        rebuild(
            db, LineParser(), at=START.replace(year=2027), authority="example.org,2026",
            prepare=lambda db: merge(db, ids["Apples"], ids["Cranes"], START),
        )  # fmt: skip
        assert list(verify(db)) == []
