"""What people type into a search box, as a query of the full-text index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.search_query import MOST_CHARACTERS, MOST_WORDS, NOTHING, search_query

TEXTS = [
    "Batteries of solid state cells",
    "A state-owned battery maker",
    "Don't trade a secret",
    "Judges on the café trade",
]


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize='porter unicode61 remove_diacritics 2')")
    connection.executemany("INSERT INTO words VALUES (?)", [(text,) for text in TEXTS])
    yield connection
    connection.close()


def found(index: sqlite3.Connection, typed: str) -> list[int]:
    rows = index.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (search_query(typed),))
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("state", [1, 2]),
        ("STATE battery", [1, 2]),
        ("state maker", [2]),
        ("batt*", [1, 2]),
        ("batt*, maker!", [2]),
        ("ba*", []),
        ("a*", [2, 3]),
        ('"solid state"', [1]),
        ("“state solid”", []),
        ('"solid sta"*', [1]),
        ("state-owned", [2]),
        ("don't", [3]),
        ("don’t", [3]),
        ("solid OR secret", [1, 3]),
        ("(solid OR secret) state", [1]),
        ("solid OR maker OR secret", [1, 2, 3]),
        ("trade -secret", [4]),
        ("trade NOT secret", [4]),
        ('trade -"a secret"', [4]),
        ("trade AND judges", [4]),
        ("trade –judges", [3]),
        ("cafe", [4]),
        ("cafe\u0301", [4]),
        ("-trade", []),
        ("OR", []),
        ("OR state OR", [1, 2]),
        ("NOT", []),
        ("", []),
        (" \t\n", []),
        ('"', []),
        ('"solid', [1]),
        ('sol"id', []),
        ("* - \" ( ' ) : ^ + {", []),
        ("text : state", []),
        ("NEAR(solid cells)", []),
        ("state\0maker", [2]),
    ],
)
def test_a_search_finds_what_its_author_means(index: sqlite3.Connection, typed: str, rows: list[int]) -> None:
    assert found(index, typed) == rows


SIGNS = st.text(st.sampled_from("ab \"'*-+^:(){}[],.\0\u0301\u201cORNDT~\ud800\U00010000"), max_size=40)


@given(st.one_of(st.text(), SIGNS))
def test_any_text_gives_a_query_that_the_index_accepts(typed: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
        connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (search_query(typed),)).fetchall()
    connection.close()


def test_words_beyond_the_limit_are_ignored() -> None:
    query = search_query("ab " * MOST_WORDS * 2)
    assert query.count("ab") == MOST_WORDS
    assert len(search_query("a-" * 100_000)) < 2 * MOST_CHARACTERS
    assert search_query(" " * MOST_CHARACTERS + "ab") == NOTHING
