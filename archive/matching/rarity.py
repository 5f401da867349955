"""How many entries hold a word, a title, an excerpt or a commentary: what many share identifies none of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from foreign_eyes.listing.text import unstyled

# more holders than this are not counted: a word that so many entries hold weighs next to nothing
MOST_HOLDERS = 32
# shorter words are mostly those of grammar, which stand everywhere
SHORTEST_WORD = 5
# a word that no entry holds says little of any: it weighs as one that so many hold
_UNHELD = 4
# by which a word that was misspelt is still that word
_SAME_WORD = 0.7
_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST_WORD},}}")


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many entries of the archive, listed or withdrawn, hold a text now.

    `words` counts by `telling_words` of excerpts; the others count by the keys of title with publication, excerpt and
    commentary. Counts may stop at a limit. A text that is not in a mapping is held by none.
    """

    words: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, int] = field(default_factory=dict)
    excerpts: Mapping[str, int] = field(default_factory=dict)
    commentaries: Mapping[str, int] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def telling_words(text: str) -> frozenset[str]:
    """Return the words of a text that can tell one article from another, in lower case."""
    return frozenset(word.casefold() for word in _WORD.findall(unstyled(text)))


def share_kept(row: frozenset[str], entry: frozenset[str], count: Callable[[str], int]) -> float:
    """Return the share of a row's words, from 0 to 1, that the entry holds too; 1 where the row has none.

    Each word weighs 1 divided by the number of entries that hold it, so that the words of an agency's boilerplate, which
    all its reports hold, weigh little. A misspelt word weighs what the entry's spelling does.
    """
    kept = total = 0.0
    for word in row:
        spelt = word if word in entry else _spelling(word, entry)
        weight = 1 / min(count(spelt or word) or _UNHELD, MOST_HOLDERS)
        total += weight
        kept += weight if spelt else 0
    return kept / total if total else 1.0


def _spelling(word: str, among: frozenset[str]) -> str | None:
    """Return the word of which this one is a misspelling."""
    found = process.extractOne(word, among, scorer=OSA.normalized_similarity, score_cutoff=_SAME_WORD)
    return found[0] if found else None
