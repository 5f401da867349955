"""Converts a search as people type it to a query of SQLite's full-text index (FTS5). Pure.

    battery cell      both words
    batter*           words that begin with it; a star after fewer than three letters is ignored
    "solid state"     the phrase
    court OR judge    one of them
    trade -secret     the first word without the second; the same as: trade NOT secret

In the syntax of FTS5, a stray quote or a hyphen is an error. Here any text gives a valid query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# further words are ignored, because FTS5 matches a row in one step that cannot be interrupted
MOST_WORDS = 32
# characters that are read; the rest of a text is ignored
MOST_CHARACTERS = 1_000
# letters needed before an asterisk: FTS5 first reads all words with this beginning, which takes seconds for one letter
SHORTEST_PREFIX = 3
# a valid query that matches nothing; an empty query would be an error
NOTHING = '""'

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\uff02", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d", "-"),
        "\uff0a": "*",
    }
)
_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_TERM = re.compile(r'(-*)(?:"([^"]*)"?(\*?)|([^\s"]+))')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    is_prefix: bool
    is_excluded: bool

    @property
    def words(self) -> int:
        return len(_WORD.findall(self.text))

    @property
    def query(self) -> str:
        # within quotes FTS5 reads everything as text, and "state-owned" is a phrase of two words
        return f'"{self.text}" *' if self.is_prefix else f'"{self.text}"'


def search_query(text: str) -> str:
    """Return the FTS5 query for a search as a reader types it; without words it is `NOTHING`.

    Words and phrases must all be found, or one of those on both sides of OR. If all of them are excluded, nothing is found.
    """
    groups: list[list[str]] = []
    excluded: list[str] = []
    words, joins = 0, False
    for term in _terms(text):
        if term is None:
            joins = bool(groups)
            continue
        words += term.words
        if words > MOST_WORDS:
            break
        if term.is_excluded:
            excluded.append(term.query)
        elif joins:
            groups[-1].append(term.query)
        else:
            groups.append([term.query])
        joins = False
    if not groups:
        return NOTHING
    query = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    return f"({query}) NOT ({' OR '.join(excluded)})" if excluded else query


def _terms(text: str) -> Iterator[_Term | None]:
    """Yield words and phrases, and None for OR; text without a letter or digit is skipped."""
    plain = unicodedata.normalize("NFC", text[:MOST_CHARACTERS]).translate(_SIGNS)
    is_excluded = False
    for minus, phrase, star, word in _TERM.findall(_UNSAFE.sub(" ", plain)):
        if not minus and word in ("OR", "AND", "NOT"):
            is_excluded = word == "NOT"
            if word == "OR":
                yield None
            continue
        found = word.rstrip(".,;:!?)]}")
        wanted, has_star = phrase or found.rstrip("*"), bool(star) or found.endswith("*")
        term = _Term(wanted, has_star and _ends_long(wanted), bool(minus) or is_excluded)
        if term.words:
            yield term
            is_excluded = False


def _ends_long(text: str) -> bool:
    """Return whether the last word is long enough for a prefix."""
    words = _WORD.findall(text)
    return bool(words) and len(words[-1]) >= SHORTEST_PREFIX
