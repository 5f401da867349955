"""Counts of the entries that have a word, a title, an excerpt or a commentary. Pure.

Text that many entries share identifies none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from foreign_eyes.listing.text import unstyled

# counting stops here: a word that so many entries have weighs next to nothing
MOST_HOLDERS = 32
# shorter words are mostly function words, which occur in every text
SHORTEST_WORD = 5
# a word that no entry has weighs as much as one that this many entries have
_UNKNOWN_WORD = 4
# least similarity of a word and its misspelling
_SAME_WORD = 0.7
_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST_WORD},}}")


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many entries of the archive, listed or withdrawn, have a text now.

    `words` counts the `distinctive_words` of excerpts. The other mappings count by key: title with publication, excerpt,
    commentary. Counts may stop at a limit. No entry has a text that is not in its mapping.
    """

    words: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, int] = field(default_factory=dict)
    excerpts: Mapping[str, int] = field(default_factory=dict)
    commentaries: Mapping[str, int] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def distinctive_words(text: str) -> frozenset[str]:
    """Return the words of a text that can distinguish one article from another, in lower case."""
    return frozenset(word.casefold() for word in _WORD.findall(unstyled(text)))


def word_overlap(row: frozenset[str], entry: frozenset[str], count: Callable[[str], int]) -> float:
    """Return the weighted share, from 0 to 1, of a row's words that the entry has too.

    The share of a row without words is 1.

    Each word weighs 1 divided by the number of entries that have it (`count`), so the boilerplate of an agency, which is
    in all its reports, weighs little. A misspelt word has the weight of the entry's spelling.
    """
    shared = total = 0.0
    for word in row:
        spelling = word if word in entry else _find_spelling(word, entry)
        weight = 1 / min(count(spelling or word) or _UNKNOWN_WORD, MOST_HOLDERS)
        total += weight
        shared += weight if spelling else 0
    return shared / total if total else 1.0


def _find_spelling(word: str, words: frozenset[str]) -> str | None:
    """Return the one of `words` that `word` may be a misspelling of."""
    found = process.extractOne(word, words, scorer=OSA.normalized_similarity, score_cutoff=_SAME_WORD)
    return found[0] if found else None
