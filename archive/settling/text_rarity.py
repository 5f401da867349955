"""Counting the entries that have a text, and finding those with rare words, by index.

Words are looked up in the search index, which stems them and covers all sources. So a word can count as less rare than
it is, but not as rarer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from foreign_eyes.archive.matching.rarity import MOST_HOLDERS, distinctive_words

# only the longest words of an excerpt are looked up, which identify it
MOST_WORDS = 60
# most entries found by the words of one excerpt
MOST_BY_WORDS = 5
# least weighted share of an excerpt's words that a candidate must have
LEAST_SHARE = 1 / 3
# counting stops here: this many show that a text is shared, or that a title recurs
_ENOUGH = 5


def find_word_holders(db: Database, excerpts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return by distinctive word of the excerpts the entries that have it.

    At most `MOST_HOLDERS` + 1 entries are returned for each word.
    """
    words = sorted({word for excerpt in excerpts for word in _words_of(excerpt)})
    rows = db.execute(
        "SELECT k.value, (SELECT json_group_array(entry_id) FROM (SELECT rowid AS entry_id FROM entries_fts"
        " WHERE entries_fts MATCH '{excerpt} : \"' || k.value || '\"' LIMIT ?)) FROM json_each(?) k",
        (MOST_HOLDERS + 1, json.dumps(words)),
    )
    return {word: tuple(json.loads(found)) for word, found in rows}


def word_counts(holders: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Return how many entries have each word. Pure."""
    return {word: len(ids) for word, ids in holders.items()}


def most_similar(excerpt: str, holders: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the entries that share most of an excerpt's words, weighted by rarity. Pure.

    Words with more than `MOST_HOLDERS` holders do not find entries.
    """
    shared: Counter[int] = Counter()
    total = 0.0
    for word in _words_of(excerpt):
        ids = holders.get(word, ())
        weight = 1 / max(len(ids), 1)
        total += weight
        if len(ids) <= MOST_HOLDERS:
            for entry_id in ids:
                shared[entry_id] += weight  # type: ignore[assignment]
    found = [entry_id for entry_id, weight in shared.items() if weight >= LEAST_SHARE * total]
    return sorted(found, key=lambda entry_id: (-shared[entry_id], entry_id))[:MOST_BY_WORDS]


def count_holders(db: Database, source_id: int, column: str, keys: Iterable[str | None]) -> dict[str, int]:
    """Return by key how many entries of the source have it in `column`.

    Withdrawn entries count, too; counting stops at a small limit.
    """
    rows = db.execute(
        f"SELECT k.value, (SELECT count(*) FROM (SELECT 1 FROM entries WHERE source_id = ? AND {column} = k.value LIMIT ?))"  # noqa: S608 - our own names
        " FROM json_each(?) k",
        (source_id, _ENOUGH, json.dumps(sorted({key for key in keys if key is not None}))),
    )
    return dict(rows.fetchall())


def _words_of(excerpt: str) -> list[str]:
    return sorted(distinctive_words(excerpt), key=lambda word: (-len(word), word))[:MOST_WORDS]
