"""The SQL functions for analysts, by themselves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.archive.sql_functions import LONGEST_TEXT, MOST_COMBINING, add_functions, pieces_of
from foreign_eyes.archive.word_diff import word_diff

COMBINING = "\u0345"


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    add_functions(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("word_diff('the old text', 'the new text')", "the [-old-]{+new+} text"),
        ("word_diff(null, 'a')", "{+a+}"),
        ("word_diff('a', null)", "[-a-]"),
        ("word_diff(null, null)", ""),
        ("word_diff(12, x'3133')", "[-12-]{+13+}"),
        ("""word_diff_pieces('a "b"', 'a "c"')""", '[["kept","a \\""],["removed","b"],["added","c"],["kept","\\""]]'),
        ("comparable('\u201cA  b\u201d')", '"Ab"'),
        ("comparable('a b') = comparable('ab')", 1),
        ("comparable(null)", None),
        ("search_query('batter* \"')", '("batter" *)'),
        ("search_query(null)", '""'),
    ],
)
def test_functions_return(connection: sqlite3.Connection, expression: str, value: object) -> None:
    assert connection.execute(f"select {expression}").fetchone()[0] == value


@given(st.text(), st.text())
def test_pieces_are_read_back_exactly(old: str, new: str) -> None:
    assert pieces_of(json.dumps(word_diff(old, new))) == (list(word_diff(old, new)) or None)


@pytest.mark.parametrize(
    "value", [None, 3, "", "[]", "{}", "[1]", '["ab"]', '[["kept",1]]', '[["other","a"]]', "[[[],1]]", "[" * 100_000]
)
def test_other_values_are_not_pieces(value: object) -> None:
    assert pieces_of(value) is None


@pytest.mark.parametrize(
    "call",
    [
        f"word_diff('{'a' * (LONGEST_TEXT + 1)}', '')",
        f"word_diff_pieces('', '{'a' * (LONGEST_TEXT + 1)}')",
        f"comparable('{'a' * (LONGEST_TEXT + 1)}')",
        f"comparable('a\u0334{COMBINING * MOST_COMBINING}')",
    ],
    ids=["diff", "pieces", "comparable", "combining characters"],
)
def test_arguments_that_would_take_long_are_refused(connection: sqlite3.Connection, call: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="user-defined function raised exception"):
        connection.execute(f"select {call}")


def test_repetitive_texts_are_diffed_as_one_replacement(connection: sqlite3.Connection) -> None:
    old, new = (" ".join(f"{name}{number} a" for number in range(440)) for name in "xy")
    diff = connection.execute("select word_diff(?, ?)", (old, new)).fetchone()[0]
    assert (diff.count("[-"), diff.count("{+")) == (1, 1)


def test_after_the_time_limit_a_call_returns_null() -> None:
    with sqlite3.connect(":memory:") as connection:
        add_functions(connection, lambda: True)
        assert connection.execute("select word_diff('a', 'b'), comparable('a')").fetchone() == (None, None)
    connection.close()
