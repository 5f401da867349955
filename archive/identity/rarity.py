"""How many entries hold a word, a title, an excerpt or a commentary: what many share identifies none of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

# more holders than this are not counted: a word that so many entries hold weighs next to nothing
MOST_HOLDERS = 32
# shorter words are mostly those of grammar, which stand everywhere
SHORTEST_WORD = 5
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
    return frozenset(word.casefold() for word in _WORD.findall(text))


def share_kept(row: frozenset[str], entry: frozenset[str], count: Callable[[str], int]) -> float:
    """Return the share of a row's words, from 0 to 1, that the entry holds too; 1 where the row has none.

    Each word weighs 1 divided by the number of entries that hold it, so that the words of an agency's boilerplate, which
    all its reports hold, weigh little.
    """
    weights = {word: 1 / min(max(count(word), 1), MOST_HOLDERS) for word in row}
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in entry) / total if total else 1.0
