"""SQL functions for analysts, in Datasette and in `foreign-eyes sql`.

Every call takes less than about 0.2 s, whatever its arguments, because SQLite cannot interrupt a call.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable
from itertools import groupby

from foreign_eyes.archive.search_query import search_query
from foreign_eyes.archive.word_diff import Piece, word_diff
from foreign_eyes.listing.text import comparable

# characters of one argument; stored texts have up to 10 KB
LONGEST_TEXT = 20_000
# consecutive combining characters; normalising them takes quadratic time
MOST_COMBINING = 50
# beyond these, a diff shows everything between the first and the last difference as replaced, because matching words
# could take seconds
MOST_WORDS = 800
MOST_PAIRS = 10_000

_MARKS = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


def add_functions(connection: sqlite3.Connection, is_over_time: Callable[[], object] = bool) -> None:
    """Add the functions to a connection.

    Args:
        connection: the connection.
        is_over_time: returns a true value if the statement should end; functions then return NULL at once.
    """

    def timed(function: Callable[..., str | None]) -> Callable[..., str | None]:
        return lambda *values: None if is_over_time() else function(*values)

    # what a function raises is a refusal, which the error of the statement reports; libraries switch tracebacks on
    sqlite3.enable_callback_tracebacks(False)
    for name, arguments, function in _FUNCTIONS:
        connection.create_function(name, arguments, timed(function), deterministic=True)


def pieces_of(value: object) -> list[Piece] | None:
    """Return the pieces in a result of `word_diff_pieces`; None if `value` is not one."""
    try:
        pieces = [Piece(op, text) for op, text in json.loads(value)] if isinstance(value, str) else None
    except (ValueError, TypeError, RecursionError):
        return None
    return pieces if pieces and all(op in tuple(_MARKS) and isinstance(text, str) for op, text in pieces) else None


def _word_diff(old: object, new: object) -> str:
    """Return the word diff of two texts, marked as in `foreign-eyes history`: [-removed-] and {+added+}."""
    return "".join(f"{_MARKS[op][0]}{text}{_MARKS[op][1]}" for op, text in _pieces(old, new))


def _word_diff_pieces(old: object, new: object) -> str:
    """Return the word diff as a JSON list of pairs, each of `kept`, `removed` or `added` and a text.

    Unlike marks, it can be read back exactly, whatever the texts contain.
    """
    return json.dumps(_pieces(old, new), ensure_ascii=False, separators=(",", ":"))


def _comparable(text: object) -> str | None:
    """Return the text without white space and with one style of quotation marks; NULL stays NULL."""
    if text is None:
        return None
    bounded = _bounded(text, "comparable")
    runs = groupby(bounded, lambda character: unicodedata.combining(character) > 0)
    if any(is_combining and sum(1 for _ in run) > MOST_COMBINING for is_combining, run in runs):
        raise ValueError(f"comparable() takes at most {MOST_COMBINING} combining characters in a row")
    return comparable(bounded)


def _search_query(text: object) -> str:
    """Return the query of the full-text index for a search as a reader types it."""
    return search_query(_text(text))


def _pieces(old: object, new: object) -> tuple[Piece, ...]:
    texts = _bounded(old, "word_diff"), _bounded(new, "word_diff")
    return word_diff(*texts, most_words=MOST_WORDS, most_pairs=MOST_PAIRS)


def _bounded(value: object, function: str) -> str:
    """Return an argument as text.

    Raises:
        ValueError: it is so long that a call would take too long.
    """
    text = _text(value)
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{function}() takes at most {LONGEST_TEXT} characters: shorten the text with substr()")
    return text


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


_FUNCTIONS: tuple[tuple[str, int, Callable[..., str | None]], ...] = (
    ("word_diff", 2, _word_diff),
    ("word_diff_pieces", 2, _word_diff_pieces),
    ("comparable", 1, _comparable),
    ("search_query", 1, _search_query),
)
